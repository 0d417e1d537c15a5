"""From one row of cells to one case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.proposal import Proposal
from router.readers.dates import parse_date
from router.readers.header import Column, Row
from router.readers.values import NORMAL, cell_text, split_sections

__all__ = ["UNREAD_DATE", "RowMapper", "unread_dates"]

UNREAD_DATE = "unread_date"
"""Code of the note on dates that can't be understood."""

_LISTED = 12


class RowMapper:
    """Turns a row of cells into a case, by the columns of a header.

    Parameters
    ----------
    columns : sequence of Column
    year : int, optional
        Of days that are written without one.

    Examples
    --------
    >>> mapper = RowMapper([Column(0, "案号", "case_id"), Column(1, "案由", "title"), Column(2, "备注")])
    >>> case = mapper.proposal(["028", "关于路灯的建议", "急"], "台账.csv")
    >>> case.case_id, dict(case.extra)
    ('028', {'备注': '急'})
    """

    def __init__(self, columns: Sequence[Column], year: int | None = None) -> None:
        self._fields = [(column.index, column.field) for column in columns if column.field]
        self._extras = _extra_names(columns)
        self.width = max((column.index for column in columns), default=-1) + 1
        self.year = year
        self.date_label = next((c.label for c in columns if c.field == "received_on"), "")
        self._date_at = next((c.index for c in columns if c.field == "received_on"), -1)

    def proposal(self, cells: Row, source: str) -> Proposal:
        """Return the case of one row; title and body may be empty.

        A date that can't be read is kept in `Proposal.received_text`, and
        under the column's own name in `Proposal.extra`, as are cells beyond
        the last header.
        """
        width = len(cells)
        values: dict[str, Any] = {name: cell_text(cells[at]) for at, name in self._fields if at < width}
        extra = {name: text for at, name in self._extras if at < width and (text := cell_text(cells[at]))}
        if width > self.width:
            extra |= {
                f"第{at + 1}列": text for at in range(self.width, width) if (text := cell_text(cells[at]))
            }
        values |= {name: normal(values[name]) for name, normal in NORMAL.items() if values.get(name)}
        if "co_sections" in values:
            values["co_sections"] = split_sections(values["co_sections"])
        if text := values.pop("received_on", ""):
            values["received_on"] = parse_date(cells[self._date_at], self.year)
            if values["received_on"] is None:
                values["received_text"] = extra[self.date_label] = text
        return Proposal(**values, extra=extra, source=source) if extra else Proposal(**values, source=source)


def unread_dates(label: str, rows: Sequence[int], unit: str = "行") -> str:
    """Say which rows have a date that can't be understood.

    Examples
    --------
    >>> unread_dates("交办时间", [3, 8])
    '“交办时间”有 2 行不像日期（第3、8行），日期留空，期限暂从当天起算，原文另存'
    """
    listed = "、".join(map(str, rows[:_LISTED])) + ("等" if len(rows) > _LISTED else "")
    return f"“{label}”有 {len(rows)} {unit}不像日期（第{listed}{unit}），日期留空，期限暂从当天起算，原文另存"


def _extra_names(columns: Sequence[Column]) -> list[tuple[int, str]]:
    """Give every extra column a name of its own."""
    seen = {column.label: 1 for column in columns if column.field}
    names = []
    for column in columns:
        if column.field:
            continue
        label = column.label or f"第{column.index + 1}列"
        seen[label] = seen.get(label, 0) + 1
        names.append((column.index, label if seen[label] == 1 else f"{label}_{seen[label]}"))
    return names
