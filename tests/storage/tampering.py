"""What somebody can do who has the database in hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from router.storage.database import Database

__all__ = ["edit"]


def edit(database: Database, *statements: str) -> None:
    """Run statements with the triggers out of the way, and leave no trace of that."""
    triggers: Sequence[Row[Any]] = []
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            triggers = found.all()
        for trigger in triggers:
            connection.execute(text(f"DROP TRIGGER {trigger.name}"))
        for statement in (*statements, *(trigger.sql for trigger in triggers)):
            connection.exec_driver_sql(statement)
