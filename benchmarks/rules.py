"""What rules cost: beside the model, as they grow in number, on hostile texts, and tried on past cases.

``python benchmarks/rules.py`` trains on the sample site and measures on texts
of about 400 characters made by joining sentences of its cases; the sides take
turns on one core. Made-up rules ask for words of the site's own duties.
docs/benchmarks.md shows the figures.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import click

from benchmarks.processes import one_core
from benchmarks.reporting import Report, Table
from benchmarks.speed import made_up_cases, take_turns
from models.model import RoutingModel
from router.decision import Candidate
from router.errors import FenbanError
from router.pipeline import Router
from router.proposal import Proposal
from router.rule_tables import RuleTable, RuleTables
from router.rules.book import RuleBook, site_tokenizer
from router.rules.building import build_rules
from router.rules.regex import RegexRule
from router.site import Site
from router.site_files import load_site, sample_site
from training.backtest.report import try_rules
from training.history import History, read_cases, to_history
from training.train import train

__all__ = ["backtest_table", "growth_table", "hostile_table", "made_up_rules", "main", "sample_table"]

_SIZES = (10, 100, 1_000)
_HOSTILE = ("(a+)+b", "(a*a)+b", "(.*a){12}b")
_FEW_LETTERS = 20
_HOSTILE_LENGTHS = (1_000, 10_000, 100_000)
_WORDS_A_RULE = 6
_CASES, _QUICK_CASES = 500, 60
_TRIED_CASES = 1_000
_BACKTEST_SIZES = (25, 1_000)
_BACKTEST_REPEATS = 3
_REPEATS, _QUICK_REPEATS = 7, 2
_NOTE = (
    "Medians of runs that take turns, one thread, processor time. The model is its core: both axes and "
    "co-handling, no evidence, no similar cases. Growth: 1 where the time grows as the number of rules does, "
    "less where it grows slower. Other engines' time doubles with each letter more of a hostile text."
)


def made_up_rules(site: Site, n: int, seed: int = 0) -> RuleBook:
    """Make `n` rules of a few words each, drawn from what the sections and topics of the site say.

    Parameters
    ----------
    site : Site
    n : int
    seed : int

    Returns
    -------
    RuleBook
    """
    draw = Random(seed)
    known = sorted(
        {word for units in (site.sections, site.topics) for u in units.values() for word in u.words}
    )
    sections = sorted(site.sections)
    tables = []
    for number in range(n):
        words = draw.sample(known, _WORDS_A_RULE)
        tables.append(
            RuleTable(
                {
                    "type": "keyword",
                    "name": f"rule {number}",
                    "effect": "prefer",
                    "target": draw.choice(sections),
                    "any": words[:-1],
                    "none": words[-1:],
                    "reason": "made up",
                }
            )
        )
    rules, mistakes = build_rules(RuleTables(tuple(tables)), site)
    if mistakes:
        raise FenbanError(str(mistakes[0]))
    return RuleBook(rules)


def sample_table(
    site: Site, model: RoutingModel, cases: Sequence[Proposal], repeats: int
) -> tuple[Table, dict[str, Any]]:
    """Time the rules of the site beside the model."""
    book = RuleBook.of(site, model.tokenizer)
    candidates = _candidates(site)
    seconds = take_turns(
        {
            "model": lambda: model.predict(cases, explain=False, similar=False),
            "rules": lambda: [book.run(case, candidates) for case in cases],
        },
        repeats,
    )
    spent = {name: _each(taken, len(cases)) for name, taken in seconds.items()}
    share = statistics.median(
        rules / core for rules, core in zip(seconds["rules"], seconds["model"], strict=True)
    )
    length = statistics.median(len(case.text) for case in cases)
    batch = f"batches of {len(cases):,} cases of {length:.0f} characters"
    title = f"The {len(book.rules)} rules of the sample site, {batch}"
    rows = [
        ["the model's core", f"{spent['model']:.1f}", "1"],
        ["all rules", f"{spent['rules']:.1f}", f"{share:.3f}"],
    ]
    found = {"rules": len(book.rules), "microseconds": spent, "share_of_model": share}
    return Table(title, ["", "µs a case", "of the model"], rows), found


def growth_table(
    site: Site, cases: Sequence[Proposal], sizes: Sequence[int], repeats: int
) -> tuple[Table, list[dict[str, float]]]:
    """Time more and more rules: all at once as fenban does, and each by itself."""
    candidates = _candidates(site)
    books = {size: made_up_rules(site, size) for size in sizes}
    calls: dict[str, Callable[[], object]] = {}
    for size, book in books.items():
        calls[f"together {size}"] = _together(book, cases, candidates)
        calls[f"apart {size}"] = _apart(book, cases[: max(1, len(cases) // 10)], candidates)
    seconds = take_turns(calls, repeats)
    found: list[dict[str, float]] = []
    for size in sizes:
        together = _each(seconds[f"together {size}"], len(cases))
        apart = _each(seconds[f"apart {size}"], max(1, len(cases) // 10))
        found.append({"rules": size, "together": together, "apart": apart})
    rows = []
    for before, now in zip([None, *found], found, strict=False):
        grown = "" if before is None else f"{_growth(before, now):.2f}"
        rows.append([f"{now['rules']:,.0f}", f"{now['together']:.1f}", grown, f"{now['apart']:,.1f}"])
    columns = ["rules", "µs a case", "growth", "each rule by itself, µs"]
    return Table(f"Rules of {_WORDS_A_RULE} words each", columns, rows), found


def hostile_table(lengths: Sequence[int], repeats: int) -> tuple[Table, list[dict[str, Any]]]:
    """Time patterns that take other engines longer than the universe has."""
    rules = {pattern: RegexRule("r", "review", "", "r", pattern=pattern) for pattern in _HOSTILE}
    found, rows = [], []
    for pattern, rule in rules.items():
        spent = {}
        for length in lengths:
            case = Proposal(body="a" * length + "!")
            taken = take_turns({"regex": partial(rule.evaluate, case, ())}, repeats)
            spent[length] = _each(taken["regex"], 1)
        few = take_turns({"re": partial(re.search, pattern, "a" * _FEW_LETTERS + "!")}, 1)
        spent[_FEW_LETTERS] = _each(few["re"], 1)
        found.append({"pattern": pattern, **{str(length): micro for length, micro in spent.items()}})
        rows.append([f"`{pattern}`", *(f"{micro:,.0f}" for micro in spent.values())])
    columns = [
        "pattern",
        *(f"{length:,} letters, µs" for length in lengths),
        f"Python's re, {_FEW_LETTERS} letters, µs",
    ]
    return Table("Hostile patterns on hostile texts", columns, rows), found


def backtest_table(
    site: Site, model: RoutingModel, history: History, sizes: Sequence[int], repeats: int
) -> tuple[Table, list[dict[str, float]]]:
    """Time the back-test of the site's rules, and of more and more made-up ones, on past cases."""
    if model.held_out is None:
        raise ValueError("this model keeps nothing to try rules with")
    labels, words = model.section.classes_.tolist(), site_tokenizer(site, model.tokenizer)()
    plain = Router(model, site)
    routers = {len(plain.rules.rules): plain}
    routers |= {size: plain.with_rules(made_up_rules(site, size)) for size in sizes}
    calls: dict[str, Callable[[], object]] = {
        str(size): partial(try_rules, router, history, model.held_out, labels, words)
        for size, router in routers.items()
    }
    seconds = take_turns(calls, repeats)
    found = [{"rules": size, "seconds": statistics.median(seconds[str(size)])} for size in routers]
    rows = [[f"{each['rules']:,.0f}", f"{each['seconds']:.1f}"] for each in found]
    rows[0][0] += ", the site's own"
    return Table(f"Back-test of {len(history.cases):,} cases", ["rules", "seconds"], rows), found


def _together(
    book: RuleBook, cases: Sequence[Proposal], candidates: Sequence[Candidate]
) -> Callable[[], object]:
    return lambda: [book.run(case, candidates) for case in cases]


def _apart(
    book: RuleBook, cases: Sequence[Proposal], candidates: Sequence[Candidate]
) -> Callable[[], object]:
    return lambda: [list(one.rule.evaluate(case, candidates)) for case in cases for one in book.rules]


def _candidates(site: Site) -> tuple[Candidate, ...]:
    labels = [*site.sections, *site.neighbours]
    return tuple(Candidate(label, 1 / len(labels)) for label in labels)


def _each(seconds: Sequence[float], n: int) -> float:
    """Return the median microseconds a case."""
    return 1e6 * statistics.median(seconds) / n


def _growth(before: dict[str, float], now: dict[str, float]) -> float:
    return (now["together"] / before["together"]) / (now["rules"] / before["rules"])


def measure(site_directory: Path, n: int, n_tried: int, repeats: int) -> Report:
    """Train on the site's cases and measure everything."""
    site = load_site(site_directory)
    history = to_history(read_cases([site_directory / "cases"])[0], site)
    click.echo(f"training on {len(history.cases):,} cases", err=True)
    model = train(history, site).model
    cases = made_up_cases(history.proposals, n)
    click.echo("timing", err=True)
    made: dict[str, tuple[Table, Any]] = {
        "sample": sample_table(site, model, cases, repeats),
        "growth": growth_table(site, cases, _SIZES, repeats),
        "hostile": hostile_table(_HOSTILE_LENGTHS, repeats),
    }
    known = to_history(history.proposals[:n_tried], site)
    made["backtest"] = backtest_table(site, model, known, _BACKTEST_SIZES, min(repeats, _BACKTEST_REPEATS))
    figures = {name: found for name, (_, found) in made.items()}
    return Report([table for table, _ in made.values()], figures, _NOTE)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--site", type=click.Path(exists=True, path_type=Path), help="Site with its cases/ and rules.")
@click.option("--quick", is_flag=True, help="Few cases and repeats: to see that it runs.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option(
    "--part", default="rules", show_default=True, help="Which part of the Markdown file to replace."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(site: Path | None, *, quick: bool, markdown: Path | None, part: str, json_file: Path | None) -> None:
    """Measure what rules cost on one core, beside the model."""
    n, repeats = (_QUICK_CASES, _QUICK_REPEATS) if quick else (_CASES, _REPEATS)
    n_tried = _QUICK_CASES if quick else _TRIED_CASES
    try:
        with one_core():
            report = measure(site or sample_site(), n, n_tried, repeats)
    except FenbanError as error:
        raise click.ClickException(str(error)) from error
    report.publish(markdown, part, json_file)


if __name__ == "__main__":
    main()
