"""Telling the title of a paper from what stands above and below it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Split", "case_number", "number_of_file", "session_of", "split_title"]

_SEARCHED = 8  # non-empty lines from the top
_LONGEST = 80
_ABOUT = re.compile(r"^[《“\"]?关于[^。！？；]{2,}$")
_ENDING = re.compile(r"(?:建议|提案|议案|意见|案|报告|请求|问题|思考|对策)[》”\"]?$")
_NOT_A_TITLE = re.compile(r"(?<!案)(?<!建议)。$|[；，：;:,]$|^(?:尊敬的|各位|致|抄送|附件)|^\d{4}年\d+月")
_SECTION = re.compile(r"^[一二三四五六七八九十]+、|^[（(]?\d+[、.．)）]")
_FORM = re.compile(
    r"^(?:(?:县|市|省|全国)?(?:政协|人大)?(?:委员|代表)?(?:集体|联名|个人)?(?:建议|提案|议案)"
    r"(?:表|纸|登记表|办理单|交办单|批评和意见)?|建议批评和意见"
    r"|(?!.*关于)(?=.*(?:政协|人民代表大会|人大|委员会)).{4,40}(?:会议|委员会|提案|建议|议案|登记表|交办单|办理单))$"
)
_NUMBER = re.compile(r"第\s?([0-9A-Za-z\-]{1,16})\s?号")
_NUMBER_LINE = re.compile(r"^[（(]?(?:[^第]{0,12})第?\s?[0-9A-Za-z\-]{1,16}\s?号[）)]?$")
_NUMBERED = re.compile(
    r"^[（(]?第\s?[0-9０-９]{1,6}\s?号(?:建议|提案|议案)?[）)]?(?:\s+\S{0,12})?$"
    r"|^[（(]?[0-9０-９]{1,6}\s?号(?:建议|提案|议案)?[）)]?$"
)
_BARE_NUMBER = re.compile(r"[(]?([0-9]{1,6})\s?号(?:建议|提案|议案)?[)]?")
_FILE_NUMBER = re.compile(
    r"(?:\d{4}年)?[县市省]?(?:政协|人大)?(?:委员|代表)?(?:提案|建议|议案)?[ _-]?"
    r"第?([0-9]{1,6})号(?:提案|建议|议案)?(?=$|[ _\-—(.、:]|关于)"
)
_SESSION = re.compile(
    r"第?([一二三四五六七八九十]{1,3}|\d{1,2})届.{0,24}?第?([一二三四五六七八九十]{1,3}|\d{1,2})次"
)


class Split(NamedTuple):
    """A paper's lines above its title, the title, and the lines of its body."""

    preface: list[str]
    title: str
    body: list[str]


def split_title(lines: Sequence[str], headings: frozenset[int] = frozenset()) -> Split:
    """Find the title among the first lines of a paper.

    Parameters
    ----------
    lines : sequence of str
        Non-empty lines without labels.
    headings : frozenset of int
        Indexes of lines that the file itself calls headings.

    Returns
    -------
    Split

    Examples
    --------
    >>> split_title(["政协青禾县第十五届委员会提案", "第028号", "关于路灯的建议", "不亮"]).title
    '关于路灯的建议'
    """
    at = _title_at(lines, headings)
    if at is None:
        return Split([], "", list(lines))
    title, rest = lines[at], list(lines[at + 1 :])
    if rest and title.startswith("关于") and not _ENDING.search(title) and _continues(title, rest[0]):
        title += rest.pop(0)
    above = list(lines[:at])
    while rest and _NUMBERED.match(rest[0]):
        above.append(rest.pop(0))
    return Split(above, title, rest)


def case_number(preface: Sequence[str]) -> str:
    """Return the number in a line such as 第028号, or in one of nothing else.

    Examples
    --------
    >>> case_number(["青禾县政协提案", "（第０２８号）"]), case_number(["105号"])
    ('028', '105')
    """
    lines = [unicodedata.normalize("NFKC", line).strip() for line in preface if len(line) <= _LONGEST]
    found = (_NUMBER.search(line) or _BARE_NUMBER.fullmatch(line) for line in lines)
    return next((one[1] for one in found if one), "")


def number_of_file(name: str) -> str:
    """Return the case number that a file is named by.

    Examples
    --------
    >>> number_of_file("来件.zip/提案0117号.docx"), number_of_file("12号楼漏水.txt")
    ('0117', '')
    """
    stem = unicodedata.normalize("NFKC", re.sub(r"\.\w{1,5}$", "", name.rpartition("/")[2])).strip()
    found = _FILE_NUMBER.match(stem)
    return found[1] if found else ""


def session_of(preface: Sequence[str]) -> str:
    """Return the 届次 that the lines above a title name.

    Examples
    --------
    >>> session_of(["政协青禾县第十五届委员会第三次会议提案"])
    '十五届三次'
    """
    found = next((found for line in preface if (found := _SESSION.search(line))), None)
    return f"{found[1]}届{found[2]}次" if found else ""


def _title_at(lines: Sequence[str], headings: frozenset[int]) -> int | None:
    # What stands above a title is short: below a paragraph none begins.
    searched = range(min(_SEARCHED, len(lines)))
    end = next((at for at in searched if len(lines[at]) > _LONGEST), len(searched))
    free = [at for at in searched[:end] if not _is_form(lines[at]) and not _NOT_A_TITLE.search(lines[at])]
    sure = [
        at for at in free if _ABOUT.match(lines[at]) or (at in headings and not _SECTION.match(lines[at]))
    ]
    opening = next((at for at in searched if not _is_form(lines[at])), None)
    plain = [at for at in free if at == opening]
    return next(iter(sure or plain), None)


def _is_form(line: str) -> bool:
    bare = "".join(unicodedata.normalize("NFKC", line).split())
    return bool(_FORM.match(bare) or _NUMBER_LINE.match(bare))


def _continues(title: str, line: str) -> bool:
    return len(line) <= 30 and len(title) + len(line) <= _LONGEST and bool(_ENDING.search(line))
