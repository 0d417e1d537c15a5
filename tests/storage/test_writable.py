from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from router.doctor import State
from router.errors import StorageUnavailableError
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.soundness import check_database
from router.storage.writable import check_writable

from .cases import new_decision

Holder = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def held(url: str) -> Holder:
    """Return what keeps everybody else from storing, as another program would."""

    @contextmanager
    def hold() -> Iterator[None]:
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                yield
        else:
            with psycopg.connect(url) as other:
                other.execute("LOCK TABLE decisions IN SHARE MODE")
                yield

    return hold


def test_what_can_store_is_writable_and_stays_as_it_is(database: Database, journal: Journal) -> None:
    new = new_decision()
    journal.record(new)
    before = journal.decision(new.id)
    check_writable(database)
    assert journal.decision(new.id) == before


def test_a_database_that_another_program_holds_is_not_until_it_lets_go(
    database: Database, held: Holder
) -> None:
    database.prepare()
    with held():
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError, match=r"等了 0.2 秒"):
            check_writable(database, 0.2)
        assert time.monotonic() - began < 2
        with database.read():
            pass
    check_writable(database, 0.2)


def test_doctor_says_that_nothing_can_be_stored(url: str, held: Holder) -> None:
    database = open_database(url, create=False)
    with held():
        found, *_ = check_database(database)
    assert found.state is State.ERROR
    assert "占用" in found.message
    assert next(check_database(database)).state is State.GOOD
    database.close()


def test_a_database_that_only_reads_is_not_writable(database: Database, url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("root may write to any file; see tests/web/test_health.py")
    database.prepare()
    name = url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    try:
        database.close()
        with pytest.raises(StorageUnavailableError, match="只读"):
            check_writable(database)
    finally:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("SET default_transaction_read_only = off")
            owner.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


def test_writers_that_follow_each_other_do_not_look_like_one_that_holds(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    database.prepare()
    stopped = threading.Event()

    def write() -> None:
        while not stopped.is_set():
            with database.write(durable=False):
                time.sleep(0.002)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(10):
            check_writable(database, 2.0)
    finally:
        stopped.set()
        for writer in writers:
            writer.join()
        database.close()
