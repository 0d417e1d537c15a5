"""Recognising papers marked as state secrets, which must not come in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = ["SECRET_REASON", "is_marked", "is_secret"]

SECRET_REASON = "标有密级（秘密、机密或绝密），按规定不得进入本系统，内容未读取、未保存；请按保密规定线下办理"  # noqa: S105  no password

_LEVEL = "(?:绝密|机密|秘密)"
_URGENT = "(?:特急|加急|平急|急件|紧急)?"
_STAR = re.compile(r"(?:绝\s?密|机\s?密|秘\s?密)(?:级|件)?\s{0,3}[★☆✩✭]")
_LINE = re.compile(
    rf"^[\[(<【〔「]?{_URGENT}{_LEVEL}(?:级|件|级文件|文件)?\*?(?:[-—]?\d{{1,2}}年|长期)?{_URGENT}[\])>】〕」]?$"
)
_LABELLED = re.compile(rf"(?:密级|保密级别|密级程度|保密等级)[\])】]?:{_LEVEL}")
_BRACKETED = re.compile(rf"[\[(<【〔]{_LEVEL}(?:级|件)?[\])>】〕]")
_KEYS = re.compile(r"密级|保密等级|保密级别|^(?:是否)?涉密$")
_YES = re.compile(rf"{_LEVEL}|^(?:是|涉密|有|Y|YES|TRUE)$", re.IGNORECASE)
_NO = re.compile(r"^(?:非|不|无|未|否)")
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_FIRST_LINES = 15
_LONGEST_MARK = 40  # a longer line is running text


def is_marked(lines: Iterable[str]) -> bool:
    """Say whether the lines a paper begins with carry a secrecy marking.

    A marking stands alone on its line, after 密级：, or before a star; words
    such as 商业秘密 in running text are none.

    Parameters
    ----------
    lines : iterable of str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_marked(["机 密★１０年"]), is_marked(["关于保护商业秘密的建议"])
    (True, False)
    """
    seen = 0
    for line in lines:
        if _STAR.search(_visible(line)):
            return True
        bare = _bare(line) if seen < _FIRST_LINES else ""
        seen += bool(bare)
        if len(bare) <= _LONGEST_MARK and (_LINE.match(bare) or _LABELLED.search(bare)):
            return True
    return False


def is_secret(title: str, body: str, extra: Mapping[str, str] | None = None) -> bool:
    """Say whether a case is marked as secret in its text or a 密级 column.

    Parameters
    ----------
    title, body : str
    extra : mapping of str to str, optional

    Returns
    -------
    bool

    Examples
    --------
    >>> is_secret("关于某项工作的建议", "正文", {"密级": "秘密"})
    True
    >>> is_secret("关于加强保守秘密教育的建议", "秘密文件的管理……", {"密级": "非密"})
    False
    """
    if any(_KEYS.search(key) and _is_level(value) for key, value in (extra or {}).items()):
        return True
    # Almost every case is settled by this: no such word, no marking.
    if "密" not in title and "密" not in body:
        return False
    return bool(_BRACKETED.search(_bare(title))) or is_marked([*title.splitlines(), *body.splitlines()])


def _is_level(value: str) -> bool:
    bare = _bare(value)
    return not _NO.match(bare) and bool(_YES.search(bare))


def _bare(line: str) -> str:
    return "".join(unicodedata.normalize("NFKC", _visible(line)).split())


def _visible(line: str) -> str:
    return _UNSEEN.sub("", line)
