"""Excel workbooks, new (.xlsx) and old (.xls)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.readers.header import find_header
from router.readers.ledger import Span, Table, missing_columns, read_table
from router.readers.report import Item
from router.readers.sniff import kind_of
from router.readers.values import cell_text
from router.readers.zips import Budget

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

__all__ = ["WorkbookReader", "first_sheet"]

_BROKEN = "工作簿已损坏或没有保存完整，无法打开；请用 WPS 或 Excel 打开后另存为 .xlsx 再读"
_LOCKED = "工作簿设有打开密码，请去掉密码后另存再读"
_MAX_AREA = 20_000_000
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,9})[\"']")
# Cells with a format and no value, which whole formatted columns leave behind; they cost nothing.
_EMPTY_CELL = re.compile(rb"<(?:\w+:)?c(?:\s+[\w:]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*/>")
_BEFORE_A = 64
_MAX_TEXT = 200 * 1024 * 1024
_STRING = re.compile(rb"<(?:\w+:)?si(?:\s[^>]*)?(?:/>|>.*?</(?:\w+:)?si\s*>)", re.DOTALL)
_STRING_CELL = re.compile(rb"\bt\s*=\s*[\"']s[\"']")
_STRING_USED = re.compile(rb"\bt\s*=\s*[\"']s[\"'][^<]*<(?:\w+:)?v>\s*(\d{1,9})\s*</")


class WorkbookReader:
    """Reads every sheet that has a ledger's header.

    Examples
    --------
    >>> WorkbookReader().accepts(b"<html><table>", "台账.xls")
    False
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` is a workbook, new or old."""
        return kind_of(head) in ("xlsx", "xls")

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the cases of all sheets."""
        if reason := _refuse(file):
            yield ReadProblem(name, "", reason, "unreadable")
            return
        book = _open(file)
        if isinstance(book, str):
            yield ReadProblem(name, "", book, "unreadable")
            return
        hidden = {one.name for one in book.sheets_metadata if not str(one.visible).endswith(".Visible")}
        tables = [
            _table(book.get_sheet_by_name(sheet), name, len(book.sheet_names) > 1)
            for sheet in book.sheet_names
        ]
        yield from _sheets(tables, hidden)


def first_sheet(data: bytes) -> list[list[str]] | str:
    """Return the rows of a workbook's first sheet as text, or in Chinese why they can't be read.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    list of list of str, or str

    Examples
    --------
    >>> first_sheet(b"PK")
    '这不是 Excel 工作簿'
    """
    if kind_of(data) not in ("xlsx", "xls"):
        return "这不是 Excel 工作簿"
    file = io.BytesIO(data)
    book = _refuse(file) or _open(file)
    if isinstance(book, str):
        return book
    rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False) if book.sheet_names else []
    return [[cell_text(cell) for cell in row] for row in rows]


def _sheets(tables: list[Table], hidden: set[str]) -> Iterator[Item]:
    """Read the ledgers; say of the other sheets that they are none."""
    headers = [find_header(table.rows) for table in tables]
    filled = [any(cell_text(cell) for row in table.rows for cell in row) for table in tables]
    for table, header, has_cells in zip(tables, headers, filled, strict=True):
        if header:
            yield from read_table(table, header)
            if table.sheet in hidden:
                yield ReadNote(table.source, table.sheet, "这张工作表是隐藏的，也已读取")
        elif has_cells and any(headers):
            yield ReadNote(table.source, table.sheet, f"这张工作表未读：{missing_columns(table).reason}")
        elif has_cells:
            yield missing_columns(table)
    if not any(filled):
        source = tables[0].source if tables else ""
        yield ReadProblem(source, "", "工作簿是空的，没有一格有字", "empty")


def _open(file: BinaryIO) -> CalamineWorkbook | str:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_filelike(file)
    except PasswordError:
        return _LOCKED
    except CalamineError:
        return _BROKEN


def _table(sheet: CalamineSheet, source: str, several: bool) -> Table:
    rows = sheet.to_python(skip_empty_area=False)
    ranges = sheet.merged_cell_ranges or []
    spans = [Span(top, bottom, left) for (top, left), (bottom, _) in ranges if bottom > top]
    return Table(source, rows, sheet.name if several else "", spans, tab=sheet.name)


def _refuse(file: BinaryIO) -> str:
    """Refuse what would exhaust the memory before it can be caught.

    Calamine lays a sheet out from its first to its last cell, and a failed
    allocation there ends the whole process.
    """
    data = file.read(4)
    file.seek(0)
    if data != b"PK\x03\x04":
        return ""
    try:
        with zipfile.ZipFile(file) as archive:
            reason = Budget().refuse(archive)
            sheets = [member for member in archive.infolist() if member.filename.startswith("xl/worksheets/")]
            wide = not reason and any(_is_vast(archive.read(sheet)) for sheet in sheets)
            long = not (reason or wide) and _text_length(archive, sheets) > _MAX_TEXT
    except Exception:  # whatever is wrong with the zip: the file is broken
        return _BROKEN
    file.seek(0)
    if long:
        return f"工作表里的文字超过 {_MAX_TEXT // 2**20} MB（同一段文字用了太多次），未读；请拆成几个文件"
    return reason or ("工作表的范围过大（末尾可能有误填的格子），请删去多余的行列后另存再读" if wide else "")


def _text_length(archive: zipfile.ZipFile, sheets: list[zipfile.ZipInfo]) -> int:
    """Return how many bytes of text the cells hold: each has a copy of the string it names."""
    parts = [part for part in archive.infolist() if part.filename.lower() == "xl/sharedstrings.xml"]
    lengths = [len(found[0]) for part in parts for found in _STRING.finditer(archive.read(part))]
    longest, total = max(lengths, default=0), 0
    for sheet in sheets:
        data = archive.read(sheet)
        used = [int(number) for number in _STRING_USED.findall(data)]
        total += sum(lengths[number] for number in used if number < len(lengths))
        total += longest * max(0, len(_STRING_CELL.findall(data)) - len(used))  # written in other ways
    return total


def _is_vast(sheet: bytes) -> bool:
    return _area(sheet) > _MAX_AREA and _area(_EMPTY_CELL.sub(b"", sheet)) > _MAX_AREA


def _area(sheet: bytes) -> int:
    """Return how many cells lie between A1 and the last one that a sheet names."""
    last_row = last_column = 0
    for column, row in set(_REFERENCE.findall(sheet)):
        last_row, last_column = max(last_row, int(row)), max(last_column, _column(column))
    return last_row * last_column


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - _BEFORE_A
    return number
