"""CSV and TSV in any of the usual encodings, with the delimiter sniffed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.readers.columns import resolve
from router.readers.encoding import decode, decode_head
from router.readers.ledger import Table, read_table
from router.readers.report import Item
from router.readers.sniff import kind_of

__all__ = ["CsvReader"]

_DELIMITERS = (",", "\t", ";", "|")
_MOST_COLUMNS = 16_384  # as in Excel
_SNIFFED = 20
_SENTENCE = re.compile(r"[。！？!?：]|^\s|.{31}", re.DOTALL)
_LARGEST_FIELD = 2**30  # cells over the case limit are refused later, with their row


class CsvReader:
    r"""Reads delimited text whose first rows look like a table.

    Examples
    --------
    >>> reader = CsvReader()
    >>> reader.accepts("case_id;title\n1;路灯\n".encode(), ""), reader.accepts("路灯不亮".encode(), "")
    (True, False)
    """

    def accepts(self, head: bytes, name: str) -> bool:
        """Say whether `head` is text in columns."""
        return kind_of(head) == "text" and bool(_delimiter(decode_head(head), name))

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the cases of the table."""
        decoded = decode(file.read())
        delimiter = _delimiter(decoded.text[:65_536], name) or ","
        if decoded.broken:
            yield ReadNote(name, "", f"有 {decoded.broken} 处文字编码损坏，已用“\ufffd”代替")
        rows = _rows(decoded.text, delimiter)
        if problem := _open_quote(decoded.text, rows, name):
            yield problem
        if max(map(len, rows), default=0) > _MOST_COLUMNS:
            reason = f"有一行超过 {_MOST_COLUMNS:,} 列，未读；请检查分隔符是否用对"
            yield ReadProblem(name, "", reason, "unreadable")
        else:
            yield from read_table(Table(name, rows))


def _rows(text: str, delimiter: str) -> list[list[str]]:
    if csv.field_size_limit() < _LARGEST_FIELD:
        csv.field_size_limit(_LARGEST_FIELD)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _open_quote(text: str, rows: list[list[str]], name: str) -> ReadProblem | None:
    """Report a quote that is never closed: it swallows the rows below it."""
    if text.count('"') % 2 == 0 or not rows or "\n" not in "".join(rows[-1]):
        return None
    reason = "引号没有成对，从这一行起以下各行可能并成了一格；请检查这一行的英文双引号"
    return ReadProblem(name, f"第{len(rows)}行", reason, "bad_value")


def _delimiter(text: str, name: str) -> str:
    """Return the delimiter of a table, or nothing where it is running text."""
    text = text.removeprefix("\ufeff")
    scored = [(_score(text, one), -rank, one) for rank, one in enumerate(_DELIMITERS)]
    (known, width), _, best = max(scored)
    if known >= 2 or width >= 2:
        return best
    return best if name.lower().endswith((".csv", ".tsv")) else ""


def _score(text: str, delimiter: str) -> tuple[int, int]:
    """Return how many headers are known, and how wide an even table is."""
    try:
        rows = [
            row
            for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _SNIFFED)
            if row
        ]
    except csv.Error:  # a field over the limit, which the sniffed part can't judge
        return 0, 0
    known = max((_known(row) for row in rows), default=0)
    widths = {len(row) for row in rows[:-1]} or {0}
    even = len(rows) > 2 and len(widths) == 1 and not any(map(_SENTENCE.search, rows[0]))
    return known, widths.pop() if even else 0


def _known(row: Iterable[str]) -> int:
    cells = [cell for cell in row if cell.strip()]
    if any(_SENTENCE.search(cell.strip()) for cell in cells):
        return 0
    return len({match.field for cell in cells if (match := resolve(cell.strip()))})
