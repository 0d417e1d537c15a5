"""Reading a site directory, and making a new one from the sample."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from router.errors import SiteError
from router.rules.files import read_rules, rules_digest
from router.site import OUT_PREFIX, Neighbour, Section, Settings, Site, Successor, Topic
from router.site_access import read_access
from router.site_text import read_text

__all__ = ["SITE_FILES", "init_site", "load_site", "sample_site", "site_digest"]

T = TypeVar("T")
SITE_FILES = (
    "site.toml",
    "sections.csv",
    "topics.csv",
    "neighbours.csv",
    "successors.csv",
    "holidays.csv",
    "userdict.txt",
    "stopwords.txt",
)


def sample_site() -> Path:
    """Return the sample site: inside the wheel, or ``data/`` of a checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "sample_site"
    return packaged if packaged.is_dir() else here.parent / "data"


def init_site(target: Path) -> None:
    """Make a new site directory from the sample.

    Parameters
    ----------
    target : Path
        Must not exist, or be an empty directory.

    Raises
    ------
    SiteError
        If something is there already, or it can't be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SiteError("这里已经有文件了", where=str(target), hint="请换一个新目录")
    try:
        shutil.copytree(sample_site(), target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("store"))
    except OSError as error:  # shutil.Error is one too, with a list of files for its message
        shutil.rmtree(target, ignore_errors=True)  # half a site would be taken for somebody's own
        raise SiteError(
            f"无法写入：{error.strerror or '磁盘可能已满'}", where=str(target), hint="请检查权限和磁盘空间"
        ) from error


def load_site(directory: Path) -> Site:
    """Read and check a site directory.

    Parameters
    ----------
    directory : Path

    Returns
    -------
    Site

    Raises
    ------
    SiteError
        Naming file, row and column of what is wrong.
    """
    if not (directory / "sections.csv").is_file():
        raise SiteError(
            "不是站点目录：缺少 sections.csv", where=str(directory), hint="可用 fenban init 新建一个站点目录"
        )
    site = Site(
        settings=_settings(directory / "site.toml"),
        sections=_by_id(directory / "sections.csv", _section),
        topics=_by_id(directory / "topics.csv", _topic),
        neighbours=_by_id(directory / "neighbours.csv", _neighbour),
        successors=tuple(_rows(directory / "successors.csv", _successor)),
        rules=read_rules(directory),
        holidays=dict(_rows(directory / "holidays.csv", _holiday)),
        user_words=_lines(directory / "userdict.txt"),
        stop_words=_lines(directory / "stopwords.txt"),
        digest=site_digest(directory),
        rules_digest=rules_digest(directory),
    )
    _check_references(site, directory)
    return site


def _settings(path: Path) -> Settings:
    known = [f.name for f in fields(Settings) if f.name not in ("access", "sinks")]
    flat: dict[str, Any] = {}
    written = _toml(path)
    access = read_access(written.pop("access", {}), path)
    sinks = written.pop("sinks", {})
    if not isinstance(sinks, dict) or not all(isinstance(params, dict) for params in sinks.values()):
        raise SiteError("sinks 写法不对", where=str(path), hint="每个接收插件写成一节，如 [sinks.jsonl]")
    for key, value in written.items():
        flat |= value if isinstance(value, dict) else {key: value}
    unknown = sorted(set(flat) - set(known))
    if unknown:
        raise SiteError(
            f"不认识的设置 {'、'.join(unknown)}", where=str(path), hint=f"可用：{'、'.join(known)}"
        )
    for key, value in flat.items():
        _check_setting(path, key, value)
    return Settings(**flat, access=access, sinks=sinks)


def _check_setting(path: Path, key: str, value: object) -> None:
    default = getattr(Settings(), key)
    if isinstance(default, bool):
        good, wanted = isinstance(value, bool), " true 或 false"
    elif isinstance(default, float):
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        wanted = "0 到 1 之间的数"
    elif isinstance(default, int):
        good, wanted = isinstance(value, int) and not isinstance(value, bool) and value > 0, "正整数"
    else:
        good, wanted = isinstance(value, str) and bool(value), "带引号的文字"
    if not good:
        raise SiteError(f"设置 {key} 应为{wanted}，现为 {value!r}", where=str(path))


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"TOML 写法有误：{error}", where=str(path), hint="请检查引号和等号") from error


def _lines(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    lines = (line.partition("#")[0].strip() for line in read_text(path).splitlines())
    return tuple(line for line in lines if line)


def _rows(path: Path, make: Callable[[_Row], T]) -> Iterator[T]:
    if path.is_file():
        yield from (make(row) for row in _table(path))


def _table(path: Path) -> Iterator[_Row]:
    """Yield the filled rows, numbered as Excel numbers them."""
    number = 0
    try:
        # strict: an unclosed quote would swallow all rows below it
        reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
        header = [name.strip() for name in next(reader, [])]
        number = 1
        for number, cells in enumerate(reader, 2):
            row = _Row(path, number, dict(zip(header, cells, strict=False)))
            if any(cell.strip() for cell in cells[len(header) :]):
                raise row.error("末", "格数比表头多", "含逗号的文字请放在双引号里")
            if any(cell.strip() for cell in cells):
                yield row
    except csv.Error as error:
        raise SiteError("表格读不下去，多半是双引号没有成对", where=f"{path} 第 {number + 1} 行") from error


def _by_id(path: Path, make: Callable[[_Row], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for row in _table(path) if path.is_file() else ():
        record = make(row)
        key = row.needed("id")
        if key in found:
            raise row.error("id", f"{key} 出现了两次", "请删去或改名其中一行")
        found[key] = record
    return found


class _Row:
    """One row of a site file, which knows where it stands."""

    def __init__(self, path: Path, number: int, cells: Mapping[str, str]) -> None:
        self.path, self.number, self.cells = path, number, cells

    def error(self, column: str, message: str, hint: str = "") -> SiteError:
        return SiteError(message, where=f"{self.path} 第 {self.number} 行 {column} 列", hint=hint)

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def needed(self, column: str) -> str:
        value = self.text(column)
        if not value:
            raise self.error(column, "不能为空")
        return value

    def items(self, column: str) -> tuple[str, ...]:
        parts = self.text(column).replace("；", ";").split(";")
        return tuple(part.strip() for part in parts if part.strip())

    def day(self, column: str) -> date | None:
        value = self.text(column).replace("/", "-")
        if not value:
            return None
        try:
            year, month, day = (int(part) for part in value.split("-"))
            return date(year, month, day)
        except ValueError as error:
            raise self.error(column, f"日期 {value!r} 无法识别", "请写成 2019-03-01") from error


def _section(row: _Row) -> Section:
    section_id = row.needed("id")
    if section_id.startswith(OUT_PREFIX):
        raise row.error("id", "股室的 id 不能以 out: 开头", "外单位写在 neighbours.csv")
    return Section(
        id=section_id,
        name=row.needed("name"),
        external_code=row.text("external_code"),
        duty=row.text("duty"),
        words=row.items("words"),
        person=row.text("person"),
        deputy=row.text("deputy"),
        aliases=row.items("aliases"),
        valid_from=row.day("valid_from"),
        valid_to=row.day("valid_to"),
    )


def _topic(row: _Row) -> Topic:
    return Topic(
        id=row.needed("id"),
        name=row.needed("name"),
        section=row.needed("section"),
        duty=row.text("duty"),
        words=row.items("words"),
    )


def _neighbour(row: _Row) -> Neighbour:
    neighbour_id = row.needed("id")
    if not neighbour_id.startswith(OUT_PREFIX):
        raise row.error("id", f"外单位的 id 应以 {OUT_PREFIX} 开头，现为 {neighbour_id}")
    return Neighbour(
        id=neighbour_id,
        name=row.needed("name"),
        external_code=row.text("external_code"),
        duty=row.text("duty"),
        words=row.items("words"),
        return_reason=row.text("return_reason"),
    )


def _successor(row: _Row) -> Successor:
    by, changed_on = row.needed("by"), row.day("changed_on")
    if by not in ("topic", "words", "all"):
        raise row.error("by", f"{by!r} 不是 topic、words 或 all")
    if changed_on is None:
        raise row.error("changed_on", "不能为空", "请写机构改革的日期，如 2019-03-01")
    if by != "all" and not row.items("values"):
        raise row.error("values", "不能为空", "请写主题 id 或词，用分号隔开")
    return Successor(row.needed("old"), changed_on, by, row.items("values"), row.needed("successor"))


def _holiday(row: _Row) -> tuple[date, bool]:
    day, kind = row.day("date"), row.needed("kind")
    if day is None:
        raise row.error("date", "不能为空")
    if kind not in ("休", "班"):
        raise row.error("kind", f"{kind!r} 不是 休 或 班")
    return day, kind == "休"


def _check_references(site: Site, directory: Path) -> None:
    """Refuse names that point nowhere, all of them at once."""
    known = set(site.sections) | set(site.neighbours)
    wrong = [
        f"topics.csv 的主题 {topic.id} 指向不存在的股室 {topic.section}"
        for topic in site.topics.values()
        if topic.section not in site.sections
    ]
    for line in site.successors:
        if line.successor not in known:
            wrong.append(f"successors.csv 的 {line.old} 指向不存在的 {line.successor}")
        if line.by == "topic":
            strange = [value for value in line.values if value not in site.topics]
            wrong += [f"successors.csv 的 {line.old} 用了不存在的主题 {value}" for value in strange]
    if not site.sections:
        wrong.append("sections.csv 里没有股室")
    if wrong:
        raise SiteError("；".join(wrong), where=str(directory))


def site_digest(directory: Path) -> str:
    """Return the hash of a site's files but its rules, the same for the same content."""
    digest = hashlib.sha256()
    for name in SITE_FILES:
        path = directory / name
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
