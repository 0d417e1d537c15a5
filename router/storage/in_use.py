"""Who serves from a database and a model store, so that nobody takes them away underneath.

A service holds a shared lock on a small file beside each for as long as one
of its processes lives; the kernel lets go of it however they end. Asking
SQLite would not do: a service that nobody has asked anything yet has no
connection open.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from router.errors import StorageError
from router.storage.backup import on_disk
from router.storage.database import Database
from router.storage.sqlite import Sqlite
from router.unfinished import check_whole

__all__ = ["replacing", "serving"]

log = logging.getLogger("fenban.storage")


@contextmanager
def serving(database: Database, store: Path) -> Iterator[None]:
    """Keep `restore` away while this process or one it forks inside the block lives.

    Parameters
    ----------
    database : Database
    store : Path
        The model store.

    Raises
    ------
    StorageError
        If a copy is being put back at this moment, or that broke off.

    Examples
    --------
    >>> import tempfile
    >>> from router.storage.database import open_database
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database, store = open_database(f"{folder}/fenban.db"), Path(folder, "store")
    ...     with serving(database, store), replacing(database, store):
    ...         pass
    Traceback (most recent call last):
    router.errors.StorageError: ...：服务还在运行，没有恢复。请先停止服务
    """
    with ExitStack() as held:
        for place in _places(database, store):
            try:
                found = held.enter_context(_lock(place, fcntl.LOCK_SH))
            except OSError as error:  # a disk that can't be written must not keep the service from starting
                log.warning("nothing keeps restore away: %s", error.strerror)
            else:
                if not found:
                    raise StorageError("正在从备份恢复", where=str(place.parent), hint="请等它做完再启动")
        for thing in _things(database, store):
            check_whole(thing)
        yield


@contextmanager
def replacing(database: Database, store: Path | None) -> Iterator[None]:
    """Keep services from starting until the block is left.

    Parameters
    ----------
    database : Database
    store : Path or None
        The model store, where it is replaced as well.

    Raises
    ------
    StorageError
        If one runs.
    """
    with ExitStack() as held:
        for place in _places(database, store):
            with on_disk(place):
                found = held.enter_context(_lock(place, fcntl.LOCK_EX))
            if not found:
                raise StorageError("服务还在运行，没有恢复", where=str(place.parent), hint="请先停止服务")
            held.callback(place.unlink, missing_ok=True)
        yield


def _places(database: Database, store: Path | None) -> list[Path]:
    """Return the files to lock."""
    return [thing.with_name(f".{thing.name}-serving") for thing in _things(database, store)]


def _things(database: Database, store: Path | None) -> list[Path]:
    """Return what is put back; the database of another machine is left to its own tools."""
    things = [store.absolute()] if store else []
    if isinstance(database.backend, Sqlite):
        things.append(database.backend.path)
    return things


@contextmanager
def _lock(place: Path, kind: int) -> Iterator[bool]:
    """Hold a lock of a file, and say whether it was to be had."""
    place.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(place, os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            taken = _take(file, kind)
            if taken and not os.fstat(file).st_nlink:  # whoever held it has removed it
                continue
            yield taken
            return
        finally:
            os.close(file)  # the lock goes with the last fork that has it open


def _take(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
