"""Verdicts are listed from a moment on."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Let the first verdict of a day be found without reading all."""
    op.create_index("ix_verdicts_created_at", "verdicts", ["created_at"])
