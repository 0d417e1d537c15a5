"""Copying a database while it is used, and putting a copy back."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from router.disk import sync, work_folder
from router.errors import OutputError, StorageError
from router.storage.audit import Audit, Verified
from router.storage.database import Database, open_database
from router.storage.postgres import Postgres
from router.storage.sqlite import Sqlite, connect_file, is_full
from router.unfinished import replacing_all

__all__ = [
    "Restored",
    "Staged",
    "back_up",
    "copy_database",
    "kept_beside",
    "new_file",
    "on_disk",
    "put_aside",
    "restore",
    "staged",
]


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
    _file(database, "备份", "pg_dump --format=custom --file=备份文件 库名")
    database.prepare()
    with new_file(target) as fresh:
        copy_database(database, fresh)


def copy_database(database: Database, fresh: Path) -> None:
    """Copy a database of SQLite into a file that is empty or not there, and see that it is sound."""
    with closing(connect_file(_file(database, "备份", "pg_dump").path)) as connection:
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
    with on_disk(target), work_folder(target.parent) as work:
        fresh = work / target.name
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield fresh
        sync(fresh)
        os.link(fresh, target)  # unlike a rename it never takes the place of another file
        sync(target.parent)


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
    with staged(backup, database) as copy, replacing_all(copy.home):
        return copy.put_in_place(now)


@dataclass(frozen=True, slots=True)
class Staged:
    """A copy that lies beside the database, sound and whole.

    Parameters
    ----------
    fresh : Path
    home : Path
        The database.
    audit : Verified
        What checking its chain found.
    """

    fresh: Path
    home: Path
    audit: Verified

    def put_in_place(self, now: datetime) -> Restored:
        """Replace the database, which is kept beside it; one or the other is there at every moment."""
        with on_disk(self.home):
            kept = _keep(self.home, now)
            self.fresh.rename(self.home)
            sync(self.home.parent)
        return Restored(kept, self.audit)


@contextmanager
def staged(backup: Path, database: Database) -> Iterator[Staged]:
    """Copy a backup beside the database, and see that it is sound; see `restore`."""
    home = _file(database, "恢复", "pg_restore --clean --if-exists --dbname=库名 备份文件").path
    database.close()
    with on_disk(home):
        home.parent.mkdir(parents=True, exist_ok=True)
        with work_folder(home.parent) as work:
            fresh = work / home.name
            _copy(backup, fresh)
            copy = open_database(f"sqlite:///{fresh}", create=False)
            found = Audit(copy).verify()
            copy.close()
            _end_log(fresh)
            sync(fresh)
            yield Staged(fresh, home, found)


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
        if is_full(error):
            raise
        raise StorageError("备份文件损坏，或者不是数据库", where=str(backup)) from error


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if found != ("ok",):
        raise sqlite3.DatabaseError(str(found))
    if "alembic_version" not in tables:
        raise sqlite3.DatabaseError("not a database of fenban")


def _keep(path: Path, now: datetime) -> Path | None:
    """Give the present database a second name, once nobody has it open."""
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
    kept = _free_name(path, now)
    try:
        os.link(path, kept)
    except OSError:  # a disk without links, or another's file
        path.rename(kept)
    return kept


def put_aside(path: Path, now: datetime) -> Path:
    """Rename a folder by the moment, never over another; return where it lies now."""
    return path.rename(_free_name(path, now))


def kept_beside(path: Path) -> list[Path]:
    """Return what was kept of a file or folder when a backup was put in its place."""
    names = re.compile(re.escape(path.name) + r"\.\d{8}T\d{6}(-\d+)?")
    return sorted(other for other in path.parent.glob("*") if names.fullmatch(other.name))


def _free_name(path: Path, now: datetime) -> Path:
    name = f"{path.name}.{now:%Y%m%dT%H%M%S}"
    names = (path.with_name(f"{name}-{n}" if n > 1 else name) for n in count(1))
    return next(free for free in names if not free.exists())


def _end_log(path: Path) -> None:
    """Take the log into the file; refused while anybody else has it open."""
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Say in one sentence why a disk refuses."""
    hint = "请腾出空间或检查权限后重试"
    try:
        yield
    except OSError as error:
        message = "磁盘已满，没有写成" if is_full(error) else f"无法写入：{error.strerror}"
        raise OutputError(message, where=str(path), hint=hint) from error
    except sqlite3.Error as error:
        message = "磁盘已满，没有写成" if is_full(error) else f"没有写成：{error}"
        raise OutputError(message, where=str(path), hint=hint) from error
