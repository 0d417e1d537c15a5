"""What the cells of a ledger hold, brought into the forms of the case table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, time

__all__ = [
    "KNOWN",
    "NORMAL",
    "cell_text",
    "normal_id",
    "normal_kind",
    "normal_level",
    "normal_role",
    "result_letter",
    "split_sections",
]

_ESCAPED = re.compile(r"_x000[dD]_\n?")
_AS_TEXT = re.compile(r"^=\"([^\"]*)\"$|^'(?=[\d=+\-@＝＋－＠])")
_EXACT = 10**15  # above it, a float no longer holds every whole number
_LETTER = re.compile(
    r"^(?:[^A-Za-z]{0,12}:)?[\[(【〔]?([A-Da-d])[\])】〕]?"
    r"(?:$|[类级]|[\s:、,.。;(\-—]|(?=已|基本|正在|逐步|解决|采纳|列入|留作|作出|条件|限制))|"
    r"[(【]([A-Da-d])[类级]?[)】]$"
)
_NUMBERED = re.compile(r"第\s*([\w-]+?)\s*号(?:建议|提案|议案)?")
_ROLES = {
    "sole": ("独办", "单独办理", "单办", "独立办理", "sole"),
    "lead": ("主办", "牵头", "牵头办理", "主办单位", "lead"),
    "co": ("会办", "协办", "参办", "会同办理", "协助办理", "会办单位", "协办单位", "co"),
    "separate": ("分别办理", "分办", "分别", "separate"),
}
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_LEVELS = (("国", "全国|国家"), ("省", "省|自治区"), ("市", "市"), ("县", "县|区|旗"))


KNOWN: dict[str, frozenset[str]] = {
    "kind": frozenset(("建议", "提案")),
    "level": frozenset(level for level, _ in _LEVELS),
    "role": frozenset(_ROLES),
}
"""What the fields may hold on which something rests; others' words are kept as they are."""


def cell_text(value: object) -> str:
    """Write a cell as a person sees it in the table.

    Parameters
    ----------
    value : object
        Text, number, date, time or truth value.

    Returns
    -------
    str

    Examples
    --------
    >>> cell_text(28.0), cell_text(" 028 "), cell_text('="0076"')
    ('28', '028', '0076')
    """
    if isinstance(value, str):
        return _plain_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else value.isoformat(" ", "seconds")
    return str(value)


def _plain_text(value: str) -> str:
    text = value.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "_x000" in text:
        text = _ESCAPED.sub("\n", text).strip()
    if text[:1] in ("=", "'"):
        return _AS_TEXT.sub(lambda found: found[1] or "", text)
    return text


def split_sections(text: str) -> tuple[str, ...]:
    """Split a cell that names several sections.

    A semicolon is the case table's own sign and settles it; without one,
    Chinese and Western commas, slashes and line breaks part names, and
    blanks do between Chinese words.

    Examples
    --------
    >>> split_sections("drainage;out:water"), split_sections("排水所、园林所 村镇股")
    (('drainage', 'out:water'), ('排水所', '园林所', '村镇股'))
    """
    if not text:
        return ()
    if ";" in text or "；" in text:
        parts = re.split(r"[;；]", text)
    else:
        parts = re.split(r"[、,，/|\n]|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", text)
    return tuple(
        dict.fromkeys(part.strip() for part in parts if part.strip() not in ("", "无", "-", "—", "——"))
    )


def result_letter(text: str) -> str:
    """Take the letter out of an outcome; other outcomes stay as they are.

    Examples
    --------
    >>> [result_letter(one) for one in ("（A类）", "办理结果：C", "B：正在解决", "已办结")]
    ['A', 'C', 'B', '已办结']
    """
    found = _LETTER.search(unicodedata.normalize("NFKC", text).strip())
    return (found[1] or found[2]).upper() if found else text


def normal_id(text: str) -> str:
    """Write a case number with plain digits and without the words around it.

    Examples
    --------
    >>> normal_id("第０２８号"), normal_id("2024251（城建类58）")
    ('028', '2024251(城建类58)')
    """
    plain = unicodedata.normalize("NFKC", text)
    found = _NUMBERED.fullmatch(plain)
    return found[1] if found else plain


def normal_kind(text: str) -> str:
    """Bring the kind of a case to 建议 or 提案 where it can be told.

    Examples
    --------
    >>> normal_kind("政协委员提案"), normal_kind("人大代表建议"), normal_kind("议案")
    ('提案', '建议', '议案')
    """
    bare = "".join(text.split())
    is_tian = "提案" in bare or "政协" in bare
    is_jianyi = "建议" in bare or "人大" in bare
    if is_tian == is_jianyi:
        return text
    return "提案" if is_tian else "建议"


def normal_level(text: str) -> str:
    """Bring a level to 县, 市, 省 or 国 where it can be told.

    Examples
    --------
    >>> normal_level("县级"), normal_level("全国"), normal_level("重点")
    ('县', '国', '重点')
    """
    if len(text) > 8:
        return text
    return next((level for level, pattern in _LEVELS if re.search(pattern, text)), text)


def normal_role(text: str) -> str:
    """Bring the bureau's role to sole, lead, co or separate where it can be told.

    Examples
    --------
    >>> normal_role("协办"), normal_role("lead"), normal_role("转办")
    ('co', 'lead', '转办')
    """
    return _ROLE_OF.get(text.lower(), text)


NORMAL: dict[str, Callable[[str], str]] = {
    "case_id": normal_id,
    "kind": normal_kind,
    "level": normal_level,
    "role": normal_role,
    "result": result_letter,
}
"""How each field with a closed set of values is brought into that set."""
