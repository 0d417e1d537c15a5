"""SQLite: one file beside the program, for one machine.

Transactions are committed to the write-ahead log without waiting for the
disk, and the log is flushed afterwards, outside of the lock, before anybody
is told that something is stored. That gives the durability of
``synchronous=FULL``, but writers wait for the disk at the same time instead
of one after the other. If the log was checkpointed in between, SQLite has
flushed it by then.

The log stays short (SQLite's own 1000 pages): it is soon written in place.
While a log grows, its length depends on the file system's journal; with a long
one, what was flushed at the very moment the file system failed was sometimes
lost (the scene with a failing disk in benchmarks/chaos.py).
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, QueuePool, create_engine, event

from router.storage.backend import Fault, Lock
from router.unfinished import check_whole

__all__ = ["Sqlite", "connect_file", "is_full"]

_PATIENCE = 10.0
"""Seconds to wait for another process that writes."""
_POLL = 0.0002
_NO_ROOM = 64 * 1024
"""Bytes free; the index of the log alone takes half of it, and SQLite calls its lack an I/O error."""

_BUSY = Fault(
    "数据库正被别的程序占用，等了 10 秒也没有轮到", "请稍后重试；一直这样，请看有没有程序长时间打开着它"
)
_FULL = Fault("磁盘已满，没有保存", "请腾出空间")
_READ_ONLY = Fault("数据库文件或所在目录只读，写不进去", "请检查属主和权限，应属于运行服务的用户")
_BAD = Fault("数据库文件损坏，或者不是 fenban 的数据库", "请停止服务，用 fenban restore 从备份恢复")
_UNOPENED = Fault("数据库文件打不开", "请检查路径、属主和权限")
_DISK = Fault("磁盘读写出错", "请检查磁盘，先做备份")

_BY_CODE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_AUTH: _READ_ONLY,
    sqlite3.SQLITE_CORRUPT: _BAD,
    sqlite3.SQLITE_NOTADB: _BAD,
    sqlite3.SQLITE_CANTOPEN: _UNOPENED,
    sqlite3.SQLITE_IOERR: _DISK,
}
_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.EIO: _DISK,
}


def is_full(error: OSError | sqlite3.Error) -> bool:
    """Say whether an error of the system or the driver is that a disk or a quota is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def connect_file(path: Path) -> sqlite3.Connection:
    """Open a database file as the program does; transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


class Sqlite:
    """A database file.

    Parameters
    ----------
    url : URL
    """

    numbers_in_order = True

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database or "").resolve()  # SQLite puts the log beside the file itself
        self.place = str(self._path)
        self.reading: Mapping[str, Any] = {}
        self._threads = threading.Lock()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def engine(self) -> Engine:
        """Make the engine; a thread waits for a free connection as long as for its turn."""
        engine = create_engine(
            "sqlite://",
            creator=lambda: connect_file(self._path),
            poolclass=QueuePool,  # without a path SQLAlchemy takes it for a database in memory
            pool_size=8,
            pool_timeout=_PATIENCE,
            pool_use_lifo=True,  # the one used last knows what it wrote itself; others would read it again
        )
        event.listen(engine, "begin", _begin)
        event.listen(engine, "handle_error", _drop_read_only)
        return engine

    def make(self) -> None:
        """Make an empty file that only its owner may read, where there is none and none is being put back.

        One that is there must not be opened: closing it would end the locks
        that SQLite holds on it in this process, and others would remove the log.
        """
        check_whole(self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))

    def free_bytes(self) -> int | None:
        """Return how much room the file's disk has; None where its folder is gone."""
        try:
            return shutil.disk_usage(self._path.parent).free
        except OSError:
            return None

    def exists(self) -> bool:
        """Say whether the file is there.

        Raises
        ------
        StorageError
            If a restore has not finished with it.
        """
        check_whole(self._path)
        return self._path.exists()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Queue for writing: first within the process, then among processes.

        SQLite alone would let a writer sleep up to 100 ms at a time and
        serve whoever comes by; under load some would wait for seconds.
        """
        if not self._threads.acquire(timeout=_PATIENCE):
            raise BlockingIOError
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                _lock(folder)
                yield
            finally:
                os.close(folder)
        finally:
            self._threads.release()

    def begin(self, connection: Connection, *, durable: bool) -> None:
        """Do nothing: `_begin` has taken the lock, `flush` makes durable."""

    def flush(self) -> None:
        """Flush the log."""
        log = os.open(f"{self._path}-wal", os.O_RDWR)
        try:
            os.fdatasync(log)
            # A journal of the file system that is given up meanwhile lets a flush return as if all were well;
            # whoever changes anything after that is refused. This needs no second flush.
            os.utime(log)
        finally:
            os.close(log)

    def alone(self, connection: Connection, lock: Lock) -> None:
        """Do nothing: there is one writer at a time."""

    def together(self, connection: Connection, lock: Lock) -> None:
        """Do nothing: there is one writer at a time."""

    def scrub(self, engine: Engine) -> None:
        """Empty the log; in the file itself deleted text was overwritten (`secure_delete`)."""
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
        if busy:
            raise BlockingIOError

    def fault(self, error: BaseException) -> Fault | None:
        """Say what an error of the driver or the system means."""
        if isinstance(error, BlockingIOError):
            return _BUSY
        if isinstance(error, OSError):
            return _BY_ERRNO.get(error.errno or 0, _DISK)
        code = getattr(error, "sqlite_errorcode", None)
        found = None if code is None else _BY_CODE.get(code & 0xFF)
        free = self.free_bytes() if found is _DISK else None
        return found if free is None or free >= _NO_ROOM else _FULL


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in ("foreign_keys=ON", "secure_delete=ON", "recursive_triggers=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    until = time.monotonic() + _PATIENCE
    while True:  # for this change alone SQLite doesn't wait by itself
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_POLL)
        else:
            return


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _drop_read_only(context: ExceptionContext) -> None:
    """Drop a connection that was opened while the file couldn't be written: it stays read-only for good."""
    code = getattr(context.original_exception, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_READONLY:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
        if context.execution_context is not None:
            context.execution_context.cursor.close()  # or SQLite keeps the file open


def _lock(folder: int) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(_POLL)
        else:
            return
