"""Tables of documents: cells that span rows and columns, laid out on a grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from router.readers.blocks import label_of
from router.readers.header import Header, find_header
from router.readers.ledger import Span

__all__ = ["Cell", "Grid", "lay_out", "ledger_header"]

_WIDEST = 200  # a colspan beyond it is a mistake of the file, or an attack
_TALLEST = 5_000


class Cell(NamedTuple):
    """One cell of a table, and how far it reaches."""

    text: str
    rows: int = 1
    columns: int = 1


@dataclass(slots=True)
class Grid:
    """A table as rows of equal meaning by position.

    Parameters
    ----------
    rows : list of list of str
        A spanning cell has its text in its first place only.
    spans : list of Span
        The cells that reach over several rows.
    """

    rows: list[list[str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


def lay_out(table: Iterable[Iterable[Cell]]) -> Grid:
    """Place the cells of a table at their columns.

    Parameters
    ----------
    table : iterable of iterables of Cell

    Returns
    -------
    Grid

    Examples
    --------
    >>> lay_out([[Cell("案号", rows=2), Cell("承办")], [Cell("主办")]]).rows
    [['案号', '承办'], ['', '主办']]
    """
    grid = Grid()
    taken: dict[int, int] = {}  # column -> rows below that a cell above still covers
    for at, cells in enumerate(table):
        row: list[str] = []
        covered, taken = taken, {column: left - 1 for column, left in taken.items() if left > 1}
        for cell in cells:
            while len(row) in covered:
                row.append("")
            _place(grid, row, cell, at, taken)
        grid.rows.append(row)
    return grid


def _place(grid: Grid, row: list[str], cell: Cell, at: int, taken: dict[int, int]) -> None:
    rows, columns = (max(1, min(cell.rows, _TALLEST)), max(1, min(cell.columns, _WIDEST)))
    if rows > 1:
        grid.spans.append(Span(at, at + rows - 1, len(row)))
        taken |= dict.fromkeys(range(len(row), len(row) + columns), rows - 1)
    row += [cell.text, *[""] * (columns - 1)]


def ledger_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """Return the header of a ledger; forms of one paper have none.

    In a ledger all the cells of a row are names of columns and none below
    is; in a form names and values take turns.

    Parameters
    ----------
    rows : sequence of sequences of str

    Returns
    -------
    Header or None

    Examples
    --------
    >>> ledger_header([["案号", "028", "提案人", "甲某"], ["案由", "路灯不亮"]]) is None
    True
    >>> ledger_header([["案号", "案由"], ["028", "路灯不亮"]]).score
    2
    """
    header = find_header(rows)
    if header is None or header.score < 2 or header.bottom >= len(rows):
        return None
    labels = [column.label for column in header.columns if column.label]
    below = [cell.strip() for cell in rows[header.bottom] if cell.strip()]
    if any(label_of(cell) for cell in below if len(cell) <= 16) or any(len(label) > 20 for label in labels):
        return None
    return header if header.score >= 0.5 * len(labels) or header.score >= 3 else None
