"""The commands of the training package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from models.heap import settle
from models.store import ModelStore
from router.console import check_target, json_option, say, site_option, store_option, write_json
from router.errors import SiteError
from router.pipeline import Router
from router.site import Site
from router.site_archive import keep_site
from router.site_files import load_site
from training.descriptions import Description, of_site, read_descriptions
from training.evaluate import evaluate
from training.history import History, read_cases, to_history
from training.train import train

__all__ = ["evaluate_command", "train_command"]

_SHOWN_PROBLEMS = 10
_WORTH_TELLING = 20
"""With fewer held-out cases an accuracy says nothing."""

_FIGURES = {
    "n": "案件数",
    "accuracy": "主办准确率",
    "top3_accuracy": "前三命中",
    "macro_f1": "宏平均 F1",
    "ece": "把握误差 ECE",
    "coverage": "可直接分办的比例",
    "accuracy_covered": "其中正确",
    "accuracy_at_80": "最有把握的八成正确",
    "model_accuracy": "规则之前",
    "topic_accuracy": "主题准确率",
    "co_precision": "会办查准",
    "co_recall": "会办查全",
    "co_set_f1": "会办 F1",
    "not_ours_precision": "不属本局查准",
    "not_ours_recall": "不属本局查全",
    "docs_per_second": "每秒件数",
}


@click.command("train")
@click.argument("cases", nargs=-1, type=click.Path(path_type=Path))
@site_option
@store_option
@click.option(
    "--unlabelled",
    multiple=True,
    type=click.Path(path_type=Path),
    help="没有标签的同类文本 · texts without labels",
)
@click.option(
    "--labels", type=click.Path(path_type=Path), help="标签说明 section,description · what labels mean"
)
@json_option
def train_command(
    cases: tuple[Path, ...],
    site: Path | None,
    store: Path,
    unlabelled: tuple[Path, ...],
    labels: Path | None,
    json_file: str | None,
) -> None:
    """用往年案件训练模型；只给 --site 时用职责说明训练。

    Train a model from past cases (files or folders). With --site alone it is
    made from duties, topics and neighbours. The first model of a store goes
    live; later ones wait for `fenban models promote`.
    """
    check_target(json_file)
    bureau = load_site(site) if site else None
    history = _history(cases, bureau)
    background = _background(unlabelled)
    described = _described(labels, bureau) if labels else []
    trained = train(history, bureau, descriptions=described, unlabelled=background, progress=say)
    models = ModelStore(store)
    version = models.add(trained.model, trained.manifest, trained.lexicon, trained.card)
    if site and bureau:
        _keep(site, bureau, store)
    live = models.live == version
    if live:
        say(f"已存为 {version}，并已启用")
    else:
        say(f"已存为 {version}；现用 {models.live}，启用请运行 fenban models promote {version}")
    result = {
        "version": version,
        "live": live,
        "n": len(history.cases),
        "labels": trained.manifest.labels["section"],
        "metrics": dict(trained.manifest.metrics),
        "thresholds": dict(trained.manifest.thresholds),
        "unknown_labels": history.unknown_labels,
        "unlabelled": history.unlabelled,
        "unreadable": len(history.problems),
    }
    if json_file:
        write_json(result, json_file)
    elif trained.manifest.metrics.get("held_out_n", 0) >= _WORTH_TELLING:
        accuracy, top3 = (trained.manifest.metrics[f"held_out_{m}"] for m in ("accuracy", "top3_accuracy"))
        say(f"留出检验：主办准确率 {accuracy:.1%}，前三命中 {top3:.1%}")


@click.command("evaluate")
@click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path))
@site_option
@store_option
@click.option("--version", help="用哪个版本，默认启用中的 · which version, the live one by default")
@json_option
def evaluate_command(
    cases: tuple[Path, ...], site: Path | None, store: Path, version: str | None, json_file: str | None
) -> None:
    """在写明承办股室的案件上检验模型。

    Judge a model on labelled cases that it was not trained on.
    """
    check_target(json_file)
    bureau = load_site(site) if site else None
    models = ModelStore(store)
    model = models.load(version)
    learned = models.manifest(model.version).cases.get("texts")
    proposals, problems = read_cases(cases)
    _tell_problems([f"{p.source} {p.where}：{p.reason}" for p in problems])
    labels = model.section.classes_.tolist()
    router = Router(model, bureau)
    settle()
    figures = evaluate(router, proposals, labels, learned=learned)
    if json_file:
        write_json(figures, json_file)
        return
    Console().print(_figures_table(figures))
    if figures["seen_in_training"]:
        say(f"有 {figures['seen_in_training']} 件训练时已经学过，成绩会偏高；请换没有用来训练的案件检验")
    if figures["unseen_labels"]:
        unseen = "、".join(figures["unseen_labels"])
        say(f"有 {figures['unseen_cases']} 件的标签训练时没有见过，计为错误：{unseen}")


def _keep(directory: Path, site: Site, store: Path) -> None:
    try:
        keep_site(directory, site, store)
    except SiteError as error:  # the model is stored all the same
        say(f"注意：{error}")


def _history(cases: Sequence[Path], site: Site | None) -> History:
    if cases:
        say(f"读取 {len(cases)} 个文件或目录")
    proposals, problems = read_cases(cases)
    history = to_history(proposals, site, problems)
    _tell_problems([f"{p.source} {p.where}：{p.reason}" for p in problems])
    if history.unlabelled:
        say(f"有 {history.unlabelled} 件没有写承办股室，未用于训练")
    for label, count in history.unknown_labels.items():
        say(f"股室“{label}”（{count} 件）在站点里没有，也没有沿革，未用于训练；可在 successors.csv 里补上")
    return history


def _background(paths: Sequence[Path]) -> list[str]:
    proposals, problems = read_cases(paths)
    _tell_problems([f"{p.source} {p.where}：{p.reason}" for p in problems])
    return [proposal.text for proposal in proposals]


def _described(labels: Path, site: Site | None) -> list[Description]:
    described = read_descriptions(labels)
    if site is None:
        return described
    known, strange = of_site(described, site)
    if strange:
        say(f"标签说明里的 {'、'.join(strange)} 在站点里没有，未用于训练")
    return known


def _tell_problems(lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN_PROBLEMS]:
        say(f"未读入 {line}")
    if len(lines) > _SHOWN_PROBLEMS:
        say(f"……另有 {len(lines) - _SHOWN_PROBLEMS} 处未读入")


def _figures_table(figures: dict[str, Any]) -> Table:
    table = Table("指标", "", "数值", title=f"检验 {figures['model_version']}")
    for key, name in _FIGURES.items():
        if figures.get(key) is not None:
            value = figures[key]
            shown = f"{value:,.0f}" if key in ("n", "docs_per_second") else f"{value:.3f}"
            table.add_row(name, key, shown)
    return table
