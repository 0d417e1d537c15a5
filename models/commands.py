"""The commands of the models package: what is in a store, and which version is live."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from models.artifact import Manifest
from models.store import ModelStore
from router.console import json_option, say, store_option, write_json

__all__ = ["models"]


@click.group()
def models() -> None:
    """查看、启用、退回模型版本。

    List, show, compare, promote and roll back versions of the model.
    """


@models.command("list")
@store_option
@json_option
def list_versions(store: Path, json_file: str | None) -> None:
    """列出模型库里的版本 · list the versions of a store."""
    models_in = ModelStore(store)
    live = models_in.needed_live()
    found = [(version, models_in.manifest(version)) for version in models_in.versions()]
    if json_file:
        rows = [{"version": v, "live": v == live, **_summary(m)} for v, m in found]
        write_json(rows, json_file)
        return
    table = Table(title=f"模型库 {store}")
    for heading in ("版本", "启用", "训练时间", "案件数", "年份", "留出准确率", "前三命中"):
        table.add_column(heading, no_wrap=heading == "版本")
    for version, manifest in found:
        s = _summary(manifest)
        mark = "●" if version == live else ""
        table.add_row(
            version,
            mark,
            s["created_at"],
            str(s["n"]),
            s["years"],
            _percent(s["accuracy"]),
            _percent(s["top3"]),
        )
    Console().print(table)


@models.command()
@click.argument("version", required=False)
@store_option
@json_option
def show(version: str | None, store: Path, json_file: str | None) -> None:
    """显示一个版本的来历和指标 · show where a version comes from and how good it is."""
    models_in = ModelStore(store)
    manifest = models_in.manifest(version)
    if json_file:
        write_json({"version": version or models_in.live, **asdict(manifest)}, json_file)
        return
    console = Console()
    table = Table(title=f"模型 {version or models_in.live}", show_header=False)
    for name, value in _lines(manifest):
        table.add_row(name, value)
    console.print(table)
    counts = Table("标签", "案件数", title="各标签案件数")
    for label, n in manifest.cases["per_label"].items():
        counts.add_row(label, str(n))
    console.print(counts)


@models.command()
@click.argument("first")
@click.argument("second")
@store_option
@json_option
def compare(first: str, second: str, store: Path, json_file: str | None) -> None:
    """并排比较两个版本 · show two versions side by side."""
    models_in = ModelStore(store)
    pair = {version: models_in.manifest(version) for version in (first, second)}
    if json_file:
        write_json({version: asdict(manifest) for version, manifest in pair.items()}, json_file)
        return
    lines = [dict(_lines(manifest)) for manifest in pair.values()]
    table = Table(title=f"{first} 与 {second}")
    for heading in ("", first, second):
        table.add_column(heading)
    for name in dict.fromkeys([*lines[0], *lines[1]]):
        table.add_row(name, *(line.get(name, "—") for line in lines))
    Console().print(table)


@models.command()
@click.argument("version")
@click.option("--why", default="", help="缘由，记入历史 · the reason, kept in the history")
@store_option
def promote(version: str, why: str, store: Path) -> None:
    """启用一个版本 · make a version live."""
    ModelStore(store).promote(version, why)
    say(f"已启用 {version}")


@models.command()
@click.option("--why", default="", help="缘由，记入历史 · the reason, kept in the history")
@store_option
def rollback(why: str, store: Path) -> None:
    """退回上一个启用的版本 · make the version live that was live before."""
    say(f"已退回 {ModelStore(store).rollback(why)}")


def _summary(manifest: Manifest) -> dict[str, Any]:
    years = manifest.cases["years"]
    return {
        "created_at": manifest.created_at,
        "n": manifest.cases["n"],
        "years": "–".join(map(str, dict.fromkeys(years))),
        "accuracy": manifest.metrics.get("held_out_accuracy"),
        "top3": manifest.metrics.get("held_out_top3_accuracy"),
    }


def _lines(manifest: Manifest) -> list[tuple[str, str]]:
    cases = manifest.cases
    metrics = [(name, f"{value:.4g}") for name, value in manifest.metrics.items()]
    thresholds = [(f"threshold {name}", f"{value:.4g}") for name, value in manifest.thresholds.items()]
    return [
        ("created_at", manifest.created_at),
        ("classifier / tokenizer", f"{manifest.classifier} / {manifest.tokenizer}"),
        ("cases", f"{cases['n']}（{'–'.join(map(str, cases['years'])) or '无日期'}）"),
        ("cases digest", cases["digest"][:16]),
        ("labels", "、".join(f"{axis} {len(labels)}" for axis, labels in manifest.labels.items())),
        *metrics,
        *thresholds,
        ("libraries", "，".join(f"{name} {v}" for name, v in manifest.libraries.items())),
    ]


def _percent(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, float) else "—"
