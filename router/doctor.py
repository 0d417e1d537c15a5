"""What `fenban doctor` finds out: one line each, with what to do about it."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from router.calendar import is_published
from router.errors import FenbanError
from router.site import Site

__all__ = [
    "Finding",
    "State",
    "attention",
    "check_calendar",
    "check_clock",
    "check_folder",
    "check_owners",
    "error",
    "examined",
    "good",
]

_MB = 1_000_000
_LITTLE, _TOO_LITTLE = 2000 * _MB, 200 * _MB
_EAST_8 = timedelta(hours=8)
_NAMED = 3
_PUBLISHED_BY = 12
"""In December at the latest the State Council has published next year's holidays."""


class State(StrEnum):
    """How good something is."""

    GOOD = "ok"
    ATTENTION = "attention"
    ERROR = "error"

    @property
    def word(self) -> str:
        """The Chinese word."""
        return {"ok": "正常", "attention": "注意", "error": "错误"}[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found out.

    Parameters
    ----------
    part : str
        What was looked at.
    state : State
    message, hint : str
        What is, and what to do about it.

    Examples
    --------
    >>> str(Finding("磁盘", State.ATTENTION, "只剩 1.2 GB", "请腾出空间"))
    '注意  磁盘：只剩 1.2 GB。请腾出空间'
    """

    part: str
    state: State
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.state.word}  {self.part}：{self.message}{'。' if self.hint else ''}{self.hint}"


def good(part: str, message: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(part, State.GOOD, message)


def attention(part: str, message: str, hint: str) -> Finding:
    """Return that somebody should look at something."""
    return Finding(part, State.ATTENTION, message, hint)


def error(part: str, message: str, hint: str) -> Finding:
    """Return that something must be mended."""
    return Finding(part, State.ERROR, message, hint)


def examined(part: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what a check finds; one that breaks off is a finding, too, and stops no other."""
    try:
        yield from check()
    except FenbanError as failed:
        where = f"{failed.where}：" if failed.where else ""
        yield error(part, f"{where}{failed.message}", failed.hint)
    except Exception as failed:  # whatever it is, the other checks are of use
        yield error(part, f"检查中断：{type(failed).__name__}：{failed}", "请把这一行告诉开发者")


def check_folder(part: str, folder: Path) -> Iterator[Finding]:
    """Say whether a folder can be written and has room.

    Parameters
    ----------
    part : str
    folder : Path
        Where it doesn't exist, the nearest one above it counts.
    """
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    told = f"{there} 还有 {free / 1e9:.1f} GB"
    if not os.access(there, os.W_OK | os.X_OK):
        yield error(part, f"{_me()} 不能写 {there}", "请用运行服务的用户来运行，或改目录的属主")
    elif free < _TOO_LITTLE:
        yield error(part, told, "请腾出空间，满了就存不下建议")
    elif free < _LITTLE:
        yield attention(part, told, "请腾出空间")
    else:
        yield good(part, told)
    owner = there.stat().st_uid
    if owner not in (os.getuid(), 0):
        hint = f"请用 sudo -u {_name(owner)} 运行命令，否则新建的文件服务读不了"
        yield attention(part, f"{there} 属于 {_name(owner)}，现在是 {_me()}", hint)


def check_owners(part: str, folder: Path) -> Iterator[Finding]:
    """Say whether all in a folder belongs to its owner; a command run as root leaves other files.

    Parameters
    ----------
    part : str
    folder : Path
        One that isn't there has nothing in it.
    """
    if not folder.is_dir():
        return
    owner = folder.stat().st_uid
    strange = [path for path in sorted(folder.rglob("*")) if _owner(path) not in (owner, None)]
    if strange:
        names = "、".join(str(path.relative_to(folder)) for path in strange[:_NAMED])
        whose = _name(_owner(strange[0]) or 0)
        told = f"{folder} 里有 {len(strange)} 个文件或目录不属于 {_name(owner)}，如属于 {whose} 的 {names}"
        back = f"chown -R {_name(owner)} {folder.absolute()}"
        yield error(part, told, f"服务可能读不了、写不了，请改回来：{back}")


def check_clock(now: datetime, known: Mapping[str, datetime | None]) -> Iterator[Finding]:
    """Say whether the clock can be right.

    Parameters
    ----------
    now : datetime
        With zone.
    known : mapping of str to datetime
        The newest moments that are written somewhere, by what they are of.
    """
    written = f"{now:%Y-%m-%d %H:%M}"
    late = [
        f"{what}（{moment.astimezone(now.tzinfo):%Y-%m-%d %H:%M}）"
        for what, moment in known.items()
        if moment and moment > now
    ]
    if late:
        hint = "请校准时钟；已写下的不会改，期限会算错"
        yield error("时钟", f"现在 {written}，却有更晚的{'、'.join(late)}", hint)
    elif now.utcoffset() != _EAST_8:
        yield attention("时钟", f"{written}，时区不是东八区", "请用 timedatectl set-timezone Asia/Shanghai")
    else:
        yield good("时钟", f"{written}，东八区")


def check_calendar(today: date, site: Site) -> Iterator[Finding]:
    """Say whether the holidays of this and next year are known."""
    for year in (today.year, today.year + 1):
        if is_published(year, site.holidays):
            yield good("节假日", f"{year} 年的已知")
        elif year == today.year or today.month >= _PUBLISHED_BY:
            hint = "请升级 chinesecalendar，或写进站点的 holidays.csv，否则期限只按周一至周五推算"
            yield attention("节假日", f"不知道 {year} 年的放假安排", hint)
        else:
            yield good("节假日", f"{year} 年的还没有收录，国务院一般 11 月公布")


def scratch_folder() -> Path:
    """Return where temporary files go."""
    return Path(tempfile.gettempdir())


def _me() -> str:
    return _name(os.getuid())


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:  # it was there a moment ago
        return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user id may have no name
        return str(uid)
