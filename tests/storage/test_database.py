from __future__ import annotations

import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from router.errors import StorageError, StorageUnavailableError, UsageError
from router.storage import postgres, schema
from router.storage.accounts import Accounts
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.sqlite import Sqlite
from router.storage.tables import APPEND_ONLY, audit, metadata
from router.verdict import Verdict, VerdictKind

from .cases import new_decision
from .postgres import Cluster, find_binaries


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/fenban.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database()


def filled(journal: Journal) -> None:
    new = new_decision()
    journal.record(new)
    journal.verdict(new.id, Verdict(VerdictKind.ACCEPTED), "user:zhang")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET seq = seq",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE seq = 1",
    ],
)
def test_the_database_refuses_to_change_what_is_only_added_to(
    journal: Journal, database: Database, table: str, statement: str
) -> None:
    filled(journal)
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(text(statement.format(table=table)))
    with database.read() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_not_even_in_bulk_or_by_replacing(journal: Journal, database: Database, table: str) -> None:
    filled(journal)
    replacing = isinstance(database.backend, Sqlite)
    statement = (
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" if replacing else f"TRUNCATE {table} CASCADE"
    )
    with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
        connection.execute(text(statement))


def test_another_process_that_looks_in_does_not_take_the_log_away(tmp_path: Path) -> None:
    path = tmp_path / "fenban.db"
    database = open_database(f"sqlite:///{path}")
    journal = Journal(database)
    journal.record(new_decision("1"))
    open_database(f"sqlite:///{path}").prepare()  # closing the file itself would end the locks of SQLite
    look = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM decisions').close()"
    subprocess.run([sys.executable, "-c", look, path], check=True)
    assert Path(f"{path}-wal").exists()
    journal.record(new_decision("2"))
    assert [one.case_id for one in journal.decisions()] == ["1", "2"]
    database.close()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nor_to_who_opens_the_file_with_other_tools(tmp_path: Path, table: str) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    filled(Journal(database))
    database.close()
    with closing(sqlite3.connect(tmp_path / "fenban.db")) as raw:
        columns = "seq" if table == "audit" else "id"
        for statement in (
            f"UPDATE {table} SET seq = 9",
            f"DELETE FROM {table}",
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} ORDER BY {columns}",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)


def test_the_newest_migration_is_the_revision_of_the_program() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_migrations_lead_to_the_tables_of_today(empty_url: str) -> None:
    database = open_database(empty_url)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


REVISIONS = ["0001", "0002", "0003", "0004", "0005"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_filled_database_of_every_revision_comes_up_with_what_it_holds(
    empty_url: str, revision: str
) -> None:
    database = open_database(empty_url)
    if isinstance(database.backend, Sqlite):
        database.backend.make()
    with database._writing() as connection:
        schema.upgrade(connection, revision)
        connection.execute(
            text(
                "INSERT INTO audit (seq, at, actor, action, subject, details, previous, hash)"
                " VALUES (1, '2026-03-02 08:00:00', 'a', 'b', 'c', '{}', '', '')"
            )
        )
    with database.read() as connection:
        assert schema.revision_of(connection) == schema.REVISION
        assert connection.execute(select(audit.c.actor)).scalars().all() == ["a"]
    database.close()


def test_passwords_from_before_an_upgrade_stay_as_they_are(empty_url: str) -> None:
    database = open_database(empty_url)
    if isinstance(database.backend, Sqlite):
        database.backend.make()
    with database._writing() as connection:
        schema.upgrade(connection, "0002")
        values = "'zhang', '', 'clerk', '', '2026-03-02', 'command:root', '2026-03-02', 0"
        columns = "name, password_hash, role, section, created_at, created_by, password_at, failed"
        connection.execute(text(f"INSERT INTO users ({columns}) VALUES ({values})"))
    assert [user.provisional for user in Accounts(database).list()] == [False]
    database.close()


def test_samples_of_texts_from_before_an_upgrade_are_forgotten(cluster: Cluster) -> None:
    database = open_database(cluster.new_database())
    with database._writing() as connection:
        schema.upgrade(connection, "0004")
    with database._writing() as connection:
        columns = (
            "source, level, session, kind, case_id, identity, created_at, revision, text_digest, decision"
        )
        values = ", ".join(["''"] * 6 + ["now()", "1", "''", "''"])
        connection.execute(text(f"INSERT INTO cases ({columns}) VALUES ({values})"))
        rows = "SELECT ref, n, '灯', '', '', '', now() FROM cases, generate_series(1, 99) n"
        connection.execute(text(f"INSERT INTO texts {rows}"))
        connection.execute(text("ANALYZE texts"))
    samples = text("SELECT count(*) FROM pg_stats WHERE tablename = 'texts' AND attname IN ('title', 'body')")
    with database.read() as connection:
        assert schema.revision_of(connection) == schema.REVISION
        assert connection.execute(samples).scalar_one() == 0
        connection.execute(text("ANALYZE texts"))
        assert connection.execute(samples).scalar_one() == 0
    database.close()


def test_preparing_again_changes_nothing(empty_url: str) -> None:
    for _ in range(2):
        database = open_database(empty_url)
        database.prepare()
        database.prepare()
        filled(Journal(database))
        database.close()
    assert len(Journal(database).decisions()) == 2
    database.close()


def test_a_database_of_a_newer_program_is_refused(database: Database, url: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = open_database(url)
    with pytest.raises(StorageError, match="更新版本") as error:
        newer.prepare()
    assert not isinstance(error.value, StorageUnavailableError)
    newer.close()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": schema.REVISION})


def test_a_failed_migration_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(connection: object, to: str = "head") -> None:
        upgrade(connection, to)  # type: ignore[arg-type]
        raise RuntimeError

    upgrade = schema.upgrade
    monkeypatch.setattr(schema, "upgrade", fails)
    database = open_database(empty_url)
    with pytest.raises(RuntimeError):
        database.prepare()
    monkeypatch.undo()
    with database._engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    filled(Journal(database))
    database.close()


def test_moments_are_utc_inside_and_carry_a_zone_outside(database: Database) -> None:
    at = datetime(2026, 3, 2, 16, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    row = {
        "seq": 1,
        "at": at,
        "actor": "",
        "action": "",
        "subject": "",
        "details": "",
        "previous": "",
        "hash": "",
    }
    with database.write() as connection:
        connection.execute(insert(audit), row)
    with database.read() as connection:
        (read,) = connection.execute(select(audit.c.at)).scalars()
        raw = connection.execute(text("SELECT CAST(at AS TEXT) FROM audit")).scalar_one()
    assert (read, read.tzinfo) == (at, UTC)
    assert raw.startswith("2026-03-02 08:00:00.123456")


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/new/fenban.db")
    filled(Journal(database))
    for path in (tmp_path / "new").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    database.close()


def test_a_mere_path_means_sqlite(tmp_path: Path) -> None:
    assert open_database(f"{tmp_path}/fenban.db").place == f"{tmp_path}/fenban.db"


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "://", "nonsense://"])
def test_an_address_of_something_else_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="数据库地址"):
        open_database(url)


def test_a_database_that_must_be_there_and_is_not(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="没有这个数据库"):
        open_database(f"sqlite:///{tmp_path}/none.db", create=False).prepare()
    assert list(tmp_path.iterdir()) == []


def test_the_password_is_never_told() -> None:
    database = open_database("postgresql://fenban:geheim@127.0.0.1:1/fenban")
    with pytest.raises(StorageUnavailableError) as error:
        database.prepare()
    assert "连不上" in str(error.value)
    assert "geheim" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be one" * 9, b"SQLite format 3\x00" * 99]
)
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fenban.db").write_bytes(content)
    with pytest.raises(StorageUnavailableError, match="损坏"):
        open_database(f"sqlite:///{tmp_path}/fenban.db").prepare()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError):
        open_database(f"sqlite:///{tmp_path}").prepare()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 1 MiB; only root may."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path) -> None:
    database = open_database(f"sqlite:///{small_disk}/fenban.db")
    journal = Journal(database)
    stored: list[str] = []

    def fill() -> None:
        for n in range(500):
            new = new_decision(str(n), body="字" * 3000)
            journal.record(new)
            stored.append(new.id)

    with pytest.raises(StorageUnavailableError, match="磁盘已满"):
        fill()
    assert len(stored) > 3
    assert [d.id for d in journal.decisions(limit=500)] == stored
    (small_disk / "fenban.db-wal").stat()
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    journal.record(new_decision("again"))
    assert len(journal.decisions(limit=500)) == len(stored) + 1
    database.close()


def test_a_read_only_disk_is_told(small_disk: Path) -> None:
    database = open_database(f"sqlite:///{small_disk}/fenban.db")
    journal = Journal(database)
    journal.record(new_decision())
    database.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for _ in range(2):  # whether it is open already or not
        with pytest.raises(StorageUnavailableError, match=r"只读|打不开"):
            journal.record(new_decision())
        database = open_database(f"sqlite:///{small_disk}/fenban.db")
        journal = Journal(database)
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    journal.record(new_decision())
    database.close()


def test_a_connection_from_when_the_disk_was_read_only_is_not_kept(small_disk: Path, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{small_disk}/fenban.db")
    journal = Journal(database)
    journal.record(new_decision("1"))
    shutil.copytree(small_disk, tmp_path / "open")
    database.close()
    shutil.copytree(tmp_path / "open", small_disk, dirs_exist_ok=True)  # with the log, as if it were open
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert [d.case_id for d in journal.decisions()] == ["1"]
    with pytest.raises(StorageUnavailableError, match="只读"):
        journal.record(new_decision("2"))
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    journal.record(new_decision("3"))
    assert [d.case_id for d in journal.decisions()] == ["1", "3"]
    database.close()


def test_a_server_that_was_away_is_used_again_without_a_restart() -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    cluster = Cluster(binaries)
    cluster.start()
    database = open_database(cluster.new_database())
    journal = Journal(database)
    filled(journal)
    for how in ("fast", "immediate"):
        cluster.stop(how)
        for use in (journal.decisions, lambda: journal.record(new_decision("no"))):
            with pytest.raises(StorageUnavailableError, match="连不上"):
                use()
        cluster.start()
        journal.record(new_decision(how))
    assert [d.case_id for d in journal.decisions()] == ["028", "fast", "immediate"]
    database.close()
    cluster.remove()


def test_a_file_elsewhere_may_be_linked_to(tmp_path: Path) -> None:
    path, link = tmp_path / "disk" / "fenban.db", tmp_path / "fenban.db"
    path.parent.mkdir()
    link.symlink_to(path)
    database = open_database(f"sqlite:///{link}")
    Journal(database).record(new_decision("1"))
    assert path.stat().st_mode & 0o777 == 0o600
    database.close()


def test_a_server_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres._CONNECT, "connect_timeout", 2)  # psycopg waits no shorter
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = open_database(f"postgresql://fenban@127.0.0.1:{port}/none")
        with pytest.raises(StorageUnavailableError, match="连不上"):
            database.prepare()
        database.close()


def test_a_server_that_stops_in_the_middle_is_told() -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    cluster = Cluster(binaries)
    cluster.start()
    database = open_database(cluster.new_database())
    database.prepare()

    def interrupted() -> None:
        with database.write() as connection:
            connection.execute(text("SELECT 1"))
            cluster.stop("immediate")
            connection.execute(text("SELECT 1"))

    with pytest.raises(StorageUnavailableError, match="连不上"):
        interrupted()
    database.close()
    shutil.rmtree(cluster.folder)
