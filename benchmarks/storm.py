"""Case systems at work on a real service while harm is done to it, and what was acknowledged and is lost.

Clients repeat every request until it is answered, with an ``Idempotency-Key``
as docs/clients shows; afterwards each acknowledged decision and verdict is
looked for in the database.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.service_process import Answer, Connection, Server, fenban_command, free_port, request_bytes
from models.store import ModelStore
from router.site_files import load_site, sample_site
from router.storage.audit import Audit
from router.storage.database import open_database
from router.storage.tables import decisions, verdicts
from training.history import to_history
from training.train import train

__all__ = ["CLIENTS", "PATIENCE", "Clients", "Outcome", "Run", "judge", "make_store", "seconds_back", "storm"]

CLIENTS = 4
PATIENCE = 60.0
"""Seconds after which what doesn't happen is wrong."""
_TITLE, _BODY = "文昌街路灯不亮", "整条街的路灯坏了半年，晚上走路看不见，请尽快维修。" * 12


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
        Seconds until the service answered again, or had taken what is right.
    reads, readiness : Counter
        What reading and ``/readyz`` were answered in the meantime.
    """

    decided: dict[str, str] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    readiness: Counter[str] = field(default_factory=Counter)


Run = tuple[Outcome, dict[str, int]]
"""What happened, and how much of what was acknowledged is lost and doubled."""


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
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(CLIENTS)]

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
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(OSError, ValueError), Connection(self._port, 15) as connection:
                answer = connection.ask(request)
                if answer.status == 200:
                    return answer.json()
                self._note(answer)
            with self._lock:
                self._outcome.repeated += 1
            time.sleep(0.05)
        self._outcome.wrong.append(f"{path} was not answered within {PATIENCE:.0f} s")
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
    while time.monotonic() - since < PATIENCE:
        with suppress(OSError, ValueError), Connection(port, 5) as connection:
            if connection.ask(request).status == 200:
                break
        time.sleep(0.02)
    return time.monotonic() - since


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
    store: Path,
    place: Path,
    url: str,
    harm: Callable[[Server, Outcome], None],
    *,
    site: Path | None = None,
) -> Run:
    """Serve, load, do harm, and judge."""
    outcome, port = Outcome(), free_port()
    options = ("--database", url, "--log-level", "error")
    command = fenban_command(store, port, *options, site=site or sample_site())
    with Server(command, port, place / "log") as server, Clients(port, outcome):
        harm(server, outcome)
        time.sleep(0.5)
    return outcome, judge(url, outcome)


def make_store(folder: Path, versions: int = 1) -> Path:
    """Train on the descriptions of the sample site alone, which takes a moment; store that so many times."""
    site = load_site(sample_site())
    trained = train(to_history([], site), site)
    for _ in range(versions):
        ModelStore(folder).add(trained.model, trained.manifest, trained.lexicon)
    return folder
