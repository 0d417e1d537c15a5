"""建议 or 提案: what a cell, a row between groups, or a name above the table says of it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["UNCLEAR", "Group", "Kinds", "group_of", "kind_named", "kinds_around", "says_only_kind"]

UNCLEAR = "unclear_kind"
"""Code of the note that names contradict each other."""

_LISTED = 12

_TIAN = re.compile("提案|政协")
_JIANYI = re.compile(
    "人大|人民代表大会|(?<!修改|处理|初步|工作|市民|网民|群众|人民|职工)建议(?![稿版书]|征集)"
)
_ORDINAL = "第?[一二三四五六七八九十0-9]{1,3}"
_ONLY = re.compile(
    rf"(?:全国|[省市县区]级?|{_ORDINAL}届|{_ORDINAL}次(?:会议)?|人大|政协|代表|委员)*"
    "(?:意见建议|建议(?:、?批评和意见)?|提案)?[类件]?"
)
_NUMBERING = re.compile(r"([(]?)([一二三四五六七八九十]+|\d{1,2})[)、.:]+")
_COUNTED = re.compile(r"[(:]?共?(?:\d+|[一二三四五六七八九十]+)[件条项][)]?$")


def kind_named(text: str) -> str:
    """Say which kind a title, a name of a sheet or of a file speaks of.

    Returns
    -------
    str
        建议 or 提案; empty where it speaks of neither, or of both.

    Examples
    --------
    >>> kind_named("2026年政协提案分办台账"), kind_named("人大 建议"), kind_named("建议提案台账")
    ('提案', '建议', '')
    """
    bare = _bare(text)
    is_tian, is_jianyi = bool(_TIAN.search(bare)), bool(_JIANYI.search(bare))
    if is_tian == is_jianyi:
        return ""
    return "提案" if is_tian else "建议"


def says_only_kind(text: str) -> bool:
    r"""Say whether a text says nothing but the kind, however it is broken or numbered.

    Examples
    --------
    >>> says_only_kind("人大\n建议"), says_only_kind("一、人大 代表 建议（12件）"), says_only_kind("建议修路")
    (True, True, False)
    """
    bare = _COUNTED.sub("", _NUMBERING.sub("", _bare(text), count=1))
    return bool(kind_named(bare) and _ONLY.fullmatch(bare))


@dataclass(frozen=True, slots=True)
class Group:
    """What a row between groups of cases says of those below it.

    Parameters
    ----------
    kind : str
        建议, 提案 or empty.
    numbering : str
        How it is numbered: one numbered otherwise stands above or below it.
    """

    kind: str = ""
    numbering: str = ""


def group_of(text: str, before: Group) -> Group:
    """Return the group that begins with a row, after the group `before`.

    Examples
    --------
    >>> first = group_of("一、人大代表建议（12件）", Group())
    >>> group_of("（一）城建类", first).kind, group_of("二、其他来信", first).kind
    ('建议', '')
    """
    found = _NUMBERING.match(_bare(text))
    numbering = (found[1] + ("1" if found[2].isdigit() else "一")) if found else ""
    kind = kind_named(text)
    return Group(kind, numbering) if kind or numbering == before.numbering else before


def kinds_around(sheet: str, above: str, source: str) -> Mapping[str, str]:
    """Return what the names around a table say of the kind of all its cases.

    Parameters
    ----------
    sheet : str
        Name of the sheet.
    above : str
        What stands above the header.
    source : str
        Name of the file, with its folders; the last that names a kind counts.

    Returns
    -------
    mapping of str to str
        What says so, in Chinese, and the kind; empty where nothing does.

    Examples
    --------
    >>> dict(kinds_around("政协提案", "2026年台账", "收件/人大建议/台账.xlsx"))
    {'工作表名': '提案', '文件名': '建议'}
    """
    names = [re.sub(r"\.\w{1,5}$", "", part) for part in reversed(source.split("/"))]
    telling = next((part for part in names if _TIAN.search(_bare(part)) or _JIANYI.search(_bare(part))), "")
    told = {"工作表名": sheet, "表上的标题": above, "文件名": telling}
    return {what: kind for what, name in told.items() if (kind := kind_named(name))}


@dataclass(slots=True)
class Kinds:
    """Tells the kind of cases whose own cells don't, row after row.

    Two sources that contradict each other tell nothing, and a table whose own
    column names another kind isn't told by the names around it.

    Parameters
    ----------
    around : mapping of str to str
        See `kinds_around`.
    own : collection of str
        The kinds that the table's own column names.

    Examples
    --------
    >>> kinds = Kinds({"工作表名": "提案"})
    >>> kinds.at(2), kinds.summary()
    ('提案', '类型按工作表名读作提案 1 件')
    """

    around: Mapping[str, str]
    own: Collection[str] = ()
    group: Group = Group()
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    unclear: dict[str, list[int]] = field(default_factory=dict)

    def begin(self, text: str) -> None:
        """Take note of a row between groups."""
        self.group = group_of(text, self.group)

    def at(self, row: int) -> str:
        """Return the kind of the case in a row; empty where nothing or too much tells it."""
        told = {**self.around, **({"分类行": self.group.kind} if self.group.kind else {})}
        if not told:
            return ""
        said = [*told.items(), *(("本表的列", kind) for kind in self.own if self.around)]
        what, kind = said[0]
        if {kind} == {other for _, other in said}:
            self.taken[what, kind] += 1
            return kind
        words = "、".join(f"{what}说是{kind}" for what, kind in dict.fromkeys(said))
        self.unclear.setdefault(words, []).append(row)
        return ""

    def summary(self) -> str:
        """Say from where kinds were taken."""
        return "，".join(f"类型按{what}读作{kind} {n} 件" for (what, kind), n in self.taken.items())

    def warnings(self) -> Iterator[str]:
        """Yield a sentence for each contradiction, with its rows."""
        for words, rows in self.unclear.items():
            listed = "、".join(map(str, rows[:_LISTED])) + ("等" if len(rows) > _LISTED else "")
            yield f"看不出第{listed}行是建议还是提案：{words}。类型留空，请加“类型”一列写明再分办"


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text[:400]).split())
