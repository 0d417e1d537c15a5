from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.service_process import Server, fenban_command, free_port
from router.errors import StorageError
from router.storage.database import Database, open_database
from router.storage.in_use import replacing, serving
from router.storage.journal import Journal
from tests.commands import fenban, one_sentence, succeeded

from .cases import new_decision
from .postgres import Cluster


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/data/fenban.db")
    yield database
    database.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_several_may_serve_and_none_while_something_is_put_back(database: Database, tmp_path: Path) -> None:
    store = tmp_path / "store"
    stopped = pytest.raises(StorageError, match="先停止服务")
    with serving(database, store), serving(database, store), stopped, replacing(database, store):
        pass
    waits = pytest.raises(StorageError, match="正在从备份恢复")
    with replacing(database, store), waits, serving(database, store):
        pass
    assert names(tmp_path) == ["data"]
    assert names(tmp_path / "data") == []


def test_database_and_store_count_each_by_itself(database: Database, tmp_path: Path) -> None:
    other = open_database(f"sqlite:///{tmp_path}/other.db")
    with serving(database, tmp_path / "store"):
        for one, store in ((database, tmp_path / "other"), (other, tmp_path / "store")):
            with pytest.raises(StorageError, match="先停止服务"), replacing(one, store):
                pass
        with replacing(other, tmp_path / "other"):
            pass
    other.close()


def test_a_database_put_back_alone_asks_nothing_of_a_store(tmp_path: Path) -> None:
    url, copy = f"sqlite:///{tmp_path}/fenban.db", tmp_path / "copy.db"
    database = open_database(url)
    Journal(database).record(new_decision())
    database.close()
    succeeded(fenban("backup", copy, "--database", url))
    with serving(database, tmp_path / "elsewhere"):
        assert "先停止服务" in one_sentence(fenban("restore", copy, "--database", url))
    other = open_database(f"sqlite:///{tmp_path}/other.db")
    with serving(other, tmp_path / "store"):
        place = ("--database", url, "--store", tmp_path / "store")
        succeeded(fenban("restore", copy, *place))
    other.close()


def test_of_postgresql_only_the_store_is_watched(cluster: Cluster, tmp_path: Path) -> None:
    database = open_database(cluster.url())
    store, stopped = tmp_path / "store", pytest.raises(StorageError, match="先停止服务")
    with serving(database, store), stopped, replacing(database, store):
        pass
    database.close()


def test_a_folder_that_cannot_be_written_keeps_no_service_from_starting(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("no folder")
    entered = False
    with serving(database, tmp_path / "store"):
        entered = True
    assert entered


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time; from router.storage.database import open_database;"
        "from router.storage.in_use import serving\n"
        f"with serving(open_database('{tmp_path}/fenban.db'), pathlib.Path('{tmp_path}/store')):\n"
        "    print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        database = open_database(f"{tmp_path}/fenban.db")
        with pytest.raises(StorageError, match="先停止服务"), replacing(database, tmp_path / "store"):
            pass
        process.kill()
        process.wait()
        with replacing(database, tmp_path / "store"):
            pass
        database.close()


def test_nothing_is_put_back_under_a_service_that_nobody_has_asked_yet(
    described_store: Path, tmp_path: Path
) -> None:
    place, port = tmp_path / "var", free_port()
    shutil.copytree(described_store, place / "store")
    database = open_database(f"sqlite:///{place}/fenban.db")
    Journal(database).record(new_decision())
    database.close()
    store, before = ("--store", place / "store"), (place / "fenban.db").stat().st_ino
    for copy in ("copy.db", "copy.tar"):
        succeeded(fenban("backup", tmp_path / copy, *store))
    # /healthz alone is asked: it opens no database
    with Server(fenban_command(place / "store", port), port, tmp_path / "log", ready="/healthz") as server:
        for copy in ("copy.db", "copy.tar"):
            assert "先停止服务" in one_sentence(fenban("restore", tmp_path / copy, *store))
        os.kill(server.pid, signal.SIGKILL)  # its workers serve until they notice
        _until_restored(tmp_path / "copy.tar", *store)
    assert (place / "fenban.db").stat().st_ino != before
    assert not [name for name in names(place) if name.endswith("-serving")]


def _until_restored(*arguments: object) -> None:
    until = time.monotonic() + 20
    while fenban("restore", *arguments).exit_code:
        assert time.monotonic() < until
        time.sleep(0.1)
