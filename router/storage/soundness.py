"""Whether a database is what it should be; nothing is changed in it, not even an old one brought up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from router.disk import leftovers
from router.doctor import Finding, attention, error, good
from router.errors import StorageError, StorageUnavailableError
from router.storage import schema
from router.storage.audit import Audit
from router.storage.backup import kept_beside
from router.storage.database import Database
from router.storage.sqlite import Sqlite
from router.storage.tables import APPEND_ONLY, decisions, metadata
from router.storage.writable import check_writable

__all__ = [
    "UNPROTECTED",
    "check_database",
    "check_leftovers",
    "lost_tables",
    "lost_triggers",
    "newest_decision",
]

UNPROTECTED = "有人拆过，已有的记录可能被改过：请保留现场，与备份核对"
"""What to do where triggers are gone."""

_PART = "数据库"
_RESTORE = "请停止服务，用 fenban restore 从备份恢复"
_TRIGGERS = {
    "sqlite": (
        ("no_update", "no_delete", "no_replace"),
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    ),
    "postgresql": (
        ("append_only",),
        "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND pg_table_is_visible(tgrelid)",
    ),
}
"""What the triggers of an append-only table are called, and the query for those that work."""


def check_database(database: Database) -> Iterator[Finding]:
    """Say whether a database answers, is of this version, and is sound.

    Parameters
    ----------
    database : Database
        Opened with ``create=False``.
    """
    if not database.backend.exists():
        yield attention(_PART, f"还没有 {database.place}", "第一次启动服务时自动建立")
        return
    engine = database.backend.engine()
    try:
        with engine.connect() as connection:
            revision = schema.revision_of(connection)
            damaged = _damaged(connection) if isinstance(database.backend, Sqlite) else ""
            current = revision == schema.REVISION and not damaged
            lost = lost_tables(connection) if current else []
            open_tables = lost_triggers(connection) if current else []
    except (DBAPIError, OSError) as failed:
        cause = failed.orig if isinstance(failed, DBAPIError) else failed
        fault = database.backend.fault(cause) if cause else None
        if fault is None:
            raise
        yield error(_PART, f"{database.place}：{fault.message}", fault.hint)
        return
    finally:
        engine.dispose()
    if lost:
        yield error(_PART, f"{database.place} 缺数据表 {'、'.join(lost)}", _RESTORE)
    else:
        yield from _told(database, revision, damaged)
    if open_tables:
        yield error("触发器", f"不许改、不许删的触发器不全：{'、'.join(open_tables)}", UNPROTECTED)


def lost_tables(connection: Connection) -> list[str]:
    """Return the tables of a database of this version that aren't there."""
    return sorted(metadata.tables.keys() - set(inspect(connection).get_table_names()))


def lost_triggers(connection: Connection) -> list[str]:
    """Return the append-only tables that can be changed, since a trigger is gone or turned off."""
    names, query = _TRIGGERS[connection.dialect.name]
    there = set(connection.exec_driver_sql(query).scalars())
    return [table for table in APPEND_ONLY if any(f"{table}_{name}" not in there for name in names)]


def check_leftovers(places: Iterable[Path]) -> Iterator[Finding]:
    """Name what lies beside stores, sites and databases and may hold their texts.

    Parameters
    ----------
    places : iterable of Path
    """
    places = [place.absolute() for place in places]
    folders = {folder for place in places for folder in (place.parent, place)}  # trained in the store itself
    left = [path for folder in sorted(folders) for path in leftovers(folder)]
    if left:
        hint = "里面可能有案件文字；下次在那里再做时自动删去，也可以现在就删"
        yield attention("残留", f"中断的备份、恢复、训练留下了 {'、'.join(map(str, left))}", hint)
    kept = [path for place in places for path in kept_beside(place)]
    if kept:
        hint = "里面有案件文字，fenban retention 不管；确认恢复无误后请删去"
        yield attention("残留", f"恢复时换下来的还在：{'、'.join(map(str, kept))}", hint)


def newest_decision(database: Database) -> datetime | None:
    """Return when the newest decision was made; None where there is none or it can't be told."""
    try:
        if not database.backend.exists():
            return None
    except StorageError:  # `check_database` tells why
        return None
    engine = database.backend.engine()
    try:
        with engine.connect() as connection:
            found: datetime | None = connection.execute(select(func.max(decisions.c.created_at))).scalar_one()
            return found
    except (SQLAlchemyError, OSError):  # `check_database` tells why
        return None
    finally:
        engine.dispose()


def _told(database: Database, revision: str | None, damaged: str) -> Iterator[Finding]:
    if damaged:
        yield error(_PART, f"{database.place} 损坏：{damaged}", _RESTORE)
    elif revision is None:
        yield attention(_PART, f"{database.place} 是空的", "第一次启动服务时自动建表")
    elif revision > schema.REVISION:
        hint = "请用新版程序，或从升级前的备份恢复"
        yield error(_PART, f"{database.place} 已被更新版本的 fenban 升级过（{revision}）", hint)
    elif revision < schema.REVISION:
        hint = "下次启动服务时自动升级，请先备份"
        yield attention(_PART, f"{database.place} 的表还是旧版（{revision}，现为 {schema.REVISION}）", hint)
    else:
        whole = "，内容完好" if isinstance(database.backend, Sqlite) else ""
        yield _storing(database, f"表是新版（{revision}）{whole}")
        yield from _check_audit(database)


def _storing(database: Database, told: str) -> Finding:
    try:
        check_writable(database)
    except StorageUnavailableError as failed:
        return error(_PART, f"{database.place}：{failed.message}；{told}", failed.hint)
    return good(_PART, f"{database.place} 能用，{told}")


def _check_audit(database: Database) -> Iterator[Finding]:
    found = Audit(database).verify()
    if found.sound:
        yield good("审计记录", f"{found.count} 行，逐行核对无误")
    else:
        yield error("审计记录", f"第 {found.broken_at} 行：{found.reason}", "请保留现场，与备份核对")


def _damaged(connection: Connection) -> str:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if found != "ok":
        return str(found).splitlines()[-1]
    return "有记录指向不存在的记录" if orphan else ""
