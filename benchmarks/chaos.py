"""What is lost when processes are killed and the database goes away under load: it should be nothing.

``python benchmarks/chaos.py`` serves the sample site to clients that repeat
every request until it is answered, with an ``Idempotency-Key`` as docs/clients
shows. Meanwhile workers and the master are killed with ``kill -9`` in turn,
the master is started again as systemd would, and a PostgreSQL server is
stopped and started. Then what was acknowledged is looked for in the database.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from sqlalchemy import select

from benchmarks.reporting import Report, Table
from benchmarks.service_process import Answer, Connection, Server, fenban_command, free_port, request_bytes
from models.store import ModelStore
from router.site_files import load_site, sample_site
from router.storage.audit import Audit
from router.storage.database import open_database
from router.storage.tables import decisions, verdicts
from training.history import to_history
from training.train import train

__all__ = ["Clients", "Outcome", "judge", "main", "storm"]

_KILLS = 20
_OUTAGES = 4
_OUTAGE = 3.0
_BETWEEN = 2.0
_CLIENTS = 4
_PATIENCE = 60.0
_WANTED_BACK = 5.0
_TITLE, _BODY = "文昌街路灯不亮", "整条街的路灯坏了半年，晚上走路看不见，请尽快维修。" * 12
_NOTE = (
    f"{_CLIENTS} clients on this machine repeat each request until it is answered; every third decision gets "
    "a verdict. Back: from the kill, or from the start of PostgreSQL, to the next answered suggestion."
)


@dataclass
class Outcome:
    """What clients were told, and what was found afterwards.

    Parameters
    ----------
    decided, judged : dict
        Ids that were acknowledged, by ``Idempotency-Key``.
    repeated : int
        Requests that had to be sent again.
    codes : Counter
        Of problems that were answered meanwhile.
    wrong : list of str
        What must not happen.
    back : list of float
        Seconds until the service answered again.
    """

    decided: dict[str, str] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    back: list[float] = field(default_factory=list)


class Clients:
    """Case systems that send cases and verdicts until told to stop.

    Parameters
    ----------
    port : int
    outcome : Outcome
    """

    def __init__(self, port: int, outcome: Outcome) -> None:
        self._port, self._outcome = port, outcome
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(_CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _work(self, client: int) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            key = f"{client}-{number}"
            case = {"case_id": key, "kind": "建议", "title": _TITLE, "body": f"{_BODY}{key}"}
            answer = self._until_answered("/api/v1/suggest", f"s{key}", case)
            if answer is None:
                return
            decision = answer["decision_id"]
            self._outcome.decided[key] = decision
            if number % 3 == 0:
                given = {"decision_id": decision, "kind": "accepted"}
                told = self._until_answered("/api/v1/verdicts", f"v{key}", given)
                if told is None:
                    return
                self._outcome.judged[key] = told["verdict_id"]

    def _until_answered(self, path: str, key: str, body: object) -> Any:
        """Send a request as often as it takes; None where that takes too long."""
        request = request_bytes("POST", path, body, {"Idempotency-Key": key})
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with suppress(OSError, ValueError), Connection(self._port, 15) as connection:
                answer = connection.ask(request)
                if answer.status == 200:
                    return answer.json()
                self._note(answer)
            with self._lock:
                self._outcome.repeated += 1
            time.sleep(0.05)
        self._outcome.wrong.append(f"{path} was not answered within {_PATIENCE:.0f} s")
        return None

    def _note(self, answer: Answer) -> None:
        with self._lock:
            try:
                code = answer.json()["code"]
            except (ValueError, KeyError):
                code = f"no problem+json, {answer.body[:80]!r}"
            self._outcome.codes[f"{answer.status} {code}"] += 1
            if answer.status != 503:
                self._outcome.wrong.append(f"answered {answer.status} {code}")


def seconds_back(port: int, since: float) -> float:
    """Wait until a suggestion is answered on a new connection; return the seconds `since`."""
    probe = {"title": _TITLE, "case_id": f"back-{since}"}
    request = request_bytes("POST", "/api/v1/suggest", probe, {"Idempotency-Key": f"back-{since}"})
    while time.monotonic() - since < _PATIENCE:
        with suppress(OSError, ValueError), Connection(port, 5) as connection:
            if connection.ask(request).status == 200:
                break
        time.sleep(0.02)
    return time.monotonic() - since


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
    server: Server, cluster: Any, outages: int, outcome: Outcome, lasting: float = _OUTAGE
) -> None:
    """Stop PostgreSQL, in turn orderly and not, and start it after a while."""
    for turn in range(outages):
        time.sleep(_BETWEEN)
        before = sum(outcome.codes.values())
        cluster.stop("immediate" if turn % 2 else "fast")
        time.sleep(lasting)
        if sum(outcome.codes.values()) == before:
            outcome.wrong.append("nobody was told that the database is away")
        cluster.start()
        since = time.monotonic()
        outcome.back.append(seconds_back(server.port, since))
        click.echo(f"stopped {turn + 1} of {outages}, back in {outcome.back[-1]:.1f} s", err=True)


def judge(url: str, outcome: Outcome) -> dict[str, int]:
    """Look for what was acknowledged; return how many are lost and doubled."""
    database = open_database(url, create=False)
    with database.read() as connection:
        stored = connection.execute(select(decisions.c.seq, decisions.c.id, decisions.c.case_ref)).all()
        given = connection.execute(select(verdicts.c.id, verdicts.c.decision_ref)).all()
    sound = Audit(database).verify().sound
    database.close()
    if not sound:
        outcome.wrong.append("the audit log does not fit together")
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            outcome.wrong += [row for (row,) in file.execute("PRAGMA integrity_check") if row != "ok"]
    ids = {row.id for row in stored}
    verdict_ids = {row.id for row in given}
    of_case = Counter(row.case_ref for row in stored)
    of_decision = Counter(row.decision_ref for row in given)
    return {
        "lost": len(set(outcome.decided.values()) - ids) + len(set(outcome.judged.values()) - verdict_ids),
        "doubled": sum(n - 1 for n in of_case.values()) + sum(n - 1 for n in of_decision.values()),
    }


def storm(
    store: Path, place: Path, url: str, harm: Callable[[Server, Outcome], None]
) -> tuple[Outcome, dict[str, int]]:
    """Serve, load, do harm, and judge."""
    outcome, port = Outcome(), free_port()
    command = fenban_command(store, port, "--database", url, "--log-level", "error", site=sample_site())
    with Server(command, port, place / "log") as server, Clients(port, outcome):
        harm(server, outcome)
        time.sleep(0.5)
    return outcome, judge(url, outcome)


def make_store(folder: Path) -> Path:
    """Train on the descriptions of the sample site alone, which takes a moment."""
    site = load_site(sample_site())
    trained = train(to_history([], site), site)
    ModelStore(folder).add(trained.model, trained.manifest, trained.lexicon)
    return folder


def row_of(name: str, done: str, outcome: Outcome, found: dict[str, int]) -> list[str]:
    """Return a row of the table."""
    return [
        name,
        done,
        f"{len(outcome.decided):,} / {len(outcome.judged):,}",
        f"{found['lost']} / {found['doubled']}",
        str(outcome.repeated),
        ", ".join(f"{n} × {code}" for code, n in outcome.codes.items()) or "none",
        f"{max(outcome.back):.1f}",
    ]


_COLUMNS = [
    "",
    "harm",
    "decisions / verdicts acknowledged",
    "lost / doubled",
    "sent again",
    "answered instead",
    "back within s",
]


def on_postgres(
    store: Path, place: Path, outages: int, stack: ExitStack, lasting: float = _OUTAGE
) -> tuple[Outcome, dict[str, int]] | None:
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


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kills", default=_KILLS, show_default=True, help="How often a process is killed.")
@click.option("--outages", default=_OUTAGES, show_default=True, help="How often PostgreSQL is stopped.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the tables into this file."
)
@click.option(
    "--part", default="chaos", show_default=True, help="Which part of the Markdown file to replace."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(kills: int, outages: int, *, markdown: Path | None, part: str, json_file: Path | None) -> None:
    """Kill and stop under load; exit with 1 where anything is lost, doubled or late."""
    runs: dict[str, tuple[str, Outcome, dict[str, int]]] = {}
    with TemporaryDirectory(prefix="fenban-chaos-") as name, ExitStack() as stack:
        place = Path(name)
        store = make_store(place / "store")
        if kills:
            url = f"sqlite:///{place}/fenban.db"
            killed = storm(store, place, url, lambda server, outcome: kill_in_turn(server, kills, outcome))
            runs["SQLite"] = (f"{kills} × kill -9", *killed)
        stopped = on_postgres(store, place, outages, stack) if outages else None
        if stopped:
            runs["PostgreSQL"] = (f"{outages} × stopped", *stopped)
    rows = [row_of(name, done, outcome, found) for name, (done, outcome, found) in runs.items()]
    figures = {
        name: {**found, "decided": len(outcome.decided), "judged": len(outcome.judged), "back": outcome.back}
        for name, (_, outcome, found) in runs.items()
    }
    Report([Table("Killed and stopped under load", _COLUMNS, rows)], figures, _NOTE).publish(
        markdown, part, json_file
    )
    wrong = [text for _, outcome, _ in runs.values() for text in outcome.wrong]
    wrong += [f"{name}: {found}" for name, (_, _, found) in runs.items() if any(found.values())]
    wrong += [f"{name}: late" for name, (_, outcome, _) in runs.items() if max(outcome.back) > _WANTED_BACK]
    if wrong:
        raise click.ClickException(f"{len(wrong)} wrong, such as {wrong[0]}")


if __name__ == "__main__":
    main()
