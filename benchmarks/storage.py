"""What storing costs, in an empty database and beside a million decisions.

``python -m benchmarks.storage`` fills a SQLite file in a temporary folder;
``--database`` and ``--empty`` name two empty databases of a PostgreSQL
server instead. The same calls are made on the filled database and on an
empty one, in turns. docs/storage.md shows the figures.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import click

from benchmarks.reporting import Report, Table
from router.decision import Candidate, Decision, Evidence, ScoredLabel, Status, Versions, Vote, VoteKind
from router.present import decision_json
from router.proposal import Proposal
from router.site_files import load_site, sample_site
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.keys import Keys, Scope
from router.storage.records import Idempotency, NewDecision, new_id
from router.verdict import Verdict, VerdictKind

__all__ = ["made_up_decisions", "main"]

_MANY, _FEW = 1_000_000, 5_000
_MANY_KEYS, _FEW_KEYS = 10_000, 100
_CALLS, _FEW_CALLS = 500, 30
_AT_ONCE = 500
_BODY = "集镇污水直排河沟，夏天气味重，群众反映强烈。建议尽快铺设污水管网。" * 9
_NOTE = (
    "Milliseconds by the clock, one caller; ratio: the filled database against the empty one, in turns. "
    "Power safe: the call returns when the disk has it, so the disk's own time is in it."
)

Call = Callable[[], object]


class Years:
    """A clock that goes through some years while a database is filled."""

    def __init__(self, steps: int) -> None:
        self._step = timedelta(days=5 * 365) / steps
        self.time = datetime(2021, 11, 23, tzinfo=UTC)

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
    seconds = time.perf_counter() - started
    for n in range(keys):
        Keys(database).create(f"k{n}", [Scope.SUGGEST], "command:benchmark")
    return decisions / seconds


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
    }


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


def compare(filled: Database, empty: Database, n: int, title: str) -> tuple[Table, dict[str, Any]]:
    """Return the table of both databases."""
    rows, figures = [], {}
    for name, (with_many, with_none) in in_turns(calls(filled), calls(empty), n).items():
        p50, p99 = statistics.median(with_many), statistics.quantiles(with_many, n=100)[98]
        base = statistics.median(with_none)
        rows.append([name, f"{p50:.2f}", f"{p99:.2f}", f"{base:.2f}", f"{p50 / base:.2f}"])
        figures[name] = {"p50": p50, "p99": p99, "empty_p50": base, "ratio": p50 / base}
    return Table(title, ["", "p50", "p99", "p50, empty", "ratio"], rows), figures


def measure(filled: Database, empty: Database, decisions: int, keys: int, n: int) -> Report:
    """Fill one database and measure both."""
    clock = Years(decisions)
    filled.now = clock
    rate = fill(filled, decisions, keys)
    end = clock.time
    started_at = datetime.now(UTC)
    filled.now = lambda: end + (datetime.now(UTC) - started_at)
    kind = "PostgreSQL" if "postgresql" in filled.place else "SQLite"
    table, figures = compare(
        filled, empty, n, f"{kind}, {decisions:,} decisions and {keys:,} keys; milliseconds"
    )
    started = time.perf_counter()
    checked = Audit(filled).verify()
    seconds = time.perf_counter() - started
    more = {
        "filled, decisions/s": f"{rate:,.0f}",
        "audit verify, rows/s": f"{checked.count / seconds:,.0f}",
    }
    other = Table(f"{kind}, in one go", ["", ""], [[name, value] for name, value in more.items()])
    return Report(
        [table, other], {"decisions": decisions, "keys": keys, "fill_per_second": rate, **figures}, _NOTE
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--decisions", type=int, help=f"How many to fill in, {_MANY:,} by default.")
@click.option("--database", help="An empty database to fill; a temporary SQLite file by default.")
@click.option("--empty", help="An empty database to compare with.")
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
    quick: bool,
    markdown: Path | None,
    part: str,
    json_file: Path | None,
) -> None:
    """Measure storing and listing in an empty database and beside a million decisions."""
    if (database is None) != (empty is None):
        raise click.UsageError("--database and --empty belong together")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        filled, other = (
            open_database(url or f"{folder}/{name}.db") for name, url in (("a", database), ("b", empty))
        )
        stack.callback(filled.close)
        stack.callback(other.close)
        many, keys, n = (_FEW, _FEW_KEYS, _FEW_CALLS) if quick else (_MANY, _MANY_KEYS, _CALLS)
        report = measure(filled, other, decisions or many, keys, n)
    report.publish(markdown, part, json_file)


if __name__ == "__main__":
    main()
