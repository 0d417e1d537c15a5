from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.service_process import Server, fenban_command, free_port
from router.errors import StorageError
from router.storage.database import open_database
from router.storage.noted import check_noted, note_database, noted_elsewhere
from tests.commands import fenban, one_sentence, succeeded

URL = "postgresql://fenban:secret@db.example/fenban"
KEY = ("keys", "create", "erp", "--scope", "suggest")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    store = tmp_path / "store"
    store.mkdir()
    (store / "live").touch()
    return store


@pytest.fixture
def elsewhere(store: Path) -> Path:
    """Return a store whose service works with PostgreSQL."""
    note_database(open_database(URL), store)
    return store


def test_no_password_is_noted(elsewhere: Path) -> None:
    noted = (elsewhere.parent / ".store-database").read_text(encoding="utf-8")
    assert noted == "postgresql://db.example:5432/fenban\n"


@pytest.mark.parametrize(
    "command",
    [
        KEY,
        ("keys", "list"),
        ("users", "list"),
        ("users", "add", "wang", "--role", "admin", "--password-stdin"),
        ("audit", "verify"),
        ("retention", "--months", "1"),
        ("backup", "copy.db"),
        ("restore", "copy.db"),
        ("export", "verdicts", "-o", "v.csv"),
        ("replay", "0"),
        ("serve",),
    ],
    ids=" ".join,
)
def test_a_command_that_was_not_told_of_the_database_of_the_service_does_nothing(
    elsewhere: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(elsewhere.parent)
    said = one_sentence(fenban(*command, "--store", elsewhere, stdin=b"Qinghe-2026-lamp\n"))
    assert "postgresql://db.example:5432/fenban" in said
    assert str(elsewhere.parent / "fenban.db") in said
    assert "FENBAN_DATABASE" in said
    assert "--database" in said
    assert sorted(path.name for path in elsewhere.parent.iterdir()) == [".store-database", "store"]


def test_a_database_that_is_named_is_meant_and_the_difference_is_said(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{elsewhere.parent}/fenban.db"
    made = succeeded(fenban(*KEY, "--store", elsewhere, "--database", url))
    assert "注意" in made.stderr
    assert "db.example" in made.stderr
    monkeypatch.setenv("FENBAN_DATABASE", url)
    assert "db.example" in succeeded(fenban("keys", "list", "--store", elsewhere)).stderr


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("postgresql://other:another@db.example/fenban?sslmode=require", True),
        ("postgresql+psycopg://fenban@db.example:5432/fenban", True),
        ("postgresql:///fenban?host=db.example", True),
        ("postgresql://fenban@db.example:5433/fenban", False),
        ("postgresql://fenban@db.example/trial", False),
        ("postgresql://fenban@localhost/fenban", False),
    ],
)
def test_a_database_is_told_by_its_place_however_one_logs_in(elsewhere: Path, url: str, same: bool) -> None:
    assert (noted_elsewhere(open_database(url), elsewhere) == "") is same


def test_a_folder_that_is_moved_as_a_whole_keeps_its_database(store: Path, tmp_path: Path) -> None:
    note_database(open_database(f"{tmp_path}/fenban.db"), store)
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    check_noted(open_database(f"{moved}/fenban.db"), moved / "store", named=False)
    with pytest.raises(StorageError, match="other"):
        check_noted(open_database(f"{moved}/other.db"), moved / "store", named=False)


def test_a_store_reached_by_a_link_is_the_same_store(elsewhere: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(elsewhere)
    with pytest.raises(StorageError):
        check_noted(open_database(f"{tmp_path}/fenban.db"), tmp_path / "link", named=False)


def test_doctor_says_that_it_was_not_told_of_the_database(elsewhere: Path) -> None:
    found = json.loads(fenban("doctor", "--store", elsewhere, "--json", "-").stdout)["findings"]
    ((state, told),) = [(one["state"], one["message"]) for one in found if one["part"] == "数据库"]
    assert state == "error"
    assert "db.example" in told


def test_a_service_notes_its_database_and_the_next_one_is_asked_to_name_another(
    described_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "store").symlink_to(described_store)
    port, own = free_port(), tmp_path / "own.db"
    command = fenban_command(tmp_path / "store", port, "--database", f"sqlite:///{own}", "--workers", 1)
    with Server(command, port, tmp_path / "log"):
        assert str(own) in one_sentence(fenban(*KEY, "--store", tmp_path / "store"))
    assert str(own) in one_sentence(fenban("serve", "--store", tmp_path / "store", "--port", free_port()))
    (described_store.parent / ".store-database").unlink()
