"""A disk without room is called that, and it is the right one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.storage.database import open_database
from router.storage.journal import Journal
from tests.commands import fenban, one_sentence, succeeded
from tests.disks import small_disk

from .cases import new_decision


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "400k") as place:
        yield place


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return


def filled(place: Path) -> list[object]:
    """Make a store, and a database too large for the disk together with a copy of it."""
    (place / "store").mkdir(parents=True)
    (place / "store" / "live").write_text("2026-03-02.1\n")
    database = open_database(f"sqlite:///{place}/fenban.db")
    Journal(database).record(new_decision())
    database.close()
    return ["--store", place / "store"]


def test_a_database_that_cannot_even_be_opened_for_want_of_room(disk: Path, tmp_path: Path) -> None:
    store = filled(disk)
    fill(disk)
    for name in ("copy.db", "copy.tar"):
        said = one_sentence(fenban("backup", tmp_path / name, *store))
        assert "磁盘已满" in said
        assert "fenban.db" in said
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["copy.db", "copy.tar"])
def test_a_backup_that_does_not_fit(disk: Path, tmp_path: Path, name: str) -> None:
    store = filled(tmp_path / "var")
    fill(disk)
    said = one_sentence(fenban("backup", disk / name, *store))
    assert said.startswith(f"错误：{disk / name}：磁盘已满")
    assert [path.name for path in disk.iterdir()] == ["filler"]


@pytest.mark.parametrize("name", ["copy.db", "copy.tar"])
def test_what_is_put_back_and_does_not_fit(disk: Path, tmp_path: Path, name: str) -> None:
    succeeded(fenban("backup", tmp_path / name, *filled(tmp_path / "var")))
    fill(disk)
    said = one_sentence(fenban("restore", tmp_path / name, "--store", disk / "store"))
    assert said.startswith(f"错误：{disk}/")
    assert "磁盘已满" in said
    assert [path.name for path in disk.iterdir()] == ["filler"]
    (disk / "filler").unlink()
    with closing(sqlite3.connect(tmp_path / "var" / "fenban.db")) as connection:
        connection.execute("CREATE TABLE large AS SELECT zeroblob(600000) AS content")
        connection.commit()
    (tmp_path / name).unlink()
    succeeded(fenban("backup", tmp_path / name, "--store", tmp_path / "var" / "store"))
    said = one_sentence(fenban("restore", tmp_path / name, "--store", disk / "store"))
    assert said.startswith(f"错误：{disk}/fenban.db：磁盘已满")
    assert list(disk.iterdir()) == []


def test_a_backup_that_cannot_be_read_is_not_called_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "copy.tar").symlink_to("/proc/self/mem")  # a file whose beginning is an I/O error
    said = one_sentence(fenban("restore", tmp_path / "copy.tar", "--store", tmp_path / "var" / "store"))
    assert said.startswith(f"错误：{tmp_path / 'copy.tar'}：备份文件读不出来")
