"""The command that looks over a whole installation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.store import ModelStore
from models.tokenizer import JiebaTokenizer, RjiebaTokenizer
from router.console import (
    check_target,
    database_option,
    database_url,
    json_option,
    site_option,
    store_option,
    write_json,
)
from router.doctor import (
    Finding,
    State,
    attention,
    check_calendar,
    check_clock,
    check_folder,
    check_owners,
    error,
    examined,
    good,
    scratch_folder,
)
from router.errors import FenbanError
from router.installation import changed_files, check_installation, reinstalling
from router.rules.checking import check_rules
from router.site import Site
from router.site_files import load_site

if TYPE_CHECKING:
    from router.storage.database import Database

__all__ = ["doctor"]

_SENTENCE = "请给老旧小区加装电梯，修补人民路路面。"


@click.command()
@site_option
@database_option
@store_option
@json_option
def doctor(site: Path | None, database: str | None, store: Path, json_file: str | None) -> None:
    """逐项检查安装、词典、模型、站点、数据库、磁盘、时钟。

    Look over the installation, the dictionaries, model, site, database,
    disks and the clock. Changes nothing. Exits with 1 where something must
    be mended.
    """
    check_target(json_file)
    findings = []
    for finding in _all(site, database, store):
        findings.append(finding)
        if json_file != "-":
            click.echo(str(finding))
    if json_file:
        bad = any(finding.state is State.ERROR for finding in findings)
        write_json({"sound": not bad, "findings": [asdict(finding) for finding in findings]}, json_file)
    if any(finding.state is State.ERROR for finding in findings):
        raise SystemExit(1)


def _all(site: Path | None, named: str | None, store: Path) -> Iterator[Finding]:
    from router.storage.database import open_database
    from router.storage.soundness import check_leftovers, newest_decision
    from router.storage.sqlite import Sqlite

    now = datetime.now(UTC).astimezone()
    models, database = ModelStore(store), open_database(database_url(named, store), create=False)
    loaded = _site(site)
    yield from examined("安装", check_installation)
    yield from examined("词典", _check_dictionaries)
    yield from examined("模型库", partial(_check_store, models))
    yield from examined("站点", partial(_check_site, site))
    yield from examined("数据库", partial(_check_database, database, store, named=bool(named)))
    folders = {"模型库的磁盘": store, "临时文件的磁盘": scratch_folder()}
    places = [store, site] if site else [store]
    if isinstance(database.backend, Sqlite):
        folders["数据库的磁盘"] = database.backend.path.parent
        places.append(database.backend.path)
    for part, folder in folders.items():
        yield from examined(part, partial(check_folder, part, folder))
    yield from examined("残留", partial(check_leftovers, places))
    yield from examined("模型库的属主", partial(check_owners, "模型库的属主", store))
    known = {"建议": newest_decision(database), "模型": _newest_entry(models)}
    yield from examined("时钟", partial(check_clock, now, known))
    yield from examined("节假日", partial(check_calendar, now.date(), loaded))
    database.close()


def _check_dictionaries() -> Iterator[Finding]:
    damaged = [*_damaged("jieba"), *_damaged("rjieba")]
    if damaged:
        yield from damaged
        return
    words = JiebaTokenizer().tokenize(_SENTENCE)
    if not find_spec("rjieba"):
        yield attention("词典", "jieba 能用；没有装 rjieba", "能用，只是慢；要快请装 fenban[fast]")
    elif RjiebaTokenizer().tokenize(_SENTENCE) != words:
        yield error("词典", "rjieba 与 jieba 切的词不一样", "请卸载 rjieba，并告诉开发者")
    else:
        yield good("词典", "jieba、rjieba 都能用，切的词一样")


def _damaged(library: str) -> Iterator[Finding]:
    """Say that files of a library aren't what was installed: what it does proves nothing then."""
    try:
        changed = changed_files(distribution(library))
    except PackageNotFoundError:  # `check_installation` tells which must be there
        return
    if changed:
        told = f"{library} 有 {len(changed)} 个文件与安装时不一样，如 {changed[0]}"
        yield error("词典", told, reinstalling(library))


def _check_store(store: ModelStore) -> Iterator[Finding]:
    if store.live is None:
        yield attention("模型库", f"{store.directory} 里还没有模型", "请先运行 fenban train")
        return
    model = store.load()
    yield good("模型库", f"{store.directory} 启用的是 {model.version}，文件与训练时的摘要相符")
    cases = store.manifest().cases["n"]
    if not cases:
        yield attention("模型库", "模型没有学过往年件", "有了往年件后请用 fenban train 训练")


def _check_database(database: Database, store: Path, *, named: bool) -> Iterator[Finding]:
    from router.storage.noted import noted_elsewhere
    from router.storage.soundness import check_database

    served = noted_elsewhere(database, store)
    if served and not named:
        hint = "请先读入服务的 FENBAN_DATABASE，写法见 docs/operations.md 第九节，或用 --database 写明"
        yield error("数据库", f"服务用的是 {served}，这里没有读到，没有检查", hint)
        return
    if served:
        yield attention("数据库", f"服务用的是 {served}，下面检查的是 {database.place}", "请核对")
    yield from check_database(database)


def _newest_entry(store: ModelStore) -> datetime | None:
    try:
        return max((datetime.fromisoformat(entry.at) for entry in store.history()), default=None)
    except (FenbanError, ValueError):  # `_check_store` tells why
        return None


def _site(directory: Path | None) -> Site:
    try:
        return load_site(directory) if directory else Site()
    except FenbanError:  # `_check_site` tells why
        return Site()


def _check_site(directory: Path | None) -> Iterator[Finding]:
    if directory is None:
        yield attention("站点", "没有指明站点目录，按没有站点检查", "请加 --site")
        return
    site = load_site(directory)
    yield good("站点", f"{directory}：{len(site.sections)} 个股室，{len(site.topics)} 个主题")
    checked = check_rules(site)
    if checked.mistakes:
        hint = "请运行 fenban rules check 看全部"
        yield error("规则", f"{len(checked.mistakes)} 处不对，如：{checked.mistakes[0]}", hint)
    else:
        yield good("规则", f"{len(checked.book.rules)} 条，{checked.examples} 个样例都对")
