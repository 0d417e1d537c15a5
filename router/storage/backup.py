"""Copying a database while it is used, and putting a copy back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from router.errors import OutputError, StorageError
from router.storage.audit import Audit, Verified
from router.storage.database import Database, open_database
from router.storage.postgres import Postgres
from router.storage.sqlite import Sqlite, connect_file

__all__ = ["Restored", "back_up", "new_file", "on_disk", "put_aside", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Parameters
    ----------
    kept : Path or None
        Where the database that was there lies now.
    audit : Verified
        What checking the chain of the copy found.
    """

    kept: Path | None
    audit: Verified


def back_up(database: Database, target: Path) -> None:
    """Copy a database into one file, as it is at this moment; others go on writing.

    Parameters
    ----------
    database : Database
    target : Path
        A new file; it holds whatever texts the database holds.

    Raises
    ------
    OutputError
        If the file is there already or can't be written.
    StorageError
        If the database is PostgreSQL, which brings its own tool.
    """
    source = _file(database, "备份", "pg_dump --format=custom --file=备份文件 库名")
    database.prepare()
    with new_file(target) as fresh:
        with closing(connect_file(source.path)) as connection:
            connection.execute("VACUUM INTO ?", (str(fresh),))
        _check(fresh)


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Give a file to write that only its owner may read; it becomes `target` once it is whole.

    Raises
    ------
    OutputError
        If there is a file already, or it can't be written.
    """
    if target.exists():
        raise OutputError("这个文件已经有了，不覆盖", where=str(target), hint="请换一个文件名")
    fresh = target.with_name(f".{target.name}-{os.getpid()}")
    with on_disk(target):
        try:
            os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield fresh
            _to_disk(fresh)
            os.link(fresh, target)  # unlike a rename it never takes the place of another file
            _to_disk(target.parent)
        finally:
            fresh.unlink(missing_ok=True)


def restore(backup: Path, database: Database, now: datetime) -> Restored:
    """Put a copy in the place of the database, which is kept beside it.

    Parameters
    ----------
    backup : Path
    database : Database
        Not in use by anybody.
    now : datetime

    Returns
    -------
    Restored

    Raises
    ------
    StorageError
        If the copy is damaged, a service still runs, or the database is PostgreSQL.
    """
    source = _file(database, "恢复", "pg_restore --clean --if-exists --dbname=库名 备份文件")
    database.close()
    fresh = source.path.with_name(f".{source.path.name}-restored")
    with on_disk(source.path):
        fresh.unlink(missing_ok=True)
        try:
            fresh.parent.mkdir(parents=True, exist_ok=True)
            _copy(backup, fresh)
            copy = open_database(f"sqlite:///{fresh}", create=False)
            found = Audit(copy).verify()
            copy.close()
            _end_log(fresh)
            kept = _close_and_put_aside(source.path, now)
            fresh.rename(source.path)
            _to_disk(source.path.parent)
        finally:
            fresh.unlink(missing_ok=True)
    return Restored(kept, found)


def _file(database: Database, what: str, command: str) -> Sqlite:
    backend = database.backend
    if isinstance(backend, Postgres):
        hint = f"请用 PostgreSQL 自己的工具：{command}"
        raise StorageError(f"PostgreSQL 的{what}不由 fenban 做", where=backend.place, hint=hint)
    if not isinstance(backend, Sqlite):
        raise TypeError(type(backend))
    return backend


def _copy(backup: Path, fresh: Path) -> None:
    """Copy a file that may have a log beside it, and see that it is sound."""
    if not backup.is_file():
        raise StorageError("没有这个备份文件", where=str(backup))
    try:
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(fresh)) as new,
        ):
            old.backup(new)
        _check(fresh)
    except sqlite3.DatabaseError as error:
        raise StorageError("备份文件损坏，或者不是数据库", where=str(backup)) from error


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if found != ("ok",):
        raise sqlite3.DatabaseError(str(found))
    if "alembic_version" not in tables:
        raise sqlite3.DatabaseError("not a database of fenban")


def _close_and_put_aside(path: Path, now: datetime) -> Path | None:
    """Move the present database away, once nobody has it open."""
    if not path.exists():
        return None
    try:
        _end_log(path)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise StorageError("数据库还在使用，没有恢复", where=str(path), hint="请先停止服务") from error
        raise
    except sqlite3.DatabaseError:  # damaged: that is why a copy is put back
        for log in (f"{path}-wal", f"{path}-shm"):
            Path(log).unlink(missing_ok=True)
    return put_aside(path, now)


def put_aside(path: Path, now: datetime) -> Path:
    """Rename a file or folder by the moment; return where it lies now."""
    kept = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}")
    path.rename(kept)
    return kept


def _end_log(path: Path) -> None:
    """Take the log into the file; refused while anybody else has it open."""
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Say in one sentence why a disk refuses."""
    try:
        yield
    except OSError as error:
        hint = "请腾出空间或检查权限后重试"
        raise OutputError(f"无法写入：{error.strerror}", where=str(path), hint=hint) from error
    except sqlite3.Error as error:
        raise OutputError(f"没有写成：{error}", where=str(path), hint="请腾出空间或检查权限后重试") from error
