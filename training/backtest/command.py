"""The command that tries rules on past cases."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from models.held_out import HeldOutCases
from models.model import RoutingModel
from models.store import ModelStore
from router.console import check_target, json_option, save, say, site_option, store_option, write_json
from router.errors import StoreError, UsageError
from router.pipeline import Router
from router.rules.book import site_tokenizer
from router.site_files import load_site
from training.backtest.cases import TriedCase
from training.backtest.report import Backtest, as_json, try_rules
from training.backtest.telling import Grid, Naming, candidates_hint, grids, notes, summary
from training.history import read_cases, to_history

__all__ = ["backtest"]

_NARROWEST = 6
"""Three Chinese characters a line can still be read."""


@click.command()
@click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path))
@site_option
@store_option
@click.option("--version", help="用哪个版本，默认启用中的 · which version, the live one by default")
@json_option
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="写成一个网页，可打印，不用联网 · write one page",
)
def backtest(
    cases: tuple[Path, ...],
    site: Path | None,
    store: Path,
    version: str | None,
    json_file: str | None,
    html_file: Path | None,
) -> None:
    """拿往年件试算规则：每条改对几件、改错几件，还缺什么规则。

    Try the rules of a site on labelled past cases: what each puts right and
    spoils, which never fire or contradict each other, and words that new
    rules might be made of. Cases the model learned are judged by what
    training kept for them, so nothing is fitted and no answer is known by
    heart. Rules that aren't valid yet are tried too.
    """
    if site is None:
        raise UsageError("没有指明站点目录", hint="请加 --site 站点目录")
    check_target(json_file)
    check_target(str(html_file) if html_file else None)
    bureau = load_site(site)
    model = ModelStore(store).load(version)
    held_out = _held_out(model)
    proposals, problems = read_cases(cases)
    history = to_history(proposals, bureau, problems)
    router = Router(model, bureau)
    labels = model.section.classes_.tolist()
    words = site_tokenizer(bureau, router.tokenizer)()
    found = try_rules(router, history, held_out, labels, words, _with_progress)
    if json_file:
        write_json(as_json(found), json_file)
    if html_file:
        from training.backtest.page import backtest_page  # its libraries are needed here only

        save(html_file, backtest_page(found, bureau.name, bureau.settings.bureau).encode())
        say(f"试算结果已写到 {html_file}")
    if not json_file and not html_file:
        _show(found, bureau.name)
    if problems:
        say(f"有 {len(problems)} 处没有读入")


def _held_out(model: RoutingModel) -> HeldOutCases:
    if model.held_out is None:
        raise StoreError(
            f"模型 {model.version} 训练时还没有留下试算要用的判断",
            hint="请用 fenban train 重新训练一个版本，再试算",
        )
    return model.held_out


def _with_progress(cases: Iterable[TriedCase], total: int) -> Iterable[TriedCase]:
    return track(cases, "试算", total, console=Console(stderr=True), transient=True)


def _show(found: Backtest, name: Naming) -> None:
    console = Console()
    for text in (summary(found), *(f"· {note}" for note in notes(found))):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    for grid in grids(found, name):
        console.print(_table(grid))
        if grid.hint:
            console.print(grid.hint, markup=False, highlight=False, soft_wrap=True, style="dim")
    if not found.candidates:
        console.print(
            f"新规则的候选词：{candidates_hint(found)}", markup=False, highlight=False, soft_wrap=True
        )
    for one in found.candidates:
        console.print(f"\n{one.toml}", markup=False, highlight=False)


def _table(grid: Grid) -> Table:
    table = Table(title=grid.title, title_justify="left")
    for at, column in enumerate(grid.columns):
        if at < grid.words:
            table.add_column(column, overflow="fold", min_width=_NARROWEST)
        else:
            table.add_column(column, justify="right", no_wrap=True)
    for row in grid.rows:
        table.add_row(*row)
    return table
