"""What SQLite and PostgreSQL each do in their own way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine

__all__ = ["Backend", "Fault", "Lock"]


class Lock(IntEnum):
    """What writers of several processes must agree on."""

    SCHEMA = 1
    ORDER = 2
    """Decisions are numbered and committed; a reader takes it alone to know that no number is still open."""
    AUDIT = 3


class Fault(NamedTuple):
    """Why a database doesn't do its work, for a person."""

    message: str
    hint: str


class Backend(Protocol):
    """One kind of database."""

    place: str
    """Where it is, as a person may be told: no password."""
    reading: Mapping[str, Any]
    """Execution options by which a transaction sees one state throughout."""
    numbers_in_order: bool
    """Whether rows are numbered in the order in which they can be seen."""

    def engine(self) -> Engine:
        """Make the engine; nothing is connected yet."""
        ...

    def make(self) -> None:
        """Make the database itself where that is ours to do."""
        ...

    def free_bytes(self) -> int | None:
        """Return how much room its disk has; None where that is another machine's."""
        ...

    def exists(self) -> bool:
        """Say whether there may be a database; False only where there surely is none."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """Wait for one's turn to write."""
        ...

    def begin(self, connection: Connection, *, durable: bool) -> None:
        """Prepare a writing transaction that has just begun."""
        ...

    def flush(self) -> None:
        """Return when all that is committed would survive a power failure."""
        ...

    def alone(self, connection: Connection, lock: Lock) -> None:
        """Hold a lock until the end of a writing transaction."""
        ...

    def together(self, connection: Connection, lock: Lock) -> None:
        """Hold a lock that only `alone` excludes until the end of a writing transaction."""
        ...

    def scrub(self, engine: Engine) -> None:
        """Make what was deleted unreadable in the files, too."""
        ...

    def fault(self, error: BaseException) -> Fault | None:
        """Say what a driver's error means; None where it is a mistake of ours."""
        ...
