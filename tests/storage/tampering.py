"""What somebody can do who has the database in hand."""

from __future__ import annotations

from sqlalchemy import text

from router.storage.database import Database
from router.storage.tables import APPEND_ONLY

__all__ = ["edit"]


def edit(database: Database, *statements: str) -> None:
    """Run statements with the triggers out of the way."""
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for table in APPEND_ONLY:
                for trigger in ("no_update", "no_delete", "no_replace"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_{trigger}"))
        for statement in statements:
            connection.execute(text(statement))
