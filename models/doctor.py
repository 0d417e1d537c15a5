"""The command that looks over a whole installation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

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
    error,
    examined,
    good,
    scratch_folder,
)
from router.errors import FenbanError
from router.installation import check_installation
from router.rules.checking import check_rules
from router.site import Site
from router.site_files import load_site

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
    for finding in _all(site, database_url(database, store), store):
        findings.append(finding)
        if json_file != "-":
            click.echo(str(finding))
    if json_file:
        bad = any(finding.state is State.ERROR for finding in findings)
        write_json({"sound": not bad, "findings": [asdict(finding) for finding in findings]}, json_file)
    if any(finding.state is State.ERROR for finding in findings):
        raise SystemExit(1)


def _all(site: Path | None, url: str, store: Path) -> Iterator[Finding]:
    from router.storage.database import open_database
    from router.storage.soundness import check_database, newest_decision
    from router.storage.sqlite import Sqlite

    now = datetime.now(UTC).astimezone()
    models, database = ModelStore(store), open_database(url, create=False)
    loaded = _site(site)
    yield from examined("安装", check_installation)
    yield from examined("词典", _check_dictionaries)
    yield from examined("模型库", partial(_check_store, models))
    yield from examined("站点", partial(_check_site, site))
    yield from examined("数据库", partial(check_database, database))
    folders = {"模型库的磁盘": store, "临时文件的磁盘": scratch_folder()}
    if isinstance(database.backend, Sqlite):
        folders["数据库的磁盘"] = database.backend.path.parent
    for part, folder in folders.items():
        yield from examined(part, partial(check_folder, part, folder))
    known = {"建议": newest_decision(database), "模型": _newest_entry(models)}
    yield from examined("时钟", partial(check_clock, now, known))
    yield from examined("节假日", partial(check_calendar, now.date(), loaded))
    database.close()


def _check_dictionaries() -> Iterator[Finding]:
    words = JiebaTokenizer().tokenize(_SENTENCE)
    if not find_spec("rjieba"):
        yield attention("词典", "jieba 能用；没有装 rjieba", "能用，只是慢；要快请装 fenban[fast]")
    elif RjiebaTokenizer().tokenize(_SENTENCE) != words:
        yield error("词典", "rjieba 与 jieba 切的词不一样", "请卸载 rjieba，并告诉开发者")
    else:
        yield good("词典", "jieba、rjieba 都能用，切的词一样")


def _check_store(store: ModelStore) -> Iterator[Finding]:
    if store.live is None:
        yield attention("模型库", f"{store.directory} 里还没有模型", "请先运行 fenban train")
        return
    model = store.load()
    yield good("模型库", f"{store.directory} 启用的是 {model.version}，文件与训练时的摘要相符")
    cases = store.manifest().cases["n"]
    if not cases:
        yield attention("模型库", "模型没有学过往年件", "有了往年件后请用 fenban train 训练")


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
