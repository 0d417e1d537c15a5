"""API keys: shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from router.errors import InputError
from router.storage.audit import add_entry
from router.storage.database import Database
from router.storage.tables import api_keys

__all__ = ["ApiKey", "Keys", "NewKey", "Scope"]

_PREFIX = "fenban_"
"""By which a key that leaked is recognised."""
_NAME = re.compile(r"[\w.-]{1,64}")
_MOST_PER_MINUTE = 1_000_000


class Scope(StrEnum):
    """What a key lets its holder do."""

    SUGGEST = "suggest"
    VERDICT = "verdict"
    MONITOR = "monitor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret.

    Parameters
    ----------
    name : str
    scopes : frozenset of Scope
    per_minute : int or None
        Requests a minute, None for no limit.
    created_at : datetime
    created_by : str
    expires_at, revoked_at : datetime or None
    """

    name: str
    scopes: frozenset[Scope]
    per_minute: int | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def actor(self) -> str:
        """How audit and journal call its holder."""
        return f"key:{self.name}"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with the secret that is never shown again."""

    key: ApiKey
    secret: str


class Keys:
    """The API keys of a database.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        scopes: Iterable[Scope],
        made_by: str,
        expires_at: datetime | None = None,
        per_minute: int | None = None,
    ) -> NewKey:
        """Make a key.

        Parameters
        ----------
        name : str
            Letters, digits, ``.``, ``-`` and ``_``; never used again, for another key either.
        scopes : iterable of Scope
        made_by : str
        expires_at : datetime, optional
        per_minute : int, optional

        Raises
        ------
        InputError
            If the name is taken or a value can't be used.
        """
        wanted = frozenset(scopes)
        now = self._database.now()
        _check(name, wanted, per_minute, late=expires_at is not None and expires_at <= now)
        key = ApiKey(name, wanted, per_minute, now, made_by, expires_at, None)
        secret = _PREFIX + secrets.token_urlsafe(32)
        told = {
            "scopes": sorted(wanted),
            "per_minute": per_minute,
            "expires_at": expires_at.isoformat() if expires_at else None,
        }
        with self._database.write() as connection:
            # the chain first: who makes a key of the same name at the same time waits here
            add_entry(connection, self._database, made_by, "key_created", name, **told)
            if connection.execute(select(api_keys.c.name).where(api_keys.c.name == name)).first():
                hint = "停用的名字也不能再用，请另取一个"
                raise InputError(f"已有名为 {name} 的密钥", where="name", hint=hint)
            row = {
                "name": name,
                "hash": _hash(secret),
                "scopes": sorted(wanted),
                "per_minute": per_minute,
                "created_at": now,
                "created_by": made_by,
                "expires_at": expires_at,
            }
            connection.execute(insert(api_keys), row)
        return NewKey(key, secret)

    def check(self, secret: str) -> ApiKey | None:
        """Return the key of a secret; None where it is unknown, revoked or expired."""
        with self._database.read() as connection:
            row = connection.execute(_BY_HASH, {"hash": _hash(secret)}).one_or_none()
        if row is None or row.revoked_at or (row.expires_at and row.expires_at <= self._database.now()):
            return None
        return _key(row)

    def list(self) -> list[ApiKey]:
        """Return all keys, the revoked ones too, by name."""
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.name))]

    def revoke(self, name: str, made_by: str) -> None:
        """Make a key useless at once.

        Raises
        ------
        InputError
            If there is none of that name, or it was revoked before.
        """
        with self._database.write() as connection:
            done = connection.execute(
                update(api_keys)
                .where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=self._database.now())
            )
            if not done.rowcount:
                raise InputError(f"没有在用的密钥 {name}", where="name", hint="用 fenban keys list 查看")
            add_entry(connection, self._database, made_by, "key_revoked", name)


_BY_HASH = select(api_keys).where(api_keys.c.hash == bindparam("hash"))


def _check(name: str, scopes: frozenset[Scope], per_minute: int | None, *, late: bool) -> None:
    if not _NAME.fullmatch(name):
        raise InputError("密钥名只能用文字、数字和 . - _，最长 64 个字", where="name")
    if not scopes:
        raise InputError("至少要给一项权限", where="scopes", hint="可给 suggest、verdict、monitor、admin")
    if per_minute is not None and not 1 <= per_minute <= _MOST_PER_MINUTE:
        raise InputError("每分钟次数要在 1 到 1000000 之间", where="per_minute")
    if late:
        raise InputError("到期时间已过", where="expires_at")


def _hash(secret: str) -> str:
    # 32 random bytes can't be guessed: a slow hash would only slow down each request
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        name=row.name,
        scopes=frozenset(map(Scope, row.scopes)),
        per_minute=row.per_minute,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
