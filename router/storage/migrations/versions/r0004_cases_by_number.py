"""Cases are looked up by their number."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let the cases of a number be found without reading all."""
    op.create_index("ix_cases_case_id", "cases", ["case_id"])
