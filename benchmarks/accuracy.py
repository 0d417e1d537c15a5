"""How often fenban is right, side by side with the pipelines of the tutorials.

``python benchmarks/accuracy.py`` measures the sample site's cases,
``python benchmarks/accuracy.py FOLDER`` every case table of a folder, each by
itself. docs/benchmarks.md shows the figures and how they were made. Texts,
names of people and labels are never shown.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.measuring import Background, CaseTable, Figures, Method, figures_of, mean, measure
from benchmarks.pipelines import tutorials
from benchmarks.plots import calibration_plot, curve_plot
from benchmarks.processes import one_core
from benchmarks.protocols import FEWEST, SEEDS, Protocol, by_date, curve, few, folds
from benchmarks.reporting import Plot, Report, Table
from router.errors import FenbanError
from router.pipeline import Router
from router.proposal import Proposal
from router.site import Site
from router.site_files import load_site, sample_site
from training.descriptions import read_descriptions, section_descriptions
from training.evaluate import evaluate
from training.history import read_cases, to_history
from training.train import train

__all__ = ["main"]

_COLUMNS = {
    "accuracy": "accuracy",
    "top3_accuracy": "top 3",
    "macro_f1": "macro F1",
    "ece": "ECE",
    "accuracy_at_80": "at 80 %",
    "accuracy_at_60": "at 60 %",
    "set_coverage": "in set",
    "set_size": "set size",
    "fit_seconds": "fit s",
    "docs_per_second": "docs/s",
    "size_mb": "MB",
}
_DECIMALS = {"set_size": 1, "fit_seconds": 1, "docs_per_second": 0, "size_mb": 1}
_NOTE = (
    "± is the standard error of a share of so many judged cases. ECE of the support vector machines is that "
    "of the softmax of their scores. At 80 %, at 60 %: accuracy on the share of the cases that the model is "
    "surest of. In set, set size: how often the true label is in the set that promises 95 %, and how many "
    "labels that set holds. Fit s and docs/s: medians, processor time, one thread, jieba included; fenban's "
    "fit includes its thresholds and the index of past cases. MB: pickled, or the artifact on disk."
)
_SERVICE = {
    "accuracy": "lead right, all cases",
    "model_accuracy": "before rules",
    "top3_accuracy": "top 3",
    "coverage": "share suggested",
    "accuracy_covered": "of these right",
    "set_coverage": "in set",
    "set_size": "set size",
    "topic_accuracy": "topic right",
    "co_precision": "co-handling precision",
    "co_recall": "co-handling recall",
    "co_set_f1": "co-handling set F1",
    "not_ours_precision": "not ours, precision",
    "not_ours_recall": "not ours, recall",
    "not_ours_unit_accuracy": "not ours, unit right",
}


@dataclass
class Progress:
    """Says on stderr what is being measured."""

    table: str
    started: float = field(default_factory=time.perf_counter)

    def tell(self, what: str) -> None:
        """Say one thing and how long it has been."""
        click.echo(f"{time.perf_counter() - self.started:6.0f} s  {self.table}: {what}", err=True)


def run(
    table: CaseTable, protocol: Protocol, background: Background, only: Sequence[str]
) -> dict[str, Figures]:
    """Measure every method on a table by one protocol."""
    progress = Progress(table.name)
    found: dict[str, Figures] = {}
    makers: dict[str, Callable[[], Method]] = {**tutorials(), **background.methods()}
    for name, make in makers.items():
        if only and name not in only:
            continue
        progress.tell(f"{protocol.name}, {name}")
        cuts = name in tutorials()
        found[name] = figures_of(
            [[measure(make, table, split, cuts=cuts) for split in splits] for splits in protocol.rounds]
        )
    return found


def accuracy_table(table: CaseTable, protocol: Protocol, found: dict[str, Figures]) -> Table:
    """Lay out the figures of one table and protocol."""
    n = next(iter(found.values()))["n"] if found else 0
    title = f"{table.about()}; {protocol.name}, {n:,} judged"
    rows = [[name, *_cells(figures)] for name, figures in found.items()]
    return Table(title, ["", *_COLUMNS.values()], rows)


def _cells(figures: Figures) -> list[str]:
    cells = [_number(figures[key], _DECIMALS.get(key, 3)) for key in _COLUMNS]
    return [f"{cells[0]} ± {_number(figures['standard_error'], 3)}", *cells[1:]]


def _number(value: float | None, decimals: int) -> str:
    if value is None:
        return "–"
    return f"{value:,.{decimals}f}".removeprefix("0") if decimals == 3 else f"{value:,.{decimals}f}"


def learning_curve(
    table: CaseTable, points: Sequence[int | None], background: Background, only: Sequence[str]
) -> tuple[Table, Figures]:
    """Measure accuracy and top 3 by how many cases were learned; always on the same fifth of the table."""
    found: dict[str, dict[str, Figures]] = {}
    for point in points:
        protocol = curve(table.labels, point)
        if point == 0:
            with_nothing = [name for name in background.methods() if name.endswith("descriptions")]
            wanted = [name for name in with_nothing if not only or name in only]
            found["0"] = run(table, protocol, background, wanted) if wanted else {}
        else:
            found[protocol.name] = run(table, protocol, background, only)
    names = [name for name in [*tutorials(), *background.methods()] if any(name in f for f in found.values())]
    rows = [[name, *(_curve_cell(figures.get(name)) for figures in found.values())] for name in names]
    title = f"{table.about()}; accuracy (top 3) by cases learned, means of three draws"
    return Table(title, ["", *found], rows), found


def _curve_cell(figures: Figures | None) -> str:
    if figures is None:
        return "–"
    return f"{_number(figures['accuracy'], 3)} ({_number(figures['top3_accuracy'], 3)})"


def service(table: CaseTable, protocol: Protocol, site: Site) -> tuple[Table, Figures]:
    """Judge the whole way of a case, rules, topic and co-handling included, as ``fenban evaluate`` does."""
    progress = Progress(table.name)
    proposals = table.history.proposals
    each: list[Figures] = []
    for at, split in enumerate(protocol.rounds[0], 1):
        progress.tell(f"{protocol.name}, whole service {at} of {len(protocol.rounds[0])}")
        trained = train(to_history([proposals[i] for i in split.learn], site), site)
        labels = trained.model.section.classes_.tolist()
        each.append(evaluate(Router(trained.model, site), [proposals[i] for i in split.judge], labels))
    found = {key: mean([figures.get(key) for figures in each]) for key in _SERVICE}
    rows = [[name, _number(found[key], 3)] for key, name in _SERVICE.items() if found[key] is not None]
    return Table(f"{table.about()}; the whole service, {protocol.name}, means", ["", ""], rows), found


def read_tables(
    inputs: Sequence[Path],
    names: Sequence[str],
    site: Site | None,
    *,
    together: bool,
    chosen: Callable[[Sequence[Proposal]], Sequence[Proposal]],
) -> list[CaseTable]:
    """Read case tables; those without labels are left out, and told of by their place in the row."""
    groups = [list(inputs)] if together else [[path] for path in _files(inputs)]
    tables = []
    for at, group in enumerate(groups):
        name = names[at] if at < len(names) else f"table {at + 1}"
        try:
            history = to_history(chosen(read_cases(group)[0]), site)
        except FenbanError as error:
            click.echo(f"{name} left out: {error.code}", err=True)
            continue
        if history.cases["section"].value_counts().max() >= FEWEST:
            tables.append(CaseTable(name, history, site))
        else:
            click.echo(f"{name} left out: no label has {FEWEST} cases", err=True)
    return tables


def _files(inputs: Sequence[Path]) -> list[Path]:
    found = [sorted(path.iterdir()) if path.is_dir() else [path] for path in inputs]
    return [file for files in found for file in files if file.suffix in (".csv", ".xlsx", ".jsonl")]


def _chosen(proposals: Sequence[Proposal], most: int | None, half: int | None) -> list[Proposal]:
    """Leave out the half that was tuned on, and keep at most so many."""
    kept = np.arange(len(proposals))
    if half is not None:
        kept = np.sort(np.random.RandomState(half).permutation(kept)[len(kept) // 2 :])
    if most is not None and len(kept) > most:
        kept = np.sort(np.random.default_rng(0).permutation(kept)[:most])
    return [proposals[at] for at in kept.tolist()]


def _numbers(_: click.Context, __: click.Parameter, value: str | None) -> list[int | None]:
    """Read "0,20,all"."""
    words = [word.strip() for word in (value or "").split(",") if word.strip()]
    try:
        return [None if word == "all" else int(word) for word in words]
    except ValueError as error:
        raise click.BadParameter("give numbers with commas between, e.g. 100,300") from error


@dataclass(frozen=True)
class Plan:
    """What to measure, from the command line."""

    n_folds: int
    share: float | None
    few: Sequence[int | None]
    curve: Sequence[int | None]
    only: Sequence[str]
    draws: int

    def protocols(self, table: CaseTable) -> list[Protocol]:
        """Return the protocols of one table: folds, unless others were asked for."""
        found = [few(len(table.labels), n, self.draws) for n in self.few if n]
        if self.share:
            found.append(by_date([p.received_on for p in table.history.proposals], self.share))
        return found or ([] if self.curve else [folds(table.labels, self.n_folds)])


def _measure_all(tables: Sequence[CaseTable], plan: Plan, background: Background) -> Report:
    shown: list[Table] = []
    plots: list[Plot] = []
    results: list[Figures] = []
    for at, table in enumerate(tables, 1):
        place = f"{at}-" if len(tables) > 1 else ""
        common = {"name": table.name, "n": len(table.labels), "labels": len(set(table.labels))}
        for protocol in plan.protocols(table):
            found = run(table, protocol, background, plan.only)
            shown.append(accuracy_table(table, protocol, found))
            name = f"{place}calibration-{protocol.file_name}"
            plots.append(calibration_plot(name, f"{table.name}, {protocol.name}", found))
            result = {**common, "protocol": protocol.name, "methods": found}
            if table.site is not None and len(protocol.rounds) == 1 and not plan.only:
                whole, result["service"] = service(table, protocol, table.site)
                shown.append(whole)
            results.append(result)
        if plan.curve:
            drawn, points = learning_curve(table, plan.curve, background, plan.only)
            shown.append(drawn)
            plots.append(curve_plot(f"{place}curve", table.name, points))
            results.append({**common, "protocol": "curve", "points": points})
    return Report(shown, {"results": results}, _NOTE, plots)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("inputs", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--site", type=click.Path(exists=True, path_type=Path), help="Site whose labels the cases have."
)
@click.option("--together", is_flag=True, help="All inputs are one table, not one each.")
@click.option("--name", "names", multiple=True, help="What to call each table, in their order.")
@click.option("--folds", "n_folds", default=5, show_default=True, type=click.IntRange(2), help="Folds.")
@click.option(
    "--by-date",
    "share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Instead of folds: learn so large a share by date, judge the rest.",
)
@click.option(
    "--few", "few_cases", callback=_numbers, help="Instead of folds: learn so many cases, e.g. 100,300."
)
@click.option(
    "--draws", default=len(SEEDS), show_default=True, type=click.IntRange(1), help="How often, with --few."
)
@click.option(
    "--curve", "points", callback=_numbers, help="Learning curve instead of folds, e.g. 0,20,50,100,300,all."
)
@click.option(
    "--unlabelled",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Texts without labels, for fenban.",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, path_type=Path),
    help="CSV section,description: what labels mean, for fenban.",
)
@click.option("--method", "only", multiple=True, help="Measure only methods of this name.")
@click.option(
    "--most", type=click.IntRange(1), help="So many cases of each table at most, drawn with a seed."
)
@click.option(
    "--second-half", "half", type=int, help="Only the half that tuning on the first by this seed left alone."
)
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option(
    "--plots",
    type=click.Path(file_okay=False, path_type=Path),
    help="Put the plots into this folder, by default images/ beside the Markdown file.",
)
@click.option(
    "--part", default="accuracy", show_default=True, help="Which part of the Markdown file to replace."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(
    inputs: tuple[Path, ...],
    site: Path | None,
    *,
    together: bool,
    names: tuple[str, ...],
    n_folds: int,
    share: float | None,
    few_cases: list[int | None],
    draws: int,
    points: list[int | None],
    unlabelled: tuple[Path, ...],
    labels: Path | None,
    only: tuple[str, ...],
    most: int | None,
    half: int | None,
    markdown: Path | None,
    plots: Path | None,
    part: str,
    json_file: Path | None,
) -> None:
    """Measure fenban and the tutorial pipelines on case tables.

    INPUTS are files, or folders of which each file is a table of its own; the
    default is the sample site with its cases. Classes with fewer than 5 cases
    only train.
    """
    warnings.simplefilter("ignore", ConvergenceWarning)
    if not inputs:
        site = site or sample_site()
        inputs, together = (site / "cases",), True
        names = names or ("sample site",)
    try:
        bureau = load_site(site) if site else None
        chosen = partial(_chosen, most=most, half=half)
        tables = read_tables(inputs, names, bureau, together=together, chosen=chosen)
        described = [
            *(read_descriptions(labels) if labels else []),
            *(section_descriptions(bureau) if bureau else []),
        ]
        background = Background(described, [p.text for p in read_cases(unlabelled)[0]])
        plan = Plan(n_folds, share, few_cases, points, only, draws)
        with one_core():
            report = _measure_all(tables, plan, background)
    except (FenbanError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    report.publish(markdown, part, json_file, plots)


if __name__ == "__main__":
    main()
