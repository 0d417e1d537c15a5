"""Bringing a database up to the tables of this version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from router.errors import StorageError

__all__ = ["MIGRATIONS", "REVISION", "is_current", "revision_of", "upgrade"]

REVISION = "0005"
"""The newest migration; known without loading Alembic, which only an upgrade needs."""

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database, None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def is_current(connection: Connection, place: str) -> bool:
    """Say whether the tables are those of this version.

    Raises
    ------
    StorageError
        If a newer version of the program has changed them.
    """
    found = revision_of(connection)
    if found is not None and found > REVISION:
        hint = "请用新版程序，或从升级前的备份恢复"
        raise StorageError(f"数据库已被更新版本的 fenban 升级过（{found}）", where=place, hint=hint)
    return found == REVISION


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, within the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
