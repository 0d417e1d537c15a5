"""The first tables.

Types are spelled out instead of taken from ``tables``: what an old database
was given must not change with the program.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_DIGEST = sa.String(64)
_ID = sa.String(32)
_APPEND_ONLY = {"decisions": "seq, id", "verdicts": "seq, id", "audit": "seq"}


def upgrade() -> None:
    """Make all tables in an empty database."""
    _make_cases()
    _make_decisions()
    _make_verdicts()
    _make_access()
    _make_audit()
    protect = _protect_sqlite if op.get_bind().dialect.name == "sqlite" else _protect_postgresql
    for table, keys in _APPEND_ONLY.items():
        protect(table, keys.split(", "))


def _needed(name: str, kind: TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("ref", _BIG, nullable=False),
        _needed("identity", _DIGEST),
        *(_needed(name, sa.Text()) for name in ("source", "level", "session", "kind", "case_id")),
        _needed("created_at", _TIME),
        _needed("revision", sa.Integer()),
        _needed("text_digest", _DIGEST),
        _needed("decision", _ID),
        sa.Column("previous", _ID),
        sa.PrimaryKeyConstraint("ref", name="pk_cases"),
        sa.UniqueConstraint("identity", name="uq_cases_identity"),
    )
    op.create_table(
        "texts",
        _needed("case_ref", _BIG),
        _needed("revision", sa.Integer()),
        *(_needed(name, sa.Text()) for name in ("title", "body", "proposer", "extra")),
        _needed("stored_at", _TIME),
        sa.PrimaryKeyConstraint("case_ref", "revision", name="pk_texts"),
        sa.ForeignKeyConstraint(["case_ref"], ["cases.ref"], name="fk_texts_case_ref"),
    )
    op.create_index("ix_texts_stored_at", "texts", ["stored_at"])


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("seq", _BIG, nullable=False),
        _needed("id", _ID),
        _needed("case_ref", _BIG),
        _needed("revision", sa.Integer()),
        sa.Column("previous", _ID),
        _needed("created_at", _TIME),
        _needed("made_by", sa.Text()),
        _needed("text_digest", _DIGEST),
        _needed("fields", sa.Text()),
        _needed("status", sa.String(16)),
        _needed("lead", sa.Text()),
        _needed("probability", sa.Float()),
        *(_needed(name, sa.Text()) for name in ("decided_by", "model", "rules", "site", "hashes", "answer")),
        sa.PrimaryKeyConstraint("seq", name="pk_decisions"),
        sa.UniqueConstraint("id", name="uq_decisions_id"),
        sa.ForeignKeyConstraint(["case_ref"], ["cases.ref"], name="fk_decisions_case_ref"),
    )
    op.create_index("ix_decisions_created_at", "decisions", ["created_at"])
    op.create_index("ix_decisions_case", "decisions", ["case_ref", "seq"])
    op.create_table(
        "idempotency",
        _needed("caller", sa.Text()),
        _needed("key", sa.Text()),
        _needed("request_digest", _DIGEST),
        _needed("answer", sa.LargeBinary()),
        _needed("expires_at", _TIME),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"])


def _make_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("seq", _BIG, nullable=False),
        _needed("id", _ID),
        _needed("decision_ref", _BIG),
        _needed("case_ref", _BIG),
        _needed("created_at", _TIME),
        _needed("made_by", sa.Text()),
        _needed("kind", sa.String(16)),
        *(_needed(name, sa.Text()) for name in ("section", "co_sections", "topic", "returned_by")),
        sa.Column("returned_on", sa.Date()),
        sa.PrimaryKeyConstraint("seq", name="pk_verdicts"),
        sa.UniqueConstraint("id", name="uq_verdicts_id"),
        sa.ForeignKeyConstraint(["decision_ref"], ["decisions.seq"], name="fk_verdicts_decision_ref"),
        sa.ForeignKeyConstraint(["case_ref"], ["cases.ref"], name="fk_verdicts_case_ref"),
    )
    op.create_index("ix_verdicts_decision", "verdicts", ["decision_ref", "seq"])
    op.create_index("ix_verdicts_case", "verdicts", ["case_ref", "seq"])
    op.create_table(
        "remarks",
        _needed("verdict_ref", _BIG),
        _needed("reason", sa.Text()),
        _needed("stored_at", _TIME),
        sa.PrimaryKeyConstraint("verdict_ref", name="pk_remarks"),
        sa.ForeignKeyConstraint(["verdict_ref"], ["verdicts.seq"], name="fk_remarks_verdict_ref"),
    )
    op.create_index("ix_remarks_stored_at", "remarks", ["stored_at"])


def _make_access() -> None:
    op.create_table(
        "api_keys",
        _needed("name", sa.Text()),
        _needed("hash", _DIGEST),
        _needed("scopes", sa.Text()),
        sa.Column("per_minute", sa.Integer()),
        _needed("created_at", _TIME),
        _needed("created_by", sa.Text()),
        sa.Column("expires_at", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.PrimaryKeyConstraint("name", name="pk_api_keys"),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
    )
    op.create_table(
        "users",
        _needed("name", sa.Text()),
        _needed("password_hash", sa.Text()),
        _needed("role", sa.String(16)),
        _needed("section", sa.Text()),
        _needed("created_at", _TIME),
        _needed("created_by", sa.Text()),
        _needed("password_at", _TIME),
        _needed("failed", sa.Integer()),
        sa.Column("locked_until", _TIME),
        sa.Column("disabled_at", _TIME),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "sessions",
        _needed("hash", _DIGEST),
        _needed("user", sa.Text()),
        *(_needed(name, _TIME) for name in ("created_at", "seen_at", "expires_at")),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_sessions_user"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "counters",
        _needed("name", sa.Text()),
        _needed("n", sa.Integer()),
        _needed("ends_at", _TIME),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_index("ix_counters_ends_at", "counters", ["ends_at"])


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _BIG, nullable=False, autoincrement=False),
        _needed("at", _TIME),
        *(_needed(name, sa.Text()) for name in ("actor", "action", "subject", "details")),
        _needed("previous", _DIGEST),
        _needed("hash", _DIGEST),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )


def _protect_sqlite(table: str, keys: list[str]) -> None:
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for action in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {refused}")
    # INSERT OR REPLACE deletes the row that is in its way, and no trigger for DELETE is asked
    same = " OR ".join(f"{key} = NEW.{key}" for key in keys)
    taken = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # names of ours
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} {refused}")


def _protect_postgresql(table: str, keys: list[str]) -> None:  # noqa: ARG001  # SQLite needs them
    op.execute(
        "CREATE OR REPLACE FUNCTION fenban_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION fenban_append_only()"
    )
