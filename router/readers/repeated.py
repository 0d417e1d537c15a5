"""One number on several papers: they would count as drafts of one and the same case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from router.interfaces import ReadNote
from router.proposal import Proposal

__all__ = ["REPEATED", "repeated_numbers"]

REPEATED = "repeated_number"
"""Code of the note."""

_ROW = re.compile(r"(?P<table>.*?) ?第(?P<row>\d+)(?P<unit>[行条])", re.DOTALL)
_LISTED = 12
_NAMED = 50
_ADVICE = "编号相同的当作同一件，后一件算前一件的下一稿；不是同一件的，请改正编号再分办"
_NO_KIND = (
    "案由不同，又看不出是建议还是提案，会被当作同一件的前后两稿；"
    "如是两件，请加“类型”一列写明建议、提案，或改正编号，再分办"
)
_TITLE, _TITLES = 16, 4


def repeated_numbers(proposals: Iterable[Proposal]) -> Iterator[ReadNote]:
    """Yield a note for each number that several papers of one reading have, and one for those beyond many.

    The same number of a 建议 and of a 提案, or in two sessions or levels, is
    not the same.

    Parameters
    ----------
    proposals : iterable of Proposal

    Yields
    ------
    ReadNote

    Examples
    --------
    >>> two = [Proposal(case_id="003", title=title, source=f"台账.xlsx 第{row}行")
    ...        for row, title in ((4, "关于公交线路的建议"), (9, "关于菜市场污水的建议"))]
    >>> next(repeated_numbers(two)).text.partition("。")[0]
    '编号 003 在本表出现 2 次（第 4、9 行）'
    """
    places: dict[tuple[str, ...], list[Proposal]] = {}
    for case in proposals:
        if case.case_id:
            key = (case.level, case.session, case.kind, case.case_id)
            places.setdefault(key, []).append(case)
    found = [cases for cases in places.values() if len(cases) > 1]
    for cases in sorted(found, key=_is_open, reverse=True)[:_NAMED]:
        table, said = _where([case.source for case in cases])
        yield ReadNote(table, "", f"编号 {cases[0].case_id} {said}。{_advice(cases)}", REPEATED)
    if len(found) > _NAMED:
        yield ReadNote("", "", f"另有 {len(found) - _NAMED} 个编号也出现不止一次", REPEATED)


def _is_open(cases: Sequence[Proposal]) -> bool:
    """Say whether the papers may be a 建议 and a 提案: their titles differ, and nothing tells their kind."""
    return not cases[0].kind and len({_bare(case.title) for case in cases}) > 1


def _advice(cases: Sequence[Proposal]) -> str:
    if not _is_open(cases):
        return _ADVICE
    titles = dict.fromkeys(f"“{_short(case.title)}”" for case in cases if case.title)
    return f"{'、'.join(list(titles)[:_TITLES])}：{_NO_KIND}" if titles else _NO_KIND


def _bare(title: str) -> str:
    return "".join(title.split())


def _short(title: str) -> str:
    bare = _bare(title)
    return bare if len(bare) <= _TITLE else f"{bare[:_TITLE]}…"


def _where(sources: Sequence[str]) -> tuple[str, str]:
    """Say in which table, and in which of its rows; or in which files."""
    rows = [_ROW.fullmatch(source) for source in sources]
    found = [(row["table"], row["unit"]) for row in rows if row]
    more = "等" if len(sources) > _LISTED else ""
    if len(found) == len(sources) and len(set(found)) == 1:
        numbers = "、".join(row["row"] for row in rows[:_LISTED] if row)
        table, unit = found[0]
        return table, f"在本表出现 {len(sources)} 次（第 {numbers} {unit}{more}）"
    return "", f"出现 {len(sources)} 次（{'；'.join(sources[:_LISTED])}{more}）"
