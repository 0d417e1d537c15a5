"""Who did what: a chain in which every row holds the hash of the row before it.

A row that was changed, swapped or left out breaks the chain. Rows cut off at
its end leave a chain that is whole; those are missed by comparing with a head
that was exported before and is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select

from router.errors import InputError
from router.storage.backend import Lock
from router.storage.database import Database
from router.storage.reading import stored_verdict
from router.storage.records import StoredVerdict
from router.storage.tables import audit, decisions, plain, verdicts

__all__ = ["VERDICT", "Audit", "Entry", "Head", "Verified", "add_entry", "verdict_details"]

VERDICT = "verdict"
"""The action of rows that tell of verdicts; their subject is the verdict's id."""

_NOTHING = "0" * 64
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done.

    Parameters
    ----------
    seq : int
        From 1, without a gap.
    at : datetime
    actor : str
        ``user:…``, ``key:…`` or ``command:…``.
    action : str
        Such as ``verdict``, ``key_created``, ``user_locked``.
    subject : str
        What it was done to.
    details : dict
    hash : str
    """

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain reached at a moment; to be kept where the database is not.

    Parameters
    ----------
    count : int
    last_hash : str
    time : str
        ISO, with zone.
    """

    count: int
    last_hash: str
    time: str

    def told(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Head:
        """Read what `told` gave.

        Raises
        ------
        InputError
            If it is something else.
        """
        if isinstance(value, dict) and value.keys() == {"count", "last_hash", "time"}:
            head = cls(**value)
            if type(head.count) is int and head.count >= 0 and isinstance(head.last_hash, str):
                return head
        raise InputError("这不是 fenban audit head 导出的链尾")


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking the chain found.

    Parameters
    ----------
    count : int
        Rows that are as they were written.
    broken_at : int or None
        The first row that isn't; one more than there are where the end is missing.
    reason : str
        Chinese, of the first broken row.
    """

    count: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def sound(self) -> bool:
        """Whether every row is as it was written."""
        return self.broken_at is None


def add_entry(
    connection: Connection, database: Database, actor: str, action: str, subject: str = "", **details: Any
) -> None:
    """Add a row within a transaction; rows are added one after the other.

    Parameters
    ----------
    connection : Connection
        Of ``database.write()``.
    database : Database
    actor, action, subject : str
    **details
        JSON-ready, and no text of a case.
    """
    database.backend.alone(connection, Lock.AUDIT)
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    row: dict[str, Any] = {
        "seq": last.seq + 1 if last else 1,
        "at": database.now(),
        "actor": plain(actor),
        "action": action,
        "subject": plain(subject),
        "details": _canonical(details),
        "previous": last.hash if last else _NOTHING,
    }
    connection.execute(insert(audit), {**row, "hash": _hash(**row)})


def verdict_details(new: StoredVerdict) -> dict[str, Any]:
    """Return what the chain tells of a verdict: all but its reason, which may be removed."""
    return {name: value for name, value in new.told().items() if name not in ("verdict_id", "reason")}


class Audit:
    """The chain of a database.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, actor: str, action: str, subject: str = "", **details: Any) -> None:
        """Add a row in a transaction of its own."""
        with self._database.write() as connection:
            add_entry(connection, self._database, actor, action, subject, **details)

    def entries(self, before: int | None = None, limit: int = 100) -> list[Entry]:
        """Return rows, the newest first; `before` is the number of the last one seen."""
        query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.seq < before)
        with self._database.read() as connection:
            return [
                Entry(r.seq, r.at, r.actor, r.action, r.subject, json.loads(r.details), r.hash)
                for r in connection.execute(query)
            ]

    def head(self) -> Head:
        """Return how far the chain reaches."""
        with self._database.read() as connection:
            last = connection.execute(
                select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            ).first()
        now = self._database.now().isoformat(timespec="seconds")
        return Head(last.seq, last.hash, now) if last else Head(0, _NOTHING, now)

    def verify(self, head: Head | None = None) -> Verified:
        """Check every row, and every verdict against its row.

        Parameters
        ----------
        head : Head, optional
            Exported before; with it a cut end shows, too.

        Returns
        -------
        Verified
        """
        checked = _Chain(head)
        with self._database.read() as connection:
            for rows in _pages(connection):
                recorded = _recorded_verdicts(connection, rows)
                for row in rows:
                    wrong = checked.follow(row, recorded)
                    if wrong:
                        return Verified(checked.count, checked.count + 1, wrong)
            all_verdicts = connection.execute(select(func.count()).select_from(verdicts)).scalar_one()
        stray = all_verdicts - checked.verdicts
        missing = head.count - checked.count if head else 0
        if missing > 0:
            reason = f"末尾缺 {missing} 行，导出链尾时共有 {checked.count + missing} 行"
        elif stray:
            reason = f"有 {stray} 条处理意见没有审计记录"
        else:
            return Verified(checked.count)
        return Verified(checked.count, checked.count + 1, reason)


class _Chain:
    """How far the chain was followed."""

    def __init__(self, head: Head | None) -> None:
        self._head = head
        self._last_hash = _NOTHING
        self.count = 0
        self.verdicts = 0

    def follow(self, row: Row[Any], recorded: Mapping[str, dict[str, Any]]) -> str:
        """Take the next row; return what is wrong with it, nothing where it is right."""
        wrong = self._wrong(row)
        if not wrong and row.action == VERDICT:
            self.verdicts += 1
            if recorded.get(row.subject) != json.loads(row.details):
                wrong = "所记的处理意见被改过或不见了"
        if not wrong:
            self.count, self._last_hash = row.seq, row.hash
        return wrong

    def _wrong(self, row: Row[Any]) -> str:
        if row.seq != self.count + 1:
            return f"缺这一行，后面接的是第 {row.seq} 行"
        if row.previous != self._last_hash:
            return "与上一行接不上，行被换过、插过或删过"
        if row.hash != _hash(row.seq, row.at, row.actor, row.action, row.subject, row.details, row.previous):
            return "内容被改过"
        if self._head and row.seq == self._head.count and row.hash != self._head.last_hash:
            return "与导出的链尾不符，此行或之前的行被整段改写过"
        return ""


def _pages(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    query = select(audit).order_by(audit.c.seq).limit(_AT_ONCE)
    rows = connection.execute(query).all()
    while rows:
        yield rows
        rows = connection.execute(query.where(audit.c.seq > rows[-1].seq)).all()


def _recorded_verdicts(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, dict[str, Any]]:
    """Return what the verdicts say that some rows of the chain tell of."""
    wanted = [row.subject for row in rows if row.action == VERDICT]
    query = (
        select(verdicts, decisions.c.id.label("decision_id"), literal("").label("reason"))
        .join(decisions, decisions.c.seq == verdicts.c.decision_ref)
        .where(verdicts.c.id.in_(wanted))
    )
    return {row.id: verdict_details(stored_verdict(row)) for row in connection.execute(query)}


def _canonical(details: Mapping[str, Any]) -> str:
    return plain(json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _hash(seq: int, at: datetime, actor: str, action: str, subject: str, details: str, previous: str) -> str:
    row = [seq, at.isoformat(timespec="microseconds"), actor, action, subject, details, previous]
    return hashlib.sha256(json.dumps(row, ensure_ascii=True).encode()).hexdigest()
