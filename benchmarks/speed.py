"""How fast fenban is, as ratios to the tutorial pipeline in the same run on one core.

``python benchmarks/speed.py`` trains on the sample site and measures on texts
of about 400 characters made by joining sentences of its cases; the two sides
of a ratio take turns. docs/benchmarks.md shows the figures.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from benchmarks.pipelines import Tutorial, first_pipeline
from benchmarks.processes import fit_alone, one_core, start_alone
from benchmarks.reporting import Report, Table
from models.classifier import RidgeTextClassifier
from models.heap import settle
from models.model import RoutingModel
from models.similar import SimilarityIndex
from models.store import ModelStore
from router.decision import OtherCase
from router.errors import FenbanError
from router.pipeline import Router
from router.proposal import Proposal
from router.site import Site
from router.site_files import load_site, sample_site
from training.history import History, read_cases, to_history
from training.train import train

__all__ = ["made_up_cases", "main"]

_LENGTH = 400
_SENTENCE_END = re.compile(r"[。；！？\n]+")
_FIT_SIZES = (1_000, 5_000, 10_000, 40_000)
_QUICK_FIT_SIZES = (1_000, 5_000)
_LONG_CASES = 3_500

_TUTORIAL = "jieba + TF-IDF + LogisticRegression, one axis"
_CORE = "fenban core: both axes, rules, policy"
_EVERYTHING = "fenban everything: with words, similar past cases"
_NOTE = (
    "Medians of runs that take turns, one thread, processor time (starting: by the clock). A ratio above 1 "
    "means that fenban is faster. Growth: 1 where the time of training grows as the number of texts does, "
    "more where it grows faster."
)


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    cases : int or None
        How many of the sample cases are learned, all where None.
    past : int
        How many past cases similar ones are looked for among.
    batch : int
        Texts a run.
    single : int
        Texts that are asked for one by one.
    repeats : int
    fit_sizes : sequence of int
    """

    cases: int | None = None
    past: int = 10_000
    batch: int = 500
    single: int = 50
    repeats: int = 7
    fit_sizes: Sequence[int] = _FIT_SIZES


_QUICK = Effort(cases=100, past=200, batch=60, single=10, repeats=2, fit_sizes=_QUICK_FIT_SIZES)


@dataclass(frozen=True)
class Contestants:
    """The trained sides."""

    tutorial: Tutorial
    router: Router
    with_past: Router

    def batch(self, cases: Sequence[Proposal]) -> dict[str, Callable[[], object]]:
        """Return what is timed on many cases at once."""
        texts = [case.text for case in cases]
        return {
            _TUTORIAL: lambda: self.tutorial.predict_proba(texts),
            _CORE: lambda: self.router.suggest_many(cases, explain=False),
            _EVERYTHING: lambda: self.with_past.suggest_many(cases),
        }

    def single(self, cases: Sequence[Proposal]) -> dict[str, Callable[[], object]]:
        """Return what is timed on one case after the other."""
        texts = [case.text for case in cases]
        return {
            _TUTORIAL: lambda: [self.tutorial.predict_proba([text]) for text in texts],
            _CORE: lambda: [self.router.suggest(case, explain=False) for case in cases],
            _EVERYTHING: lambda: [self.with_past.suggest(case) for case in cases],
        }


def made_up_cases(
    proposals: Sequence[Proposal], n: int, length: int = _LENGTH, seed: int = 0
) -> list[Proposal]:
    """Join sentences of cases of one section until a text has `length` characters.

    Parameters
    ----------
    proposals : sequence of Proposal
        Labelled.
    n : int
    length : int
        Characters of each body, about.
    seed : int
    """
    draw = Random(seed)
    by_section: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in proposals:
        by_section[proposal.section].append(proposal)
    sections = [group for group in by_section.values() for _ in group]
    made = []
    for number in range(n):
        group = draw.choice(sections)
        title = draw.choice(group).title
        made.append(Proposal(str(number), title, _joined(group, length, draw), group[0].section))
    return made


def _joined(group: Sequence[Proposal], length: int, draw: Random) -> str:
    body = ""
    while len(body) < length:
        text = draw.choice(group).text
        parts = [part for part in _SENTENCE_END.split(text) if part.strip()]
        body += f"{draw.choice(parts)}。"
    return body[:length]


def take_turns(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each call, one list entry a turn, after one turn that doesn't count."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            started = time.process_time()  # what else the machine does counts less than by the clock
            call()
            if turn:
                seconds[name].append(time.process_time() - started)
    return seconds


def against_first(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return how many times faster each is than the first: the median over turns."""
    first = next(iter(seconds.values()))
    return {
        name: statistics.median(a / b for a, b in zip(first, mine, strict=True))
        for name, mine in seconds.items()
    }


def batch_table(
    sides: Contestants, cases: Sequence[Proposal], effort: Effort, learned: int
) -> tuple[Table, dict[str, Any]]:
    """Time many cases at once."""
    seconds = take_turns(sides.batch(cases), effort.repeats)
    ratio = against_first(seconds)
    speed = {name: len(cases) / statistics.median(taken) for name, taken in seconds.items()}
    rows = [[name, f"{speed[name]:,.0f}", f"{ratio[name]:.2f}"] for name in speed]
    length = statistics.median(len(case.text) for case in cases)
    title = (
        f"In batches of {len(cases):,} cases of {length:.0f} characters; "
        f"the model learned {learned:,}, similar ones are out of {effort.past:,}"
    )
    found = {name: {"docs_per_second": speed[name], "ratio": ratio[name]} for name in speed}
    return Table(title, ["", "cases/s", "ratio"], rows), found


def single_table(sides: Contestants, cases: Sequence[Proposal], repeats: int) -> tuple[Table, dict[str, Any]]:
    """Time one case at a time."""
    seconds = take_turns(sides.single(cases), repeats)
    ratio = against_first(seconds)
    each = {name: 1000 * statistics.median(taken) / len(cases) for name, taken in seconds.items()}
    rows = [[name, f"{each[name]:.2f}", f"{ratio[name]:.2f}"] for name in each]
    found = {name: {"milliseconds": each[name], "ratio": ratio[name]} for name in each}
    return Table("One case at a time, through the Python interface", ["", "ms", "ratio"], rows), found


def start_table(store: Path, site: Path, repeats: int) -> tuple[Table, dict[str, float]]:
    """Measure fresh processes that load a stored model and answer one case."""
    starts = [start_alone(store, site) for _ in range(repeats)]
    found = {key: statistics.median(start[key] for start in starts) for key in starts[0]}
    shown = {
        "process start to ready, s": f"{found['ready_seconds']:.2f}",
        "of this, processor time, s": f"{found['busy_seconds']:.2f}",
        "of this, loading the model, s": f"{found['load_seconds']:.2f}",
        "first answer, ms": f"{1000 * found['first_answer_seconds']:.0f}",
        "memory once ready, MB": f"{found['ready_mb']:.0f}",
        "memory after some answers, MB": f"{found['used_mb']:.0f}",
        "of this, pages that workers share, MB": f"{found['shared_mb']:.0f}",
        "model on disk, MB": f"{_folder_mb(store):.0f}",
    }
    rows = [[name, value] for name, value in shown.items()]
    return Table("Starting", ["", "median"], rows), {**found, "model_mb": _folder_mb(store)}


def fit_table(file: Path, sizes: Sequence[int]) -> tuple[Table, list[dict[str, float]]]:
    """Time training on the first so many cases of a table, each in a process of its own."""
    found: list[dict[str, float]] = []
    for size in sizes:
        click.echo(f"fit on {size:,} texts", err=True)
        found.append(fit_alone(file, size))
    rows = []
    for before, now in zip([None, *found], found, strict=False):
        grown = "" if before is None else f"{_growth(before, now):.2f}"
        rows.append([f"{now['n']:,.0f}", f"{now['seconds']:.1f}", f"{now['peak_mb']:,.0f}", grown])
    return Table("Training", ["texts", "fit s", "peak MB", "growth"], rows), found


def _growth(before: dict[str, float], now: dict[str, float]) -> float:
    """Return 1 where time grows with the number of texts, more where it grows faster."""
    return (now["seconds"] / before["seconds"]) / (now["n"] / before["n"])


def long_fit_table(cases: Sequence[Proposal], site: Site) -> tuple[Table, dict[str, float]]:
    """Time training on cases of 400 characters."""
    history = to_history(cases, site)
    started = time.process_time()
    train(history)
    seconds = time.process_time() - started
    length = statistics.median(len(case.text) for case in cases)
    title = f"Training on {len(cases):,} cases of {length:.0f} characters"
    return Table(title, ["", "s"], [["fenban, sections", f"{seconds:.1f}"]]), {"seconds": seconds}


def measure(
    history: History, site_directory: Path, own: Sequence[Proposal], fit: Path | None, effort: Effort
) -> Report:
    """Train both sides and measure everything."""
    site = load_site(site_directory)
    cases = own or made_up_cases(history.proposals, max(effort.batch, effort.single))
    learned = _part(history, effort.cases, site)
    click.echo(f"training on {len(learned.cases):,} cases", err=True)
    tutorial = first_pipeline().fit(learned.cases["text"].tolist(), learned.cases["section"].tolist())
    trained = train(learned, site)
    with TemporaryDirectory() as folder:
        store = ModelStore(Path(folder) / "store")
        store.add(trained.model, trained.manifest, trained.lexicon)
        past = made_up_cases(history.proposals, effort.past, seed=1)
        sides = Contestants(tutorial, Router(store.load(), site), _with_past(store.load(), site, past))
        settle()  # as `fenban suggest` and `fenban serve` do once they have loaded; good for all sides
        click.echo("batches, single cases, starts", err=True)
        made: dict[str, tuple[Table, Any]] = {
            "batch": batch_table(sides, cases[: effort.batch], effort, len(learned.cases)),
            "single": single_table(sides, cases[: effort.single], effort.repeats),
            "start": start_table(store.directory, site_directory, effort.repeats),
        }
    if effort.cases is None:
        click.echo(f"fit on {_LONG_CASES:,} long cases", err=True)
        made["fit_long"] = long_fit_table(made_up_cases(history.proposals, _LONG_CASES), site)
    if fit:
        made["fit"] = fit_table(fit, effort.fit_sizes)
    figures = {name: found for name, (_, found) in made.items()}
    return Report([table for table, _ in made.values()], {"cases": len(learned.cases), **figures}, _NOTE)


def _with_past(model: RoutingModel, site: Site, past: Sequence[Proposal]) -> Router:
    """Return a router whose model looks for similar cases among `past`."""
    assert isinstance(model.section, RidgeTextClassifier)
    features = model.section.embedding_.features
    rows = features.transform([case.text for case in past])
    model.similar = SimilarityIndex.build(features, rows, [OtherCase(case.case_id) for case in past])
    return Router(model, site)


def _part(history: History, most: int | None, site: Site) -> History:
    if most is None or len(history.proposals) <= most:
        return history
    kept = np.random.default_rng(0).permutation(len(history.proposals))[:most]
    return to_history([history.proposals[at] for at in kept], site)


def _folder_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--site", type=click.Path(exists=True, path_type=Path), help="Site to train on, with its cases/."
)
@click.option(
    "--file", "own", type=click.Path(exists=True, path_type=Path), help="Own cases instead of made-up ones."
)
@click.option(
    "--fit",
    type=click.Path(exists=True, path_type=Path),
    help="Case table of many short texts, to train on more and more of.",
)
@click.option("--quick", is_flag=True, help="Few cases and repeats: to see that it runs.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option(
    "--part", default="speed", show_default=True, help="Which part of the Markdown file to replace."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(
    site: Path | None,
    own: Path | None,
    fit: Path | None,
    *,
    quick: bool,
    markdown: Path | None,
    part: str,
    json_file: Path | None,
) -> None:
    """Measure speed, start and memory on one core, beside the tutorial pipeline."""
    site = site or sample_site()
    try:
        history = to_history(read_cases([site / "cases"])[0], load_site(site))
        cases = read_cases([own])[0] if own else []
        with one_core():
            report = measure(history, site, cases, fit, _QUICK if quick else Effort())
    except FenbanError as error:
        raise click.ClickException(str(error)) from error
    report.publish(markdown, part, json_file)


if __name__ == "__main__":
    main()
