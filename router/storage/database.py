"""Opening a database, reading and writing it, and saying in one sentence why it doesn't answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from router.errors import StorageError, StorageUnavailableError, UsageError
from router.storage import schema
from router.storage.backend import Backend, Lock
from router.storage.postgres import Postgres
from router.storage.sqlite import Sqlite

__all__ = ["Clock", "Database", "open_database", "utc_now"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(UTC)


class Database:
    """A database, connected when it is first used and again whenever it was away.

    One object serves all threads of a process; each process opens its own.

    Parameters
    ----------
    backend : Backend
    create : bool
        Whether to make a database file that isn't there.
    clock : callable
        Returns the moment; tests turn it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = open_database(f"sqlite:///{folder}/fenban.db")
    ...     database.prepare()
    ...     database.close()
    ...     [path.name for path in Path(folder).iterdir()]
    ['fenban.db']
    """

    def __init__(self, backend: Backend, *, create: bool = True, clock: Clock = utc_now) -> None:
        self.backend = backend
        self.now = clock
        self._create = create
        self._engine = backend.engine()
        self._prepared = False
        self._preparing = threading.Lock()

    @property
    def place(self) -> str:
        """Where the database is, without a password."""
        return self.backend.place

    def prepare(self) -> None:
        """Connect, and bring the tables up to this version; later calls do nothing.

        Raises
        ------
        StorageUnavailableError
            If the database doesn't answer.
        StorageError
            If there is none, or a newer version of the program has changed it.
        """
        if self._prepared:
            return
        with self._preparing, self._faults():
            self._find()
            with self._engine.connect() as connection, connection.begin():
                current = schema.is_current(connection, self.place)
            if not current:
                self._upgrade()
            self._prepared = True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read in one transaction: what it sees doesn't change.

        Raises
        ------
        StorageUnavailableError
            If the database doesn't answer.
        """
        self.prepare()
        options = self.backend.reading
        with (
            self._faults(),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Write in one transaction; when the block is left, it is stored.

        Parameters
        ----------
        durable : bool
            Whether it must survive a power failure. Where not, nobody waits
            for the disk; a killed process loses nothing either way.

        Raises
        ------
        StorageUnavailableError
            If the database doesn't answer, or refuses to store.
        """
        self.prepare()
        with self._faults():
            with self._writing() as connection:
                self.backend.begin(connection, durable=durable)
                yield connection
            if durable:
                self.backend.flush()

    def flush(self) -> None:
        """Return when all that can be read would survive a power failure."""
        with self._faults():
            self.backend.flush()

    def scrub(self) -> None:
        """Make what was deleted unreadable in the files, too."""
        self.prepare()
        with self._faults():
            self.backend.scrub(self._engine)

    def close(self) -> None:
        """Close the connections; using the database opens new ones."""
        self._engine.dispose()

    def _find(self) -> None:
        if self._create:
            self.backend.make()
        elif not self.backend.exists():
            raise StorageError(
                "没有这个数据库", where=self.place, hint="请用 --store 或 --database 指明，或先启动一次服务"
            )

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            self._engine.connect().execution_options(writing=True) as connection,
            self.backend.turn(),
            connection.begin(),
        ):
            yield connection

    def _upgrade(self) -> None:
        with self._writing() as connection:
            self.backend.alone(connection, Lock.SCHEMA)
            if not schema.is_current(connection, self.place):  # others may have been faster
                schema.upgrade(connection)
        self.backend.flush()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn errors of driver, pool and disk into ours; mistakes in a statement stay what they are."""
        try:
            yield
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            fault = self.backend.fault(cause) if cause else None
            if fault is None:
                raise
            # without the error itself: its text may quote what was to be stored
            raise StorageUnavailableError(fault.message, where=self.place, hint=fault.hint) from None


def open_database(url: str, *, create: bool = True, clock: Clock = utc_now) -> Database:
    """Open a database; it is connected when it is first used.

    Parameters
    ----------
    url : str
        ``sqlite:///fenban.db`` or ``postgresql://user:password@host/database``;
        a mere path means SQLite.
    create : bool
        Whether to make a database file that isn't there.
    clock : callable, optional

    Returns
    -------
    Database

    Raises
    ------
    UsageError
        If the URL names no database of a known kind.

    Examples
    --------
    >>> open_database("postgresql://fenban:secret@db/fenban").place
    'postgresql+psycopg://fenban:***@db/fenban'
    """
    return Database(_backend(url), create=create, clock=clock)


def _backend(url: str) -> Backend:
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
        kind = parsed.drivername.partition("+")[0]
    except (ArgumentError, NoSuchModuleError, ValueError):
        kind = ""
    if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return Sqlite(parsed)
    if kind in ("postgresql", "postgres"):
        return Postgres(parsed)
    hint = "请写成 sqlite:///目录/fenban.db 或 postgresql://用户:口令@主机/库名"
    raise UsageError("看不懂数据库地址", hint=hint)
