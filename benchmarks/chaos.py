"""What is lost when processes are killed and what they need goes away under load: it should be nothing.

``python benchmarks/chaos.py`` serves the sample site to clients that repeat
every request until it is answered. Meanwhile workers and the master are
killed with ``kill -9`` in turn, the master is started again as systemd would,
a PostgreSQL server is stopped and started, the disk is filled up and fails,
and broken models and rules are put live. Then what was acknowledged is looked
for in the database.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks.disks import NoDiskError
from benchmarks.faults import on_full_disk, on_read_only_disk, with_broken_models, with_broken_rules
from benchmarks.reporting import Report, Table
from benchmarks.service_process import Server
from benchmarks.storm import CLIENTS, Outcome, Run, make_store, seconds_back, storm

__all__ = ["kill_in_turn", "main", "on_postgres"]

_KILLS = 20
_OUTAGES = 4
_FAULTS = 3
_LASTING = 3.0
_BETWEEN = 2.0
_WANTED_BACK = 5.0
_NOTE = (
    f"{CLIENTS} clients on this machine repeat each request until it is answered; every third decision gets "
    "a verdict. Back: from the kill, or from when what was away or broken is right again, to the next "
    "answered suggestion; of models and rules until all workers use the right ones."
)


def kill_in_turn(server: Server, kills: int, outcome: Outcome, between: float = _BETWEEN) -> None:
    """Kill a worker, then the master, and so on; the master is started again."""
    for turn in range(kills):
        time.sleep(between)
        since = time.monotonic()
        if turn % 2:
            server.kill_master()
            server.start()
        else:
            workers = server.workers()
            os.kill(workers[turn % len(workers)], signal.SIGKILL)
        outcome.back.append(seconds_back(server.port, since))
        click.echo(f"killed {turn + 1} of {kills}, back in {outcome.back[-1]:.1f} s", err=True)


def stop_in_turn(
    server: Server, cluster: Any, outages: int, outcome: Outcome, lasting: float = _LASTING
) -> None:
    """Stop PostgreSQL, in turn orderly and not, and start it after a while."""
    for turn in range(outages):
        time.sleep(min(_BETWEEN, lasting))
        before = sum(outcome.codes.values())
        cluster.stop("immediate" if turn % 2 else "fast")
        time.sleep(lasting)
        if sum(outcome.codes.values()) == before:
            outcome.wrong.append("nobody was told that the database is away")
        cluster.start()
        since = time.monotonic()
        outcome.back.append(seconds_back(server.port, since))
        click.echo(f"stopped {turn + 1} of {outages}, back in {outcome.back[-1]:.1f} s", err=True)


_COLUMNS = [
    "",
    "decisions / verdicts",
    "lost / doubled",
    "sent again",
    "answered instead",
    "back within s",
]
_MEANWHILE = ["", "reads", "/readyz"]


def row_of(name: str, outcome: Outcome, found: dict[str, int]) -> list[str]:
    """Return a row of the first table."""
    return [
        name,
        f"{len(outcome.decided):,} / {len(outcome.judged):,}",
        f"{found['lost']} / {found['doubled']}",
        f"{outcome.repeated:,}",
        _counted(outcome.codes) or "none",
        f"{max(outcome.back):.1f}",
    ]


def _counted(answers: Counter[str]) -> str:
    return ", ".join(f"{n:,} × {answer}" for answer, n in answers.items())


def on_postgres(
    store: Path, place: Path, outages: int, stack: ExitStack, lasting: float = _LASTING
) -> Run | None:
    """Do the same with a PostgreSQL server of our own; None where none is installed."""
    from tests.storage.postgres import Cluster, find_binaries

    binaries = find_binaries()
    if binaries is None:
        return None
    cluster = Cluster(binaries)
    stack.callback(cluster.remove)
    cluster.start()

    def harm(server: Server, outcome: Outcome) -> None:
        stop_in_turn(server, cluster, outages, outcome, lasting)

    return storm(store, place, cluster.new_database(), harm)


def scenes(place: Path, kills: int, outages: int, faults: int, stack: ExitStack) -> Iterator[tuple[str, Run]]:
    """Run one after the other; what this machine can't do is told and left out."""
    store = make_store(place / "store")
    if kills:
        killed = storm(
            store,
            place,
            f"sqlite:///{place}/fenban.db",
            lambda server, outcome: kill_in_turn(server, kills, outcome),
        )
        yield f"SQLite: {kills} × kill -9", killed
    if outages:
        stopped = on_postgres(store, place, outages, stack)
        if stopped:
            yield f"PostgreSQL: {outages} × stopped", stopped
    if not faults:
        return
    for disk, harm in ((on_full_disk, "disk full"), (on_read_only_disk, "disk failed")):
        try:
            yield f"SQLite: {faults} × {harm}", disk(store, place, faults, _LASTING)
        except NoDiskError as error:
            click.echo(f"left out: {harm}: {error}", err=True)
    yield f"{faults} × broken model put live", with_broken_models(store, place, faults, _LASTING)
    yield f"{faults} × rule file broken", with_broken_rules(store, place, faults, _LASTING)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kills", default=_KILLS, show_default=True, help="How often a process is killed.")
@click.option("--outages", default=_OUTAGES, show_default=True, help="How often PostgreSQL is stopped.")
@click.option(
    "--faults", default=_FAULTS, show_default=True, help="How often each of disk, model, rules is broken."
)
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option(
    "--part", default="chaos", show_default=True, help="Which part of the Markdown file to replace."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(
    kills: int, outages: int, faults: int, *, markdown: Path | None, part: str, json_file: Path | None
) -> None:
    """Kill, stop and break under load; exit with 1 where anything is lost, doubled, late or not told."""
    runs: dict[str, Run] = {}
    with TemporaryDirectory(prefix="fenban-chaos-") as place, ExitStack() as stack:
        for name, run in scenes(Path(place), kills, outages, faults, stack):
            runs[name] = run
            click.echo(", ".join(row_of(name, *run)), err=True)
    Report(_tables(runs), _figures(runs), _NOTE).publish(markdown, part, json_file)
    wrong = [text for name, run in runs.items() for text in _wrong(name, *run)]
    if wrong:
        raise click.ClickException(f"{len(wrong)} wrong, such as {wrong[0]}")


def _tables(runs: Mapping[str, Run]) -> list[Table]:
    harmed = [row_of(name, *run) for name, run in runs.items()]
    meanwhile = [
        [name, _counted(outcome.reads), _counted(outcome.readiness)]
        for name, (outcome, _) in runs.items()
        if outcome.reads
    ]
    tables = [Table("Killed, stopped and broken under load", _COLUMNS, harmed)]
    return [*tables, Table("What was answered meanwhile", _MEANWHILE, meanwhile)] if meanwhile else tables


def _figures(runs: Mapping[str, Run]) -> dict[str, Any]:
    return {
        name: {**found, "decided": len(outcome.decided), "judged": len(outcome.judged), "back": outcome.back}
        for name, (outcome, found) in runs.items()
    }


def _wrong(name: str, outcome: Outcome, found: dict[str, int]) -> Iterator[str]:
    yield from (f"{name}: {text}" for text in outcome.wrong)
    if any(found.values()):
        yield f"{name}: {found}"
    if max(outcome.back) > _WANTED_BACK:
        yield f"{name}: late"


if __name__ == "__main__":
    main()
