"""Passwords that somebody else has set are known as such; those of before stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Note whether a password is still the one that somebody else has set."""
    op.add_column("users", sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()))
