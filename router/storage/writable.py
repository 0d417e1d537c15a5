"""Whether something could be stored at this moment; nothing is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from sqlalchemy.exc import DBAPIError

from router.errors import StorageUnavailableError
from router.storage.backend import Lock
from router.storage.database import Database
from router.storage.sqlite import Sqlite

__all__ = ["check_writable"]

_PATIENCE = 3.0
"""Seconds that somebody else may be storing; who asks often gives up after five."""
_POLL = 0.002

_LOCKED = "55P03"
_TABLES = "audit, cases, decisions, idempotency, remarks, texts, verdicts"


class _ReadOnlyError(StorageUnavailableError):
    """The file, or what was opened of it, can only be read."""


def check_writable(database: Database, patience: float = _PATIENCE) -> None:
    """Take the lock for writing as any writer must, and let go of it.

    Parameters
    ----------
    database : Database
        Its tables are those of this version.
    patience : float
        Seconds to wait for others.

    Raises
    ------
    StorageUnavailableError
        If it isn't to be had by then, or the database refuses to store.

    Examples
    --------
    >>> import tempfile
    >>> from router.storage.database import open_database
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = open_database(f"{folder}/fenban.db")
    ...     database.prepare()
    ...     check_writable(database)
    ...     database.close()
    """
    if isinstance(database.backend, Sqlite):
        try:
            _check_file(database.backend, patience)
        except _ReadOnlyError:
            # connections that were opened while the disk was read-only stay so, and those opened beside them
            database.close()
            _check_file(database.backend, patience)
    else:
        _check_tables(database, patience)


def _check_tables(database: Database, patience: float) -> None:
    """Take the locks of a writer, and delete nothing: a server that only reads refuses even that."""
    with database.write(durable=False) as connection:
        try:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(patience * 1000)}")
            database.backend.together(connection, Lock.ORDER)
            connection.exec_driver_sql(f"LOCK TABLE {_TABLES} IN ROW EXCLUSIVE MODE")
            connection.exec_driver_sql("DELETE FROM counters WHERE false")
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != _LOCKED:
                raise
            raise _busy(patience, database.place) from None


def _check_file(file: Sqlite, patience: float) -> None:
    """Take the lock past the queue of writers, for less than they would notice."""
    try:
        with closing(
            sqlite3.connect(f"{file.path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
        ) as connection:
            _take(connection, time.monotonic() + patience)
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        if _is_busy(error):
            raise _busy(patience, file.place) from None
        fault = file.fault(error)
        if fault is None:
            raise
        kind = _ReadOnlyError if _code(error) == sqlite3.SQLITE_READONLY else StorageUnavailableError
        raise kind(fault.message, where=file.place, hint=fault.hint) from None


def _take(connection: sqlite3.Connection, until: float) -> None:
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(_POLL)
        else:
            return


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _busy(patience: float, place: str) -> StorageUnavailableError:
    hint = "一直这样，请看有没有程序长时间打开着它写"
    return StorageUnavailableError(
        f"数据库正被别的程序占用，等了 {patience:g} 秒也没有轮到，存不了", where=place, hint=hint
    )
