"""Several processes on one database, and processes that are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from router.errors import StorageUnavailableError
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.limits import Limits
from router.storage.records import Idempotency, new_id
from router.storage.sqlite import Sqlite

from .cases import new_decision
from .conftest import Clock
from .postgres import Cluster
from .processes import start


def at_work(what: str, url: str, processes: int, n: int = 0) -> list[subprocess.Popen[str]]:
    """Let some processes begin the same at the same time."""
    started = [start(what, url, n) for _ in range(processes)]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    return started


def race(what: str, url: str, processes: int, n: int = 0) -> list[list[str]]:
    """Let some processes do the same at the same time; return what each printed."""
    started = at_work(what, url, processes, n)
    printed = [process.communicate(timeout=60)[0].splitlines() for process in started]
    assert [process.returncode for process in started] == [0] * processes
    return printed


def test_of_equal_requests_at_once_one_is_stored_and_all_get_its_answer(url: str, journal: Journal) -> None:
    printed = race("same", url, processes=3, n=15)
    for turn in zip(*printed, strict=True):
        ids, repeated = zip(*(line.split() for line in turn), strict=True)
        assert len(set(ids)) == 1
        assert sorted(repeated) == ["False", "True", "True"]
    assert len(journal.decisions()) == 15


def test_of_equal_requests_in_threads_one_is_stored(journal: Journal) -> None:
    def once(_: int) -> str:
        new = new_decision()
        return str(journal.record(new, Idempotency("key:erp", "k", b"{}")).answer["decision_id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(once, range(24)))) == 1
    assert len(journal.decisions()) == 1


def test_the_chain_is_whole_however_many_write_at_once(url: str, audit: Audit) -> None:
    race("chain", url, processes=3, n=40)
    assert audit.verify().count == 120
    assert audit.verify().sound


def test_a_name_is_taken_by_one(url: str) -> None:
    assert sorted(race("key", url, processes=3)) == [["made"], ["refused"], ["refused"]]


def test_a_limit_holds_for_all_workers_together(url: str) -> None:
    printed = race("limit", url, processes=3, n=20)
    assert sum(line == "True" for lines in printed for line in lines) == 25


def test_limits_that_end_together_do_not_hold_each_other_up(database: Database, clock: Clock) -> None:
    together = Barrier(8)

    def take(name: int) -> float:
        together.wait()
        return Limits(database).take(f"key:{name}", 600)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(12):
            assert list(pool.map(take, range(8))) == [0.0] * 8
            clock.pass_by(seconds=61)


def test_batches_of_the_same_numbers_do_not_hold_each_other_up(journal: Journal) -> None:
    def store(kinds: tuple[str, str]) -> None:
        one = new_decision("028")
        batch = [replace(one, id=new_id(), proposal=replace(one.proposal, kind=kind)) for kind in kinds]
        journal.record_many([(new, None) for new in batch])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, [("建议", "提案"), ("提案", "建议")] * 40))
    assert len(journal.decisions(limit=200)) == 160


def test_workers_that_start_together_on_an_empty_database(tmp_path: Path, cluster: Cluster) -> None:
    for url in (f"sqlite:///{tmp_path}/new/fenban.db", cluster.new_database()):
        race("prepare", url, processes=3)
        database = open_database(url, create=False)
        assert Journal(database).decisions() == []
        database.close()


def test_whoever_follows_the_list_misses_nothing_that_is_stored_meanwhile(url: str, journal: Journal) -> None:
    writers = at_work("write", url, processes=2)
    seen: list[str] = []
    try:
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            seen += [d.id for d in journal.decisions(after=seen[-1] if seen else None, limit=20)]
    finally:
        for process in writers:
            process.kill()
            process.communicate()
    while more := journal.decisions(after=seen[-1] if seen else None):
        seen += [d.id for d in more]
    stored: list[str] = []
    while more := journal.latest(before=stored[-1] if stored else None):
        stored += [d.id for d in more]
    assert len(seen) > 20
    assert seen == stored[::-1]


def test_nor_a_verdict_that_is_given_meanwhile(url: str, journal: Journal) -> None:
    decided = journal.record(new_decision()).answer["decision_id"]
    judges = at_work("judge", url, processes=2)
    seen: list[str] = []
    try:
        until = time.monotonic() + 1.2
        while time.monotonic() < until:
            seen += [v.id for v in journal.all_verdicts(after=seen[-1] if seen else None, limit=20)]
    finally:
        for process in judges:
            process.kill()
            process.communicate()
    while more := journal.all_verdicts(after=seen[-1] if seen else None):
        seen += [v.id for v in more]
    assert len(seen) > 20
    assert sorted(seen) == sorted(v.id for v in journal.verdicts(decided))


@pytest.mark.parametrize("after", [0.2, 0.45, 0.8])
def test_a_killed_process_loses_nothing_that_it_told(url: str, database: Database, after: float) -> None:
    (process,) = at_work("write", url, processes=1)
    assert process.stdout
    first = process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    told = [first, *process.communicate()[0].splitlines(keepends=True)]
    told = [line.strip() for line in told if line.endswith("\n")]
    with database.read() as connection:
        ids = (
            connection.execute(text("SELECT id FROM decisions UNION ALL SELECT id FROM verdicts"))
            .scalars()
            .all()
        )
        cases = connection.execute(text("SELECT count(*) FROM cases")).scalar_one()
        decisions = connection.execute(text("SELECT count(*) FROM decisions")).scalar_one()
    assert set(told) <= set(ids)
    assert len(ids) - len(told) <= 1  # stored, but killed before it was told
    assert len(ids) == len(set(ids))
    assert cases == decisions
    assert Audit(database).verify().sound
    if isinstance(database.backend, Sqlite):
        with closing(sqlite3.connect(database.backend.path)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_stopped_writer_keeps_others_waiting_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.storage.sqlite._PATIENCE", 0.3)
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    journal = Journal(database)
    journal.record(new_decision())
    with closing(sqlite3.connect(tmp_path / "fenban.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        database.close()  # so that the next connection has the shorter patience
        with pytest.raises(StorageUnavailableError, match="占用"):
            journal.record(new_decision())
        assert len(journal.decisions()) == 1
        other.rollback()
    journal.record(new_decision())
    holding = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], 0), 2); print(1, flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    holder.stdout.readline()
    with pytest.raises(StorageUnavailableError, match="占用"):
        journal.record(new_decision())
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    journal.record(new_decision())
    database.close()
