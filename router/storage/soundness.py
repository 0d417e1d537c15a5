"""Whether a database is what it should be; nothing is changed in it, not even an old one brought up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from router.doctor import Finding, attention, error, good
from router.storage import schema
from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.sqlite import Sqlite
from router.storage.tables import decisions

__all__ = ["check_database", "newest_decision"]

_PART = "数据库"
_RESTORE = "请停止服务，用 fenban restore 从备份恢复"


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
    except (DBAPIError, OSError) as failed:
        cause = failed.orig if isinstance(failed, DBAPIError) else failed
        fault = database.backend.fault(cause) if cause else None
        if fault is None:
            raise
        yield error(_PART, f"{database.place}：{fault.message}", fault.hint)
        return
    finally:
        engine.dispose()
    yield from _told(database, revision, damaged)


def newest_decision(database: Database) -> datetime | None:
    """Return when the newest decision was made; None where there is none or it can't be told."""
    if not database.backend.exists():
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
        yield good(_PART, f"{database.place} 能用，表是新版（{revision}），内容完好")
        yield from _check_audit(database)


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
