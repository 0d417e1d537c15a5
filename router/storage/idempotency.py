"""First answers, given again when a request is repeated.

An answer holds titles. It is sealed with the request that it answers: only
who sends the same request again can read it, so that a database without
texts stays without texts.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from router.errors import IdempotencyConflictError
from router.storage.records import Idempotency
from router.storage.tables import idempotency

__all__ = ["KEPT_FOR", "first_answer", "keep_answer", "remove_expired"]

KEPT_FOR = timedelta(hours=24)
"""How long a repeated request gets its first answer."""

_NONCE = 16


def first_answer(connection: Connection, request: Idempotency, now: datetime) -> dict[str, Any] | None:
    """Return what a request was answered, None where it is new.

    Raises
    ------
    IdempotencyConflictError
        If the key was used for another request.
    """
    found = connection.execute(
        select(idempotency.c.request_digest, idempotency.c.answer)
        .where(idempotency.c.caller == request.caller, idempotency.c.key == request.key)
        .where(idempotency.c.expires_at > now)
    ).one_or_none()
    if found is None:
        return None
    if found.request_digest != _digest(request):
        raise IdempotencyConflictError("这个 Idempotency-Key 已用于另一个请求", hint="不同的请求请换一个键")
    nonce, sealed = found.answer[:_NONCE], found.answer[_NONCE:]
    answer: dict[str, Any] = json.loads(_masked(sealed, request, nonce))
    return answer


def keep_answer(connection: Connection, request: Idempotency, answer: dict[str, Any], now: datetime) -> bool:
    """Keep a first answer.

    Returns
    -------
    bool
        False where the request was answered in the meantime; what this
        transaction has done must then be undone.
    """
    nonce = os.urandom(_NONCE)
    text = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    values = {
        "caller": request.caller,
        "key": request.key,
        "request_digest": _digest(request),
        "answer": nonce + _masked(text, request, nonce),
        "expires_at": now + KEPT_FOR,
    }
    done = connection.execute(_KEEP[connection.dialect.name], {**values, "now": now})
    return done.first() is not None


def remove_expired(connection: Connection, now: datetime, most: int) -> None:
    """Remove answers that have expired, at most so many; those that another transaction holds stay."""
    key = tuple_(idempotency.c.caller, idempotency.c.key)
    some = select(idempotency.c.caller, idempotency.c.key).where(idempotency.c.expires_at <= now)
    connection.execute(delete(idempotency).where(key.in_(some.limit(most).with_for_update(skip_locked=True))))


def _keep(new: postgresql.Insert | sqlite.Insert) -> Any:
    """Insert, in the place of an answer that has expired too; a row comes back only where it was done."""
    return new.on_conflict_do_update(
        index_elements=[idempotency.c.caller, idempotency.c.key],
        set_={name: new.excluded[name] for name in ("request_digest", "answer", "expires_at")},
        where=idempotency.c.expires_at <= bindparam("now", type_=idempotency.c.expires_at.type),
    ).returning(idempotency.c.key)


_NEW: dict[str, Any] = {column.name: bindparam(column.name) for column in idempotency.c}
_KEEP = {
    "sqlite": _keep(sqlite.insert(idempotency).values(**_NEW)),
    "postgresql": _keep(postgresql.insert(idempotency).values(**_NEW)),
}


def _digest(request: Idempotency) -> str:
    return hashlib.sha256(request.request).hexdigest()


def _masked(text: bytes, request: Idempotency, nonce: bytes) -> bytes:
    """Add a stream of bytes that only the request gives; adding it again takes it away."""
    # the digest that is stored is of another function and doesn't give the stream
    stream = hashlib.shake_256(nonce + request.request).digest(len(text))
    return (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(text), "big")
