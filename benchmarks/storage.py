"""What storing costs, in an empty database and beside a million decisions.

``python -m benchmarks.storage`` fills a SQLite file in a temporary folder,
``--postgresql`` a database of a PostgreSQL server that it starts itself;
``--database`` and ``--empty`` name two empty databases elsewhere. The same
calls are made on the filled database and on an empty one, in turns, and the
same requests to a service on each. docs/storage.md shows the figures.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import click

from benchmarks.reporting import Report, Table
from benchmarks.service_process import Connection, Server, fenban_command, free_port, request_bytes
from benchmarks.storm import make_store
from router.decision import Candidate, Decision, Evidence, ScoredLabel, Status, Versions, Vote, VoteKind
from router.present import decision_json
from router.proposal import Proposal
from router.site_files import load_site, sample_site
from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit
from router.storage.database import Database, open_database, utc_now
from router.storage.journal import Journal
from router.storage.keys import Keys, Scope
from router.storage.records import Idempotency, NewDecision, new_id
from router.verdict import Verdict, VerdictKind

__all__ = ["made_up_decisions", "main", "too_slow"]

_MANY, _FEW = 1_000_000, 5_000
_MANY_KEYS, _FEW_KEYS = 10_000, 100
_CALLS, _FEW_CALLS = 500, 5
_AT_ONCE = 500
_JUDGED = 10
"""Of so many decisions one gets a verdict."""
_PAGE_MS = 200.0
_BODY = "集镇污水直排河沟，夏天气味重，群众反映强烈。建议尽快铺设污水管网。" * 9
_NOTE = (
    "Milliseconds by the clock, one caller; ratio: the filled database against the empty one, in turns. "
    "Power safe: the call returns when the disk has it, so the disk's own time is in it. "
    f"Half of the lists and pages are to take less than {_PAGE_MS:.0f} ms."
)
_PASSWORD = "Qinghe-2026-lamp"  # of databases that are thrown away

Call = Callable[[], object]


class Opened(NamedTuple):
    """A database and its URL, for a service of its own on it."""

    url: str
    database: Database


class Years:
    """A clock that goes through some years while a database is filled."""

    def __init__(self, steps: int) -> None:
        self._step = timedelta(days=5 * 365) / steps
        self.time = datetime.now(UTC) - timedelta(days=5 * 365)

    def __call__(self) -> datetime:
        self.time += self._step
        return self.time


def made_up_decisions(prefix: str) -> Iterator[NewDecision]:
    """Yield decisions as the sample site's model makes them, 300 characters of text each."""
    site = load_site(sample_site())
    labels = sorted(site.sections)
    candidates = tuple(
        Candidate(
            label, 1 / (n + 2), (Evidence("body", n, n + 2, 0.5), Evidence("body", 40 + n, 44 + n, 0.3))
        )
        for n, label in enumerate(labels)
    )
    for n in count():
        lead = labels[n % len(labels)]
        proposal = Proposal(
            f"{prefix}{n}", f"关于完善第 {n} 号集镇生活污水管网的提案", _BODY, kind="提案", level="县"
        )
        decision = Decision(
            case_id=proposal.case_id,
            title=proposal.title,
            status=Status.SUGGESTED,
            lead=lead,
            probability=0.97,
            decided_by="model",
            prediction_set=(lead,),
            topic=ScoredLabel("township-sewage", 0.9),
            co_sections=(ScoredLabel("villages", 0.6),),
            candidates=candidates,
            votes=(Vote("集镇污水", VoteKind.PREFER, lead, "集镇污水归排水所"),),
            versions=Versions("2026-11-23.1", "a" * 12, "b" * 12),
        )
        answer = decision_json(decision, site)
        yield NewDecision(proposal, decision, answer, made_by="key:erp", keep_text=True)


def fill(database: Database, decisions: int, keys: int) -> float:
    """Fill a database; return decisions a second."""
    journal, made = Journal(database, power_safe=False), made_up_decisions("f")
    started = time.perf_counter()
    with click.progressbar(range(0, decisions, _AT_ONCE), label="fill", file=sys.stderr) as bar:
        for at in bar:
            news = [next(made) for _ in range(min(_AT_ONCE, decisions - at))]
            journal.record_many([(new, None) for new in news])
            _judge(database, [new.id for new in news[::_JUDGED]])
    seconds = time.perf_counter() - started
    for n in range(keys):
        Keys(database).create(f"k{n}", [Scope.SUGGEST], "command:benchmark")
    return decisions / seconds


def _judge(database: Database, ids: list[str]) -> None:
    """Give a verdict on each, in one transaction: by the front door each would wait for the disk."""
    journal, accepted = Journal(database), Verdict(VerdictKind.ACCEPTED)
    with database.write(durable=False) as connection:
        for decision in ids:
            journal._add_verdict(connection, decision, accepted, "user:zhang", database.now())


def calls(database: Database) -> dict[str, Call]:
    """Return what a service asks of its database while it answers."""
    journal, quick, keys = Journal(database), Journal(database, power_safe=False), Keys(database)
    made, again = made_up_decisions("c"), next(made_up_decisions("again"))
    secret = keys.create(new_id(), [Scope.SUGGEST], "command:benchmark").secret
    middle = journal.latest(limit=1)[0] if journal.latest(limit=1) else None
    since = middle.created_at - timedelta(days=365) if middle else datetime(2021, 1, 1, tzinfo=UTC)
    after = journal.decisions(since, limit=1)[0].id if middle else None
    judged = journal.record(next(made)).answer["decision_id"]
    return {
        "record, power safe": lambda: journal.record(next(made)),
        "record": lambda: quick.record(next(made)),
        "record, with Idempotency-Key": lambda: quick.record(
            new := next(made), Idempotency("k", new.id, b"{}")
        ),
        "record, next revision": lambda: quick.record(replace(again, id=new_id())),
        "verdict": lambda: journal.verdict(judged, Verdict(VerdictKind.ACCEPTED), "user:zhang"),
        "check a key": lambda: keys.check(secret),
        "one decision": lambda: journal.decision(judged),
        "the latest 50": lambda: journal.latest(),
        "100 since a year ago": lambda: journal.decisions(since),
        "100 after a known one": lambda: journal.decisions(after=after),
        "100 verdicts since a year ago": lambda: journal.all_verdicts(since),
    }


def requests(database: Database, connection: Connection) -> dict[str, Call]:
    """Return what programs and people ask of a service on a database."""
    key = Keys(database).create(new_id(), [Scope.SUGGEST, Scope.VERDICT], "command:benchmark").secret
    keyed = {"Authorization": f"Bearer {key}"}
    year_ago = f"{database.now() - timedelta(days=365):%Y-%m-%d}"
    known = Journal(database).decisions(database.now() - timedelta(days=365), limit=1)
    middle = known[0].id if known else Journal(database).latest(limit=1)[0].id
    made = made_up_decisions(new_id())

    def suggest() -> None:
        case = next(made).proposal
        sent = {"case_id": case.case_id, "title": case.title, "body": case.body}
        _get(connection, request_bytes("POST", "/api/v1/suggest", sent, keyed))

    def get(path: str, headers: dict[str, str]) -> Call:
        request = request_bytes("GET", path, headers=headers)
        return lambda: _get(connection, request)

    clerk, head = (_logged_in(database, role) for role in (Role.ADMIN, Role.SECTION_HEAD))
    return {
        "POST /api/v1/suggest": suggest,
        "GET /api/v1/decisions, since a year ago": get(f"/api/v1/decisions?since={year_ago}", keyed),
        "GET /api/v1/decisions, after a known one": get(f"/api/v1/decisions?after={middle}", keyed),
        "GET /api/v1/verdicts, since a year ago": get(f"/api/v1/verdicts?since={year_ago}", keyed),
        "page of the latest": get("/decisions", clerk),
        "page of a year ago": get(f"/decisions?before={middle}", clerk),
        "page of what waits": get("/decisions?state=open", clerk),
        "page of what was decided": get("/decisions?state=done", clerk),
        "page of one number": get("/decisions?number=f7", clerk),
        "page of a section head": get("/decisions", head),
        "page of one decision": get(f"/decisions/{middle}", clerk),
        "page of the audit log": get("/audit", clerk),
    }


def _get(connection: Connection, request: bytes) -> None:
    answer = connection.ask(request)
    if answer.status != 200:
        raise click.ClickException(f"answered {answer.status}: {answer.body[:200]!r}")


def _logged_in(database: Database, role: Role) -> dict[str, str]:
    """Return what a browser sends in which somebody of a role has logged in."""
    accounts, name = Accounts(database), f"u{new_id()}"
    section = "drainage" if role is Role.SECTION_HEAD else ""
    accounts.create(name, _PASSWORD, role, f"user:{name}", section)
    return {"Cookie": f"fenban={accounts.login(name, _PASSWORD).token}"}


def in_turns(
    filled: dict[str, Call], empty: dict[str, Call], n: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Time the same calls on both; a first round warms up."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for name in filled:
        taken: tuple[list[float], list[float]] = ([], [])
        for turn in range(n + 5):
            for call, times in zip((filled[name], empty[name]), taken, strict=True):
                started = time.perf_counter()
                call()
                if turn >= 5:
                    times.append(1000 * (time.perf_counter() - started))
        found[name] = taken
    return found


def compare(
    filled: dict[str, Call], empty: dict[str, Call], n: int, title: str
) -> tuple[Table, dict[str, Any]]:
    """Return the table of both databases."""
    rows, figures = [], {}
    for name, (with_many, with_none) in in_turns(filled, empty, n).items():
        p50, p99 = statistics.median(with_many), statistics.quantiles(with_many, n=100)[98]
        base = statistics.median(with_none)
        rows.append([name, f"{p50:.2f}", f"{p99:.2f}", f"{base:.2f}", f"{p50 / base:.2f}"])
        figures[name] = {"p50": p50, "p99": p99, "empty_p50": base, "ratio": p50 / base}
    return Table(title, ["", "p50", "p99", "p50, empty", "ratio"], rows), figures


def served(filled: Opened, empty: Opened, n: int, title: str, place: Path) -> tuple[Table, dict[str, Any]]:
    """Return the table of a service on each of both databases, one worker each."""
    store = make_store(place / "store")
    with ExitStack() as stack:
        asked = []
        for name, (url, database) in (("filled", filled), ("empty", empty)):
            port = free_port()
            more = ("--database", url, "--workers", "1", "--log-level", "error")
            command = fenban_command(store, port, *more, site=sample_site())
            stack.enter_context(Server(command, port, place / f"{name}.log"))
            asked.append(requests(database, stack.enter_context(Connection(port))))
        return compare(*asked, n, title)


def measure(filled: Opened, empty: Opened, decisions: int, keys: int, n: int, place: Path) -> Report:
    """Fill one database and measure both."""
    database = filled.database
    database.now = Years(decisions)
    rate = fill(database, decisions, keys)
    database.now = utc_now
    kind = "PostgreSQL" if "postgresql" in database.place else "SQLite"
    beside = f"{kind}, {decisions:,} decisions and {keys:,} keys; milliseconds"
    table, figures = compare(calls(database), calls(empty.database), n, beside)
    asked, answered = served(filled, empty, n, f"A service on {beside}", place)
    started = time.perf_counter()
    checked = Audit(database).verify()
    seconds = time.perf_counter() - started
    more = {
        "filled, decisions/s": f"{rate:,.0f}",
        "audit verify, rows/s": f"{checked.count / seconds:,.0f}",
    }
    other = Table(f"{kind}, in one go", ["", ""], [[name, value] for name, value in more.items()])
    known = {"decisions": decisions, "keys": keys, "fill_per_second": rate, **figures, **answered}
    return Report([table, asked, other], known, _NOTE)


def too_slow(figures: dict[str, Any]) -> list[str]:
    """Return the lists and pages of a service that took too long."""
    return [
        f"{name}: {figures[name]['p50']:.0f} ms"
        for name in figures
        if name.startswith(("GET ", "page ")) and figures[name]["p50"] >= _PAGE_MS
    ]


@contextmanager
def databases_of(
    filled: str | None, empty: str | None, place: Path, *, postgresql: bool
) -> Iterator[tuple[Opened, Opened]]:
    """Open the database to be filled and the one to compare with."""
    with ExitStack() as stack:
        if postgresql:
            cluster = stack.enter_context(own_server())
            filled, empty = cluster.new_database(), cluster.new_database()
        urls = filled or f"sqlite:///{place}/filled.db", empty or f"sqlite:///{place}/empty.db"
        one, other = (Opened(url, open_database(url)) for url in urls)
        stack.callback(one.database.close)
        stack.callback(other.database.close)
        yield one, other


@contextmanager
def own_server() -> Iterator[Any]:
    """Start a PostgreSQL server that waits for its disk, as a real one does."""
    from tests.storage.postgres import Cluster, find_binaries

    binaries = find_binaries()
    if binaries is None:
        raise click.UsageError("PostgreSQL is not installed")
    cluster = Cluster(binaries, durable=True)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.remove()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--decisions", type=int, help=f"How many to fill in, {_MANY:,} by default.")
@click.option("--database", help="An empty database to fill; a temporary SQLite file by default.")
@click.option("--empty", help="An empty database to compare with.")
@click.option("--postgresql", is_flag=True, help="Start a PostgreSQL server and use that.")
@click.option("--quick", is_flag=True, help=f"{_FEW:,} decisions and few calls: to see that it runs.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option(
    "--part", default="storage", show_default=True, help="Which part of the Markdown file to replace."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(
    decisions: int | None,
    database: str | None,
    empty: str | None,
    *,
    postgresql: bool,
    quick: bool,
    markdown: Path | None,
    part: str,
    json_file: Path | None,
) -> None:
    """Measure storing and listing in an empty database and beside a million decisions."""
    if (database is None) != (empty is None) or (postgresql and database):
        raise click.UsageError("--database and --empty belong together, and without --postgresql")
    many, keys, n = (_FEW, _FEW_KEYS, _FEW_CALLS) if quick else (_MANY, _MANY_KEYS, _CALLS)
    with (
        tempfile.TemporaryDirectory() as folder,
        databases_of(database, empty, Path(folder), postgresql=postgresql) as (filled, other),
    ):
        report = measure(filled, other, decisions or many, keys, n, Path(folder))
    report.publish(markdown, part, json_file)
    if slow := too_slow(report.figures):
        raise click.ClickException(f"{len(slow)} too slow, such as {slow[0]}")


if __name__ == "__main__":
    main()
