"""How many requests a second, and how slow the slowest, beside the tutorials' service in the same run.

``python benchmarks/load.py`` trains both sides on the sample site and serves
each with gunicorn: two workers, the same threads; the tutorials' service
once more as tutorials start it, by ``flask run``. Clients on this machine
keep four connections busy with texts of 300 characters that are sent only
once; the sides take turns. fenban stores every decision, the others nothing.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks.reporting import Report, Table
from benchmarks.service_process import Connection, Server, fenban_command, free_port, request_bytes
from benchmarks.speed import made_up_cases
from benchmarks.tutorial_app import train as train_tutorial
from models.store import ModelStore
from router.proposal import Proposal
from router.site_files import load_site, sample_site
from training.history import read_cases, to_history
from training.train import train

__all__ = ["Side", "drive", "main"]

_LENGTH = 300
_CONNECTIONS = 4
_TURN = 5.0
_TEXTS = 2000
_WARM_UP = 2.0
_QUICK_CASES, _QUICK_SECONDS = 60, 0.5
_WANTED_RATE, _WANTED_P99 = 1.5, 1.5

_TUTORIAL = "Flask + jieba + TF-IDF + LogisticRegression, nothing stored"
_AS_TAUGHT = "the same, started by flask run"
_FENBAN = "fenban, decisions stored in SQLite"
_NOTE = (
    f"{_CONNECTIONS} connections from this machine, texts of {_LENGTH} characters, 2 workers of 4 threads; "
    "flask run is one process, and closes each connection after its answer; the sides take turns. "
    "Ratio: fenban's against the other's; more requests and less time are better."
)


@dataclass
class Side:
    """A service, what it was asked, and what that took.

    Parameters
    ----------
    port : int
    request : callable
        Returns the next request, a new one each time.
    """

    port: int
    request: Callable[[], bytes]
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        """Milliseconds within which half of the requests were answered."""
        return 1000 * statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        """Milliseconds within which 99 of 100 requests were answered."""
        return 1000 * statistics.quantiles(self.latencies, n=100)[98]


def drive(side: Side, seconds: float, connections: int = _CONNECTIONS, *, counts: bool = True) -> None:
    """Keep connections busy for so long."""
    until = time.perf_counter() + seconds
    latencies: list[float] = []

    def work() -> None:
        try:
            with Connection(side.port) as connection:
                while (started := time.perf_counter()) < until:
                    answer = connection.ask(side.request())
                    latencies.append(time.perf_counter() - started)
                    if answer.status != 200:
                        side.errors.append(f"{answer.status} {answer.body[:200]!r}")
        except OSError as error:
            side.errors.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if counts:
        side.seconds += time.perf_counter() - started
        side.latencies += latencies


def requests(path: str, cases: Sequence[Proposal]) -> Callable[[], bytes]:
    """Return what makes a new request each time: the same texts in turn, each as a new case."""
    numbers = count()

    def made() -> Iterator[bytes]:
        for number in numbers:
            case = cases[number % len(cases)]
            body = {"case_id": f"load-{number}", "kind": "建议", "title": case.title, "body": case.body}
            yield request_bytes("POST", path, body)

    lock, found = threading.Lock(), made()

    def following() -> bytes:
        with lock:
            return next(found)

    return following


def serve_all(folder: Path, learned: int | None, stack: ExitStack) -> dict[str, Side]:
    """Train and start the services."""
    site = load_site(sample_site())
    past = read_cases([sample_site() / "cases"])[0][:learned]
    cases = made_up_cases(past, _TEXTS, _LENGTH - 20)
    history = to_history(past, site)
    train_tutorial(
        history.cases["text"].tolist(), history.cases["section"].tolist(), folder / "tutorial.joblib"
    )
    trained = train(history, site)
    ModelStore(folder / "store").add(trained.model, trained.manifest, trained.lexicon)

    def side(command: Callable[[int], list[str]], path: str) -> Side:
        port = free_port()
        stack.enter_context(Server(command(port), port, folder / f"{port}.log"))
        return Side(port, requests(path, cases))

    tutorial = f"benchmarks.tutorial_app:create_app('{folder / 'tutorial.joblib'}')"
    return {
        _TUTORIAL: side(lambda port: under_gunicorn(tutorial, port), "/predict"),
        _AS_TAUGHT: side(lambda port: by_flask_run(tutorial, port), "/predict"),
        _FENBAN: side(
            lambda port: fenban_command(folder / "store", port, "--workers", 2, site=sample_site()),
            "/api/v1/suggest",
        ),
    }


def under_gunicorn(application: str, port: int) -> list[str]:
    """Return the command that serves an application with the settings that fenban has."""
    settings = ["--workers", "2", "--threads", "4", "--keep-alive", "75", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", *settings]


def by_flask_run(application: str, port: int) -> list[str]:
    """Return the command of the tutorials: Flask's own server."""
    return [sys.executable, "-m", "flask", "--app", application, "run", "--port", str(port)]


def take_turns(sides: dict[str, Side], seconds: float) -> None:
    """Load each side for `seconds` in all, some seconds at a time."""
    for side in sides.values():
        drive(side, min(_WARM_UP, seconds), counts=False)
    turns = max(1, round(seconds / _TURN))
    for turn in range(turns):
        click.echo(f"turn {turn + 1} of {turns}", err=True)
        for side in sides.values():
            drive(side, seconds / turns)


def measured(sides: dict[str, Side], seconds: float) -> tuple[Table, dict[str, Any]]:
    """Return the table of all sides."""
    rows, figures = [], {}
    for name, side in sides.items():
        figures[name] = {
            "requests": len(side.latencies),
            "requests_per_second": side.rate,
            "p50_ms": side.p50,
            "p99_ms": side.p99,
            "errors": len(side.errors),
        }
        rate = f"{side.rate:,.0f}"
        rows.append([name, rate, f"{side.p50:.1f}", f"{side.p99:.1f}", str(len(side.errors))])
    ratios = {name: compared(sides[_FENBAN], sides[name]) for name in (_AS_TAUGHT, _TUTORIAL)}
    for label, ratio in zip(("ratio to flask run", "ratio under gunicorn"), ratios.values(), strict=True):
        rows.append([label, *(f"{value:.2f}" for value in ratio.values()), ""])
    rows.append(["wanted", f"≥ {_WANTED_RATE}", "", f"≤ {_WANTED_P99}", "0"])
    title = f"Under load, {seconds:.0f} s each"
    return Table(title, ["", "requests/s", "p50 ms", "p99 ms", "errors"], rows), {**figures, "ratios": ratios}


def compared(ours: Side, base: Side) -> dict[str, float]:
    """Return each figure as a multiple of the other side's."""
    return {"rate": ours.rate / base.rate, "p50": ours.p50 / base.p50, "p99": ours.p99 / base.p99}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", default=60.0, show_default=True, help="How long each side is loaded.")
@click.option("--quick", is_flag=True, help="Half a second, a model of few cases: to see that it runs.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option("--part", default="load", show_default=True, help="Which part of the Markdown file to replace.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(seconds: float, *, quick: bool, markdown: Path | None, part: str, json_file: Path | None) -> None:
    """Load fenban and the tutorials' service in turns; exit with 1 after any error."""
    seconds = _QUICK_SECONDS if quick else seconds
    with TemporaryDirectory(prefix="fenban-load-") as name, ExitStack() as stack:
        sides = serve_all(Path(name), _QUICK_CASES if quick else None, stack)
        take_turns(sides, seconds)
    table, figures = measured(sides, seconds)
    Report([table], figures, _NOTE).publish(markdown, part, json_file)
    errors = [error for side in sides.values() for error in side.errors]
    if errors:
        raise click.ClickException(f"{len(errors)} errors, such as {errors[0]}")


if __name__ == "__main__":
    main()
