"""A year of a busy county in five minutes: does memory stay flat?

``python benchmarks/soak.py`` serves the sample site and lives through 365
days: cases and verdicts over the interface, pages, lists, the monitor's
polls, a batch every month, changed rules every week, another model every
month. Memory is what the workers have of their own (``RssAnon``), read
every day; files that are mapped don't count, as the kernel can drop them.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.reporting import Report, Table
from benchmarks.service_process import Connection, Server, fenban_command, free_port, request_bytes
from benchmarks.storm import make_store
from models.store import ModelStore
from router.site_files import sample_site
from training.history import read_cases

__all__ = ["Year", "growth", "live", "main"]

_DAYS, _SECONDS = 365, 300.0
_QUICK_DAYS, _QUICK_SECONDS = 20, 8.0
_CASES, _PAGES, _POLLS, _BATCH = 14, 30, 10, 60
"""Of a day; about 80 times what a county bureau gets, each case sent anew and corrected often."""
_WEEK, _MONTH = 7, 30
_WARM_UP = 0.25
"""Three models: while one is loaded the old one is still there, and the heap keeps what that took."""
_WANTED = 0.05
_NOTE = (
    f"A day: {_CASES} cases, 2 verdicts, {_PAGES} pages, a list of what changed, {_POLLS} polls. A batch of "
    f"{_BATCH} and another model every {_MONTH} days, changed rules every {_WEEK}. Growth: the "
    "last tenth of the days against the tenth after the first quarter, own memory of both workers."
)
_PAGE_PATHS = ("/", "/decisions", "/api/v1/sections", "/api/v1/topics", "/api/v1/rules", "/docs")


@dataclass
class Year:
    """What a year left behind.

    Parameters
    ----------
    memory : list of float
        Megabytes at the end of each day.
    answers : Counter
        Requests by address and status.
    """

    memory: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def errors(self) -> list[str]:
        """Return what was answered with something else than 200."""
        return [f"{n} × {what}" for what, n in self.answers.items() if not what.endswith(" 200")]


def growth(memory: list[float]) -> float:
    """Return by what share memory grew after the first quarter of the days.

    Examples
    --------
    >>> growth([50.0] * 10 + [100.0] * 15 + [110.0] * 15)
    0.1
    """
    tenth = max(1, len(memory) // 10)
    start = int(len(memory) * _WARM_UP)
    before = statistics.median(memory[start : start + tenth])
    return round(statistics.median(memory[-tenth:]) / before - 1, 6)


def own_megabytes(pids: list[int]) -> float:
    """Return what processes have in memory that is no file."""
    total = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        total += next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
    return total / 1024


class _County:
    """Somebody who lives through the days of a bureau."""

    def __init__(self, server: Server, site: Path, store: ModelStore, year: Year) -> None:
        self._server, self._site, self._store, self._year = server, site, store, year
        self._cases = read_cases([sample_site() / "cases"])[0]
        self._rules = (site / "rules.toml").read_text(encoding="utf-8")
        self._sent = 0

    def day(self, number: int, connection: Connection) -> None:
        decided = [self._suggest(connection) for _ in range(_CASES)]
        for decision in decided[:2]:
            self._ask(connection, "POST", "/api/v1/verdicts", {"decision_id": decision, "kind": "accepted"})
        for page in range(_PAGES):
            self._ask(connection, "GET", _PAGE_PATHS[page % len(_PAGE_PATHS)])
        self._ask(connection, "GET", "/api/v1/decisions?limit=100")
        for _ in range(_POLLS // 2):
            self._ask(connection, "GET", "/readyz")
            self._ask(connection, "GET", "/metrics")
        if number % _MONTH == 0:
            cases = [self._case() for _ in range(_BATCH)]
            self._ask(connection, "POST", "/api/v1/suggest/batch", {"cases": cases})
            versions = self._store.versions()
            self._store.promote(versions[number // _MONTH % len(versions)], "a new month")
        if number % _WEEK == 0:
            (self._site / "rules.toml").write_text(f"{self._rules}\n# day {number}\n", encoding="utf-8")
        self._year.memory.append(own_megabytes(self._server.workers()))

    def _case(self) -> dict[str, str]:
        case = self._cases[self._sent % len(self._cases)]
        self._sent += 1
        return {"case_id": str(self._sent), "title": case.title, "body": f"{case.body}（{self._sent}）"}

    def _suggest(self, connection: Connection) -> str:
        answer = self._ask(connection, "POST", "/api/v1/suggest", self._case())
        return str(answer.get("decision_id", ""))

    def _ask(self, connection: Connection, method: str, path: str, body: object = None) -> dict[str, object]:
        answer = connection.ask(request_bytes(method, path, body))
        self._year.answers[f"{path.partition('?')[0]} {answer.status}"] += 1
        return answer.json() if path.startswith("/api/") and answer.status == 200 else {}


def live(place: Path, days: int, seconds: float) -> Year:
    """Live through so many days in so many seconds."""
    year, port = Year(), free_port()
    store = ModelStore(make_store(place / "store", versions=2))
    shutil.copytree(sample_site(), place / "site", ignore=shutil.ignore_patterns("cases", "inbox"))
    command = fenban_command(place / "store", port, "--log-level", "error", site=place / "site")
    with Server(command, port, place / "log") as server, ExitStack() as stack:
        county = _County(server, place / "site", store, year)
        open_connections = [stack.enter_context(Connection(port)) for _ in range(4)]
        started = time.monotonic()
        for number in range(1, days + 1):
            county.day(number, open_connections[number % len(open_connections)])
            time.sleep(max(0.0, started + number * seconds / days - time.monotonic()))
    return year


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", default=_SECONDS, show_default=True, help="How long the year takes.")
@click.option("--quick", is_flag=True, help="Some days in some seconds: to see that it runs.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option("--part", default="soak", show_default=True, help="Which part of the Markdown file to replace.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(seconds: float, *, quick: bool, markdown: Path | None, part: str, json_file: Path | None) -> None:
    """Live through a year; exit with 1 where memory grew too much or anything failed."""
    days, seconds = (_QUICK_DAYS, _QUICK_SECONDS) if quick else (_DAYS, seconds)
    with TemporaryDirectory(prefix="fenban-soak-") as name:
        year = live(Path(name), days, seconds)
    grown = growth(year.memory)
    total = year.answers.total()
    row = [
        f"{days} days in {seconds:.0f} s",
        f"{total:,}",
        str(len(year.errors())),
        f"{year.memory[int(days * _WARM_UP)]:.0f}",
        f"{year.memory[-1]:.0f}",
        f"{100 * grown:+.1f} %",
    ]
    columns = ["", "requests", "errors", "MB after a quarter", "MB at the end", "growth"]
    figures = {"requests": total, "errors": year.errors(), "memory_mb": year.memory, "growth": grown}
    Report([Table("A county's year", columns, [row])], figures, _NOTE).publish(markdown, part, json_file)
    if year.errors():
        raise click.ClickException(f"failed: {year.errors()[0]}")
    if not quick and grown > _WANTED:
        raise click.ClickException(f"memory grew by {100 * grown:.1f} %")


if __name__ == "__main__":
    main()
