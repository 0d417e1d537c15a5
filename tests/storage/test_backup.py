from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from router.errors import OutputError, StorageError
from router.storage.audit import Audit
from router.storage.backup import back_up, restore
from router.storage.database import Database, open_database, utc_now
from router.storage.journal import Journal

from .cases import new_decision
from .postgres import Cluster


@pytest.fixture
def file(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    Journal(database).record(new_decision())
    Audit(database).add("user:zhang", "login", "zhang")
    return database


def ids(database: Database) -> list[str]:
    return [d.id for d in Journal(database).decisions(limit=10_000)]


def test_what_was_backed_up_is_put_back_and_the_other_is_kept(file: Database, tmp_path: Path) -> None:
    before = ids(file)
    back_up(file, tmp_path / "copy.db")
    Journal(file).record(new_decision("later"))
    restored = restore(tmp_path / "copy.db", file, utc_now())
    assert ids(file) == before
    assert restored.audit.sound
    assert restored.audit.count == 1
    assert restored.kept is not None
    other = open_database(f"sqlite:///{restored.kept}", create=False)
    assert len(ids(other)) == 2
    other.close()
    file.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["copy.db", "fenban.db", restored.kept.name])


def test_two_restores_within_a_second_keep_both_databases(file: Database, tmp_path: Path) -> None:
    back_up(file, tmp_path / "copy.db")
    now = utc_now()
    kept = [restore(tmp_path / "copy.db", file, now).kept for _ in range(3)]
    file.close()
    assert len({path for path in kept if path and path.is_file()}) == 3


def test_a_copy_can_be_made_while_others_write(file: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        journal = Journal(file)
        n = 0
        while not stop.is_set():
            journal.record(new_decision(str(n)))
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    for n in range(4):
        back_up(file, tmp_path / f"copy{n}.db")
    stop.set()
    writer.join()
    all_ids = ids(file)
    for n in range(4):
        copy = open_database(f"sqlite:///{tmp_path}/copy{n}.db", create=False)
        found = ids(copy)
        assert found == all_ids[: len(found)]
        assert found
        copy.close()
    file.close()


def test_a_copy_is_for_its_owner_only_and_one_file(file: Database, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    back_up(file, tmp_path / "to" / "copy.db")
    (copy,) = (tmp_path / "to").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    file.close()


def test_nothing_is_overwritten(file: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("last year")
    with pytest.raises(OutputError, match="不覆盖"):
        back_up(file, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "last year"
    with pytest.raises(OutputError, match="无法写入"):
        back_up(file, tmp_path / "none" / "copy.db")
    file.close()


def test_a_running_service_is_not_pulled_away_from(file: Database, tmp_path: Path) -> None:
    back_up(file, tmp_path / "copy.db")
    service = open_database(f"sqlite:///{tmp_path}/fenban.db")
    before = ids(service)
    with pytest.raises(StorageError, match="先停止服务"):
        restore(tmp_path / "copy.db", file, utc_now())
    assert ids(service) == before
    service.close()
    file.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.db", "fenban.db"]


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_copy_is_refused_and_the_database_stays(
    file: Database, tmp_path: Path, content: bytes
) -> None:
    before = ids(file)
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(StorageError, match="损坏"):
        restore(tmp_path / "copy.db", file, utc_now())
    assert ids(file) == before
    with pytest.raises(StorageError, match="没有这个备份文件"):
        restore(tmp_path / "none.db", file, utc_now())
    file.close()


def test_a_copy_cut_in_half_is_refused(file: Database, tmp_path: Path) -> None:
    for n in range(50):
        Journal(file).record(new_decision(str(n)))
    back_up(file, tmp_path / "copy.db")
    whole = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "copy.db").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StorageError, match="损坏"):
        restore(tmp_path / "copy.db", file, utc_now())
    assert len(ids(file)) == 51
    file.close()


def test_a_damaged_database_can_be_replaced(file: Database, tmp_path: Path) -> None:
    before = ids(file)
    back_up(file, tmp_path / "copy.db")
    file.close()
    (tmp_path / "fenban.db").write_bytes(b"garbage" * 1000)
    restore(tmp_path / "copy.db", file, utc_now())
    assert ids(file) == before
    file.close()


def test_a_copy_can_be_put_where_nothing_was(file: Database, tmp_path: Path) -> None:
    back_up(file, tmp_path / "copy.db")
    new = open_database(f"sqlite:///{tmp_path}/elsewhere/fenban.db")
    assert restore(tmp_path / "copy.db", new, utc_now()).kept is None
    assert ids(new) == ids(file)
    new.close()
    file.close()


def test_postgresql_brings_its_own_tools(cluster: Cluster, tmp_path: Path) -> None:
    database = open_database(cluster.url())
    with pytest.raises(StorageError, match="pg_dump"):
        back_up(database, tmp_path / "copy")
    with pytest.raises(StorageError, match="pg_restore"):
        restore(tmp_path / "copy", database, utc_now())
    assert list(tmp_path.iterdir()) == []
