"""The commands of the models package: what is in a store, and which version is live."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from models.artifact import Manifest
from models.card import Card, as_json
from models.card_tables import card_tables
from models.card_words import Row, about, limits, metrics
from models.store import ModelStore
from router.console import check_target, json_option, save, say, site_option, store_option, write_json
from router.site_files import load_site

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
@site_option
@json_option
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="写成一个网页，可打印，不用联网 · write one page",
)
def show(
    version: str | None, store: Path, site: Path | None, json_file: str | None, html_file: Path | None
) -> None:
    """显示一个版本的模型卡：来历、指标、校准、短处 · show a version's card.

    With --site labels are shown by their names.
    """
    check_target(json_file)
    models_in = ModelStore(store)
    version = version or models_in.needed_live()
    manifest, card = models_in.manifest(version), models_in.card(version)
    bureau = load_site(site) if site else None
    name = bureau.name if bureau else str
    weak = limits(manifest, card, name)
    if html_file:
        from models.card_page import card_page  # its libraries are needed here only

        title = bureau.settings.bureau if bureau else ""
        save(html_file, card_page(version, manifest, card, name, title).encode())
        say(f"模型卡已写到 {html_file}")
    if json_file:
        found = {"version": version, **asdict(manifest), "card": as_json(card)}
        write_json({**found, "limits": [limit._asdict() for limit in weak]}, json_file)
    if html_file or json_file:
        return
    console = Console()
    for table in card_tables(version, manifest, card, name):
        console.print(table)
    if weak:
        console.print("已知的短处")
    for limit in weak:
        console.print(f"· {limit.text}", markup=False, highlight=False)


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
    rows = [
        {(row.name, row.key): row.value for row in _rows(manifest, models_in.card(version))}
        for version, manifest in pair.items()
    ]
    table = Table("项目", "", first, second, title=f"{first} 与 {second}")
    for name, key in dict.fromkeys([*rows[0], *rows[1]]):
        table.add_row(name, key, *(row.get((name, key), "—") for row in rows))
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


def _rows(manifest: Manifest, card: Card | None) -> list[Row]:
    of_sections = metrics(manifest, card).get("section", [])
    numbers = [Row("门槛", name, f"{value:.4g}") for name, value in manifest.thresholds.items()]
    return [*about(manifest, card), *of_sections, *numbers]


def _percent(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, float) else "—"
