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
    places: dict[tuple[str, ...], list[str]] = {}
    for case in proposals:
        if case.case_id:
            key = (case.level, case.session, case.kind, case.case_id)
            places.setdefault(key, []).append(case.source)
    found = [(number, sources) for (*_, number), sources in places.items() if len(sources) > 1]
    for number, sources in found[:_NAMED]:
        table, said = _where(sources)
        yield ReadNote(table, "", f"编号 {number} {said}。{_ADVICE}", REPEATED)
    if len(found) > _NAMED:
        yield ReadNote("", "", f"另有 {len(found) - _NAMED} 个编号也出现不止一次", REPEATED)


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
