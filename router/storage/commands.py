"""The commands about what is stored: audit, export, retention, backup."""

from __future__ import annotations

import calendar
import getpass
import io
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from router.console import (
    database_option,
    database_url,
    json_option,
    saving,
    say,
    site_option,
    store_option,
    write_json,
)
from router.errors import InputError, StorageError, UsageError
from router.sheets import write_csv
from router.storage.archive import DATABASE, SITE, STORE, pack, unpack
from router.storage.audit import Audit, Head
from router.storage.backup import back_up
from router.storage.backup import restore as put_back
from router.storage.database import Database, open_database
from router.storage.in_use import replacing
from router.storage.journal import Journal
from router.storage.noted import check_noted
from router.storage.records import LabelledCase
from router.storage.soundness import UNPROTECTED, lost_tables, lost_triggers
from router.storage.sqlite import Sqlite

__all__ = ["audit", "backup", "export", "opened", "restore", "retention", "who"]

EXPORT_COLUMNS = (
    "case_id",
    "title",
    "body",
    "section",
    "co_sections",
    "topic",
    "received_on",
    "kind",
    "session",
    "level",
    "role",
    "lead_unit",
    "proposer",
)
_PARTS = {DATABASE: "数据库", STORE: "模型库", SITE: "站点"}


def who() -> str:
    """Return who runs a command, as the audit log names them."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user id may have no name
        return f"command:{os.getuid()}"


@contextmanager
def opened(database: str | None, store: Path, *, create: bool = False) -> Iterator[Database]:
    """Open the database that a command means, and close it afterwards.

    Parameters
    ----------
    database : str or None
    store : Path
    create : bool
        Whether to begin one where it belongs, beside a model store or where
        it was named; a key in a database that no service reads is worse than none.

    Raises
    ------
    StorageError
        If there is none, and this is no place for one; if nobody named it,
        and the service works with another one.
    """
    found = open_database(database_url(database, store), create=create)
    check_noted(found, store, named=bool(database))
    there = found.backend.exists()
    if create and not there:
        _check_place(found, None if database else store)
    if there and database is None and not store.is_dir():
        say(f"注意：没有模型库 {store}，用的是数据库 {found.place}")
    try:
        yield found
    finally:
        found.close()
    if not there:
        say(f"新建了数据库 {found.place}")


def _check_place(database: Database, store: Path | None) -> None:
    """Refuse to begin a database in a place that was most likely mistyped."""
    if store is not None and not (store / "live").is_file():
        raise StorageError(
            "这里没有模型库，旁边也没有数据库，什么也没有建",
            where=str(store),
            hint="请用 --store 写出服务用的模型库，如 --store var/store；还没有模型的先 fenban train",
        )
    folder = Path(database.place).parent
    if not folder.is_dir():
        hint = "请核对 --database（FENBAN_DATABASE），或先建好这个目录"
        raise StorageError("没有这个目录，什么也没有建", where=str(folder), hint=hint)


@click.group()
def audit() -> None:
    """核对审计记录，导出链尾。

    Check the audit log, in which every row holds the hash of the row before
    it, or export how far it reaches.
    """


@audit.command()
@click.option(
    "--head",
    "head_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="以前导出的链尾，用它才看得出末尾被截掉 · a head exported before, to miss a cut end",
)
@database_option
@store_option
@json_option
def verify(head_file: Path | None, database: str | None, store: Path, json_file: str | None) -> None:
    """逐行核对审计记录 · check every row of the audit log."""
    head = _read_head(head_file) if head_file else None
    with opened(database, store) as found:
        unprotected = _unprotected(found)
        result = Audit(found).verify(head)
        if json_file:
            sound = result.sound and not unprotected
            write_json({**asdict(result), "sound": sound, "unprotected": unprotected}, json_file)
        if not result.sound:
            hint = "请保留现场，与备份核对"
            raise StorageError(
                f"审计记录第 {result.broken_at} 行：{result.reason}", where=found.place, hint=hint
            )
        if unprotected:
            message = f"审计记录都对，但不许改、不许删的触发器不全：{'、'.join(unprotected)}"
            raise StorageError(message, where=found.place, hint=UNPROTECTED)
    say(f"审计记录 {result.count} 行，逐行核对无误")


@audit.command()
@database_option
@store_option
@json_option
def head(database: str | None, store: Path, json_file: str | None) -> None:
    """导出链尾，请存到别处 · export the head, to be kept elsewhere."""
    with opened(database, store) as found:
        _unprotected(found)
        write_json(Audit(found).head().told(), json_file or "-")


def _unprotected(database: Database) -> list[str]:
    """Return the append-only tables without their triggers.

    Raises
    ------
    StorageError
        If tables are gone.
    """
    with database.read() as connection:
        lost = lost_tables(connection)
        if lost:
            hint = "请保留现场，停止服务，用 fenban restore 从备份恢复"
            raise StorageError(f"缺数据表 {'、'.join(lost)}", where=database.place, hint=hint)
        return lost_triggers(connection)


def _read_head(file: Path) -> Head:
    try:
        return Head.from_json(json.loads(file.read_bytes()))
    except (ValueError, InputError) as error:
        raise InputError("这不是 fenban audit head 导出的文件", where=str(file)) from error


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@site_option
@database_option
@store_option
def backup(target: Path, site: Path | None, database: str | None, store: Path) -> None:
    """备份成一个文件，服务不用停：.tar 是全部，其他是单个数据库。

    Copy everything into one new file while the service runs: a name that
    ends in .tar gets the database, the model store and the site, any other
    the database alone. For PostgreSQL use pg_dump beside it.
    """
    with opened(database, store) as found:
        if target.suffix == ".tar":
            folders = {STORE: store, SITE: site} if site else {STORE: store}
            parts = pack(target, found, folders, found.now())
        else:
            back_up(found, target)
            parts = (DATABASE,)
        Audit(found).add(who(), "backed_up", target.name, parts=list(parts))
    _tell_missing(parts, whole=target.suffix == ".tar")
    size = target.stat().st_size / 1e6
    names = "、".join(_PARTS[part] for part in parts)
    say(f"已备份到 {target}（{names}，{size:.1f} MB），里面有案件文字的，请妥善保管")


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@site_option
@database_option
@store_option
def restore(source: Path, site: Path | None, database: str | None, store: Path) -> None:
    """从备份恢复，先停服务。

    Put what a backup holds in its place; what was there is kept beside it.
    Stop the service first. For PostgreSQL use pg_restore beside it. A
    database that only the environment names must lie beside the store, or
    --database must name it.
    """
    _check_named(database, store)
    to = open_database(database_url(database, store))
    check_noted(to, store, named=bool(database))
    with (
        closing(to) as found,
        replacing(found, store if source.suffix == ".tar" else None),
    ):
        if source.suffix == ".tar":
            folders = {STORE: store, SITE: site} if site else {STORE: store}
            whole = unpack(source, found, folders, found.now())
            result, kept, parts = whole.database, whole.kept, whole.parts
        else:
            result = put_back(source, found, found.now())
            kept, parts = (result.kept,) if result.kept else (), (DATABASE,)
        if result:
            Audit(found).add(who(), "restored", source.name, parts=list(parts))
    for path in kept:
        say(f"原来的{_kind(path)}留在 {path}，确认无误后请删去")
    if result and not result.audit.sound:
        say(f"注意：备份里的审计记录第 {result.audit.broken_at} 行：{result.audit.reason}")
    _tell_missing(parts, whole=source.suffix == ".tar")
    say(f"已从 {source} 恢复（{'、'.join(_PARTS[part] for part in parts)}）")


def _check_named(database: str | None, store: Path) -> None:
    """Refuse to replace a database far from the store that nobody has typed: most likely the real one."""
    source = click.get_current_context().get_parameter_source("database")
    backend = open_database(database_url(database, store)).backend
    if source is not click.core.ParameterSource.ENVIRONMENT or not isinstance(backend, Sqlite):
        return
    if backend.path.parent != store.resolve().parent:
        raise UsageError(
            "环境变量 FENBAN_DATABASE 指的数据库不在模型库旁边，没有恢复",
            where=backend.place,
            hint="要换下的就是它，请用 --database 写明；恢复到别处，请用 --database 写明别处",
        )


def _kind(path: Path) -> str:
    return "目录" if path.is_dir() else "数据库"


def _tell_missing(parts: tuple[str, ...], *, whole: bool) -> None:
    if whole and DATABASE not in parts:
        say("注意：PostgreSQL 数据库不在这份备份里，请用 pg_dump、pg_restore")
    if whole and SITE not in parts:
        say("注意：站点目录不在这份备份里；要一起备份，请加 --site")


@click.command()
@click.option(
    "--months",
    type=click.IntRange(1, 1200),
    required=True,
    help="删除多少个月以前存入的文字 · remove texts older than so many months",
)
@database_option
@store_option
def retention(months: int, database: str | None, store: Path) -> None:
    """删除到期的案件文字和退回理由，保留决定。

    Remove texts of cases and reasons of returns that were stored so many
    months ago or earlier. What was decided stays.
    """
    with opened(database, store) as found:
        gone = Journal(found).purge_texts(_months_before(found.now(), months), who())
    say(f"已删除 {gone.texts} 件的文字、{gone.reasons} 条理由；以前的备份和旧模型里还有，请一并清理")


@click.group()
def export() -> None:
    """导出人的决定。

    Export what people decided.
    """


@export.command("verdicts")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="写到 .csv 或 .jsonl · write to a file",
)
@database_option
@store_option
def export_verdicts(output: Path, database: str | None, store: Path) -> None:
    """把人的决定导出成案件表，可以直接拿去训练。

    Export what people decided last on each case as a case table that `fenban
    train` reads. Cases whose text isn't kept are left out.
    """
    if output.suffix.lower() not in (".csv", ".jsonl"):
        raise UsageError("只写 .csv 或 .jsonl 文件", where=str(output))
    counts = {True: 0, False: 0}

    def rows(cases: Iterator[LabelledCase]) -> Iterator[dict[str, str]]:
        for case in cases:
            has_text = bool(case.proposal.title or case.proposal.body)
            counts[has_text] += 1
            if has_text:
                yield _row(case)

    with opened(database, store) as found:
        found.prepare()  # before the file is touched
        found_rows = rows(Journal(found).export_verdicts())
        with (
            saving(output) as file,
            io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True) as text,
        ):
            if output.suffix.lower() == ".csv":
                text.write("\ufeff")
                write_csv(found_rows, EXPORT_COLUMNS, text)
            else:
                text.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in found_rows)
    left_out = f"，另有 {counts[False]} 件没有存文字，未导出" if counts[False] else ""
    say(f"{counts[True]} 件已写到 {output}{left_out}")


def _row(case: LabelledCase) -> dict[str, str]:
    proposal = case.proposal
    row = {name: getattr(proposal, name) for name in EXPORT_COLUMNS}
    day = proposal.received_on
    return {
        **row,
        "co_sections": ";".join(proposal.co_sections),
        "received_on": day.isoformat() if day else "",
    }


def _months_before(moment: datetime, months: int) -> datetime:
    """Return the same day so many months ago, the month's last where there is none.

    Examples
    --------
    >>> _months_before(datetime(2026, 3, 31), 13).date().isoformat()
    '2025-02-28'
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
