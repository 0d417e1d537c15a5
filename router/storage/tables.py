"""The tables of the database as they are today.

``decisions``, ``verdicts`` and ``audit`` are append-only by triggers. What is
text of a case lies in ``texts`` and ``remarks`` alone, where retention can
remove it. The migrations tell how a database gets there; a test holds both
equal.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

__all__ = [
    "APPEND_ONLY",
    "api_keys",
    "audit",
    "cases",
    "counters",
    "decisions",
    "idempotency",
    "metadata",
    "plain",
    "remarks",
    "sessions",
    "texts",
    "users",
    "verdicts",
]

APPEND_ONLY = ("decisions", "verdicts", "audit")

_BIG = BigInteger().with_variant(Integer, "sqlite")
"""What SQLite numbers by itself must be called INTEGER there."""


def plain(text: str) -> str:
    """Replace what some database can't take: NUL, and halves of surrogate pairs.

    Examples
    --------
    >>> plain("路灯" + chr(0) + "不亮")
    '路灯\ufffd不亮'
    """
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class PlainText(TypeDecorator[str]):
    """Text as `plain` makes it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Replace what has no encoding."""
        return None if value is None else plain(value)


class JsonText(TypeDecorator[Any]):
    """JSON kept as it was written: the order of its keys too."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        """Write compactly, Chinese as Chinese."""
        return plain(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read it."""
        return None if value is None else json.loads(value)


class UtcTime(TypeDecorator[datetime]):
    """A moment: in UTC in the database, with a zone outside of it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn to UTC; SQLite has no zones."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Say that it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_ID = String(32)
_DIGEST = String(64)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

cases = Table(
    "cases",
    metadata,
    Column("ref", _BIG, primary_key=True),
    Column("identity", _DIGEST, nullable=False),
    Column("source", PlainText, nullable=False),
    Column("level", PlainText, nullable=False),
    Column("session", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("case_id", PlainText, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("text_digest", _DIGEST, nullable=False),
    Column("decision", _ID, nullable=False),
    Column("previous", _ID),
    UniqueConstraint("identity"),
)
"""One row a case; ``decision`` is its newest, ``previous`` the one before."""

texts = Table(
    "texts",
    metadata,
    Column("case_ref", ForeignKey("cases.ref"), primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("title", PlainText, nullable=False),
    Column("body", PlainText, nullable=False),
    Column("proposer", PlainText, nullable=False),
    Column("extra", JsonText, nullable=False),
    Column("stored_at", UtcTime, nullable=False, index=True),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", _BIG, primary_key=True),
    Column("id", _ID, nullable=False),
    Column("case_ref", ForeignKey("cases.ref"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("previous", _ID),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("made_by", PlainText, nullable=False),
    Column("text_digest", _DIGEST, nullable=False),
    Column("fields", JsonText, nullable=False),
    Column("status", String(16), nullable=False),
    Column("lead", PlainText, nullable=False),
    Column("probability", Float, nullable=False),
    Column("decided_by", PlainText, nullable=False),
    Column("model", PlainText, nullable=False),
    Column("rules", PlainText, nullable=False),
    Column("site", PlainText, nullable=False),
    Column("hashes", JsonText, nullable=False),
    Column("answer", JsonText, nullable=False),
    UniqueConstraint("id"),
    Index("ix_decisions_case", "case_ref", "seq"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("seq", _BIG, primary_key=True),
    Column("id", _ID, nullable=False),
    Column("decision_ref", ForeignKey("decisions.seq"), nullable=False),
    Column("case_ref", ForeignKey("cases.ref"), nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("made_by", PlainText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("section", PlainText, nullable=False),
    Column("co_sections", JsonText, nullable=False),
    Column("topic", PlainText, nullable=False),
    Column("returned_by", PlainText, nullable=False),
    Column("returned_on", Date),
    UniqueConstraint("id"),
    Index("ix_verdicts_decision", "decision_ref", "seq"),
    Index("ix_verdicts_case", "case_ref", "seq"),
)

remarks = Table(
    "remarks",
    metadata,
    Column("verdict_ref", ForeignKey("verdicts.seq"), primary_key=True, autoincrement=False),
    Column("reason", PlainText, nullable=False),
    Column("stored_at", UtcTime, nullable=False, index=True),
)
"""What people wrote beside a verdict."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", PlainText, primary_key=True),
    Column("key", PlainText, primary_key=True),
    Column("request_digest", _DIGEST, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)
"""First answers, sealed with the request itself."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("hash", _DIGEST, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("per_minute", Integer),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", PlainText, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    UniqueConstraint("hash"),
)

users = Table(
    "users",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("section", PlainText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", PlainText, nullable=False),
    Column("password_at", UtcTime, nullable=False),
    Column("provisional", Boolean, nullable=False, server_default=false()),
    Column("failed", Integer, nullable=False),
    Column("locked_until", UtcTime),
    Column("disabled_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", _DIGEST, primary_key=True),
    Column("user", ForeignKey("users.name"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

counters = Table(
    "counters",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("ends_at", UtcTime, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("action", PlainText, nullable=False),
    Column("subject", PlainText, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", _DIGEST, nullable=False),
    Column("hash", _DIGEST, nullable=False),
)
