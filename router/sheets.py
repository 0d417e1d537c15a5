"""Tables that people open: the printed 分办表, and CSV that Excel reads rightly.

Every cell is written as text. A cell that begins like a formula gets a
leading apostrophe in CSV, where a type can't be given.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, BinaryIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from router.interfaces import ReadNote, ReadProblem
from router.present import STATUS_WORDS
from router.text import percent

__all__ = ["SHEET_COLUMNS", "write_csv", "write_workbook"]

Row = Mapping[str, str]

SHEET_COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("case_id", "编号", 9),
    ("title", "案由", 29),
    ("kind", "类型", 6),
    ("proposer", "提出人", 9),
    ("received_on", "收到日期", 11),
    ("status", "分办意见", 11),
    ("lead_name", "主办股室", 15),
    ("person", "负责人", 8),
    ("co_names", "会办", 15),
    ("topic_name", "主题", 12),
    ("reasons", "需核对的原因 / 依据", 26),
    ("return_by", "退回期限", 11),
    ("reply_by", "答复期限", 11),
    ("deadline_note", "期限说明", 11),
    ("handled", "人的处理", 15),
    ("probability", "把握", 8),
    ("flags", "提示", 24),
    ("alternatives", "其他可能", 26),
    ("similar", "相似的往年案件", 26),
    ("source", "来源", 22),
    ("reason_ids", "原因代码", 16),
)
"""Key of the row, heading and width (in characters) of each column."""

_LAST_PRINTED = "handled"
"""What comes after this column is read on the screen: one page is not wide enough for all."""
_FOR_PROGRAMS = frozenset({"reason_ids"})
"""Columns that are there but hidden, so that they don't take room on paper."""

_PROBLEM_COLUMNS = (("source", "文件", 34), ("where", "位置", 20), ("reason", "未读入的原因", 70))
_NOTE_COLUMNS = (("source", "文件", 34), ("where", "位置", 20), ("text", "要核对什么", 70))
_FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r\n")  # full width too: a Chinese Excel takes them for the same
_MOST_CHARACTERS = 32_767
"""What one cell of a workbook can hold."""

_LINE = Side(style="thin", color="B5BCC6")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_STATUS_FILL = {"可直接分办": "E7F4E8", "请人工核对": "FFF4D6", "建议退回": "FBE5E1"}


def write_workbook(
    rows: Sequence[Row],
    problems: Sequence[ReadProblem],
    target: Path | BinaryIO,
    *,
    bureau: str = "",
    notes: Sequence[ReadNote] = (),
    about: str = "",
) -> None:
    """Write a 分办表 that an office can print.

    Parameters
    ----------
    rows : sequence of mapping
        As `router.present.decision_row` gives them, with those of
        `router.present.proposal_row` added and, where somebody has decided,
        what (``handled``).
    problems : sequence of ReadProblem
        Go on a second sheet, which is there only when something went wrong.
    target : Path or binary file
    bureau : str
        For the heading.
    notes : sequence of ReadNote
        What has to be looked at, on a sheet of its own as well.
    about : str
        Which cases these are, beside the heading.

    Raises
    ------
    OSError
        If the target can't be written.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101  # a new workbook has one; tells mypy
    sheet.title = "分办表"
    heading = f"{bureau}建议提案分办表" + (f"（{about}）" if about else "")
    _fill(sheet, heading, SHEET_COLUMNS, [_printed(row) for row in rows], _LAST_PRINTED)
    _colour_status(sheet, len(rows))
    if problems:
        cells = [{"source": p.source, "where": p.where, "reason": p.reason} for p in problems]
        _fill(book.create_sheet("未读入"), "没有读入的文件和行", _PROBLEM_COLUMNS, cells, "reason")
    if notes:
        cells = [{"source": note.source, "where": note.where, "text": note.text} for note in notes]
        _fill(book.create_sheet("读取说明"), "读入时要核对的地方", _NOTE_COLUMNS, cells, "text")
    book.save(target)


def write_csv(rows: Iterable[Row], columns: Sequence[str], target: IO[str]) -> None:
    """Write rows as CSV; open `target` with ``utf-8-sig`` and ``newline=""``."""
    writer = csv.writer(target)
    writer.writerow(columns)
    writer.writerows([_defused(row.get(column, "")) for column in columns] for row in rows)


def _defused(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _printed(row: Row) -> dict[str, str]:
    """Turn ids and shares into the words an office reads."""
    probability = row.get("probability", "")
    return {
        **row,
        "status": STATUS_WORDS.get(row.get("status", ""), row.get("status", "")),
        "probability": percent(float(probability)) if probability else "",
    }


def _fill(
    sheet: Worksheet,
    heading: str,
    columns: Sequence[tuple[str, str, int]],
    rows: Sequence[Row],
    last_printed: str,
) -> None:
    printed = [key for key, _, _ in columns].index(last_printed) + 1
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=printed)
    sheet["A1"] = heading
    sheet["A1"].font = Font(size=16, bold=True)
    sheet["A1"].alignment = Alignment(horizontal="center", vertical="center")
    sheet.row_dimensions[1].height = 30
    for at, (key, title, width) in enumerate(columns, 1):
        cell = sheet.cell(2, at, title)
        cell.font, cell.border = Font(bold=True), _FRAME
        cell.fill = PatternFill("solid", fgColor="E8EDF3")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        dimension = sheet.column_dimensions[get_column_letter(at)]
        dimension.width, dimension.hidden = width, key in _FOR_PROGRAMS
    for number, row in enumerate(rows, 3):
        for at, (key, _, _) in enumerate(columns, 1):
            _write_text(sheet, number, at, row.get(key, ""))
    sheet.print_area = f"A1:{get_column_letter(printed)}{len(rows) + 2}"
    _page(sheet)


def _write_text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column, _clean(text))
    cell.data_type = "s"  # never a formula, whatever it begins with
    cell.number_format = "@"
    cell.border, cell.alignment = _FRAME, Alignment(vertical="top", wrap_text=True)


def _clean(value: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", value)[:_MOST_CHARACTERS]


def _colour_status(sheet: Worksheet, n_rows: int) -> None:
    column = [key for key, _, _ in SHEET_COLUMNS].index("status") + 1
    for number in range(3, n_rows + 3):
        cell = sheet.cell(number, column)
        colour = _STATUS_FILL.get(str(cell.value))
        if colour:
            cell.fill = PatternFill("solid", fgColor=colour)


def _page(sheet: Worksheet) -> None:
    """Landscape A4, one page wide, heading rows and number on every page."""
    sheet.freeze_panes = "A3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.6, header=0.3, footer=0.3)
    assert sheet.oddFooter is not None  # noqa: S101  # a new sheet has one; tells mypy
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
