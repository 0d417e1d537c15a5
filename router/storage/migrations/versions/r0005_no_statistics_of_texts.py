"""PostgreSQL keeps no samples of texts in its statistics, where no retention would find them."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_TEXTS = {"texts": ("title", "body", "proposer", "extra"), "remarks": ("reason",)}


def upgrade() -> None:
    """Let ANALYZE leave the texts out, and forget what it noted of them before."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in _TEXTS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
            # to the type it has: writes nothing anew, but drops the column's statistics
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text")
