"""Finding the header of a ledger among title rows, in one row or in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from router.readers.columns import LAST_RESORT, Match, resolve, tidy
from router.readers.values import cell_text

__all__ = ["Column", "Header", "Row", "columns_of", "find_header"]

Row = Sequence[object]

_SEARCHED = 20  # rows from the top; real ledgers have up to five title rows
_SUBHEAD = 14  # a longer text under a group head is data


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a ledger.

    Parameters
    ----------
    index : int
        Counted from 0.
    label : str
        The header as it stands in the file, two rows joined by ``/``.
    field : str
        The column of the case table it means; empty for an extra column.
    """

    index: int
    label: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands and what its columns mean.

    Parameters
    ----------
    top, depth : int
        First row, counted from 0, and number of rows (1 or 2).
    columns : tuple of Column
    score : int
        How many columns were recognised.
    """

    top: int
    depth: int
    columns: tuple[Column, ...]
    score: int = 0
    texts: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    @property
    def bottom(self) -> int:
        """Index of the first row below the header."""
        return self.top + self.depth

    def column(self, name: str) -> Column | None:
        """Return the column that means field `name`."""
        return next((column for column in self.columns if column.field == name), None)


def find_header(rows: Sequence[Row]) -> Header | None:
    """Find the row, or the two rows, that name the columns of a ledger.

    Parameters
    ----------
    rows : sequence of sequences
        The table from its first row.

    Returns
    -------
    Header or None
        None where no row names a title or a body.

    Examples
    --------
    >>> header = find_header([["2026年台账"], ["案号", "案由"], ["028", "关于路灯的建议"]])
    >>> header.top, [column.field for column in header.columns]
    (1, ['case_id', 'title'])
    """
    texts = [tuple(cell_text(cell) for cell in row) for row in rows[: _SEARCHED + 1]]
    best: Header | None = None
    for top in range(min(_SEARCHED, len(texts))):
        for header in (_one_row(texts, top), _two_rows(texts, top)):
            if (
                header
                and _is_ledger(header)
                and (best is None or header.score >= best.score + (header.top > best.top))
            ):
                best = header
    return best


def columns_of(labels: Sequence[str], matches: Sequence[Match | None] | None = None) -> tuple[Column, ...]:
    """Map labels onto the case table; of several with one meaning the best wins.

    Parameters
    ----------
    labels : sequence of str
    matches : sequence of Match or None, optional
        What each label means, where that isn't told by the label alone.

    Returns
    -------
    tuple of Column

    Examples
    --------
    >>> [column.field for column in columns_of(["序号", "案号", "案由"])]
    ['', 'case_id', 'title']
    """
    winners: dict[str, tuple[int, int]] = {}
    for index, match in enumerate(matches or [resolve(label) for label in labels]):
        if match:
            winners[match.field] = min(winners.get(match.field, (999, 0)), (match.rank, index))
    mapped = {index: field for field, (_, index) in winners.items()}
    return tuple(
        Column(index, " ".join(label.split()), mapped.get(index, "")) for index, label in enumerate(labels)
    )


def _one_row(texts: Sequence[tuple[str, ...]], top: int) -> Header:
    return _header(texts, top, 1, texts[top], [resolve(text) for text in texts[top]])


def _two_rows(texts: Sequence[tuple[str, ...]], top: int) -> Header | None:
    if top + 1 >= len(texts):
        return None
    width = max(len(texts[top]), len(texts[top + 1]))
    upper, lower = (_padded(texts[row], width) for row in (top, top + 1))
    if not _is_second_row(upper, lower):
        return None
    labels, matches, group = [], [], ""
    for above, below in zip(upper, lower, strict=True):
        group = above or group
        label, match = _joined(group if below and below != above else above, below)
        labels.append(label)
        matches.append(match)
    return _header(texts, top, 2, labels, matches)


def _joined(above: str, below: str) -> tuple[str, Match | None]:
    """Name a column by its two header cells, of which one may be empty."""
    if not below or below == above:
        return above, resolve(above)
    return f"{above}/{below}", resolve(above + below) or (None if tidy(below) in _VAGUE else resolve(below))


# Under a group head these belong to the group: 附件 / 编号 is no case number.
_VAGUE = frozenset({"编号", "id", "日期", "类型", "种类", "级别", "序号", "内容", "号", "序"})


def _is_second_row(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Tell the second row of a header from the first row of data."""
    subheads = 0
    for index, (above, below) in enumerate(zip(upper, lower, strict=True)):
        if not below or below == above:
            continue
        is_group = not above or (index + 1 < len(upper) and upper[index + 1] in ("", above))
        starts = any(upper[: index + 1])
        if not is_group or not starts or len(below) > _SUBHEAD or below[:1].isdigit():
            return False
        subheads += 1
    return subheads > 0 and any(resolve(above) for above in upper)


def _header(
    texts: Sequence[tuple[str, ...]],
    top: int,
    depth: int,
    labels: Sequence[str],
    matches: Sequence[Match | None],
) -> Header:
    columns = columns_of(labels, matches)
    score = sum(bool(column.field) for column in columns)
    return Header(top, depth, columns, score, tuple(texts[top : top + depth]))


def _is_ledger(header: Header) -> bool:
    """Refuse tables that only happen to have a column called 内容 or 事由."""
    found = [(column, resolve(column.label.replace("/", ""))) for column in header.columns if column.field]
    if not any(column.field in ("title", "body") for column, _ in found):
        return False
    if any(match is None or match.strong for column, match in found if column.field in ("title", "body")):
        return True
    counted = [match for _, match in found if match is None or match.strong or match.rank < LAST_RESORT]
    unknown = sum(1 for column in header.columns if column.label and not column.field)
    return len(counted) > 1 or unknown < 2


def _padded(row: tuple[str, ...], width: int) -> tuple[str, ...]:
    return row + ("",) * (width - len(row))
