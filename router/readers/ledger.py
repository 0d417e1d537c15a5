"""Reading a ledger (台账): from a table to cases.

Every row below the header ends as a case, a problem or a note; only blank
rows are merely counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from router.interfaces import ReadNote, ReadProblem
from router.proposal import Proposal
from router.readers.columns import FIELD_NAMES, LAST_RESORT, resolve, tidy
from router.readers.dates import column_year, lacks_year
from router.readers.header import Column, Header, Row, find_header
from router.readers.kinds import UNCLEAR, Kinds, kinds_around, says_only_kind
from router.readers.report import Item
from router.readers.rows import UNREAD_DATE, RowMapper, unread_dates
from router.readers.secrecy import SECRET_REASON, is_marked
from router.readers.totals import bare, is_count, is_total
from router.readers.values import KNOWN, cell_text, normal_kind, result_letter

__all__ = ["Span", "Table", "missing_columns", "read_table"]

_WORDS = re.compile(r"[\u4e00-\u9fff]{2}")
_SHORT = 16  # a longer title or body is a case for certain
_SAMPLED = 200


@dataclass(frozen=True, slots=True)
class Span:
    """A vertically merged range of one column: rows `top` to `bottom`, inclusive."""

    top: int
    bottom: int
    column: int


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet, and where they came from.

    Parameters
    ----------
    source : str
        File name.
    rows : sequence of sequences
        All rows from the first, so that row numbers are those of Excel.
    sheet : str
        Name of the sheet, where there are several.
    spans : sequence of Span
        Merged ranges; the value stands in the first row.
    tab : str
        Name of the sheet, also where it is the only one.
    above : str
        Text that stands above the table, outside its rows.
    """

    source: str
    rows: Sequence[Row]
    sheet: str = ""
    spans: Sequence[Span] = ()
    tab: str = ""
    above: str = ""

    def where(self, index: int) -> str:
        """Name row `index` (from 0) as a person would look for it."""
        return f"{self.sheet} 第{index + 1}行" if self.sheet else f"第{index + 1}行"

    def titles(self, header: Header) -> str:
        """Return what stands above the header."""
        texts = (cell_text(cell) for row in self.rows[: header.top] for cell in row)
        return "\n".join(filter(None, (self.above, *texts)))


def read_table(table: Table, header: Header | None = None) -> Iterator[Item]:
    """Yield the cases of a table, and what was left out of it.

    Parameters
    ----------
    table : Table
    header : Header, optional
        Where the caller has found it already.

    Yields
    ------
    Proposal, ReadProblem or ReadNote

    Examples
    --------
    >>> rows = [["案号", "案由"], ["028", "关于路灯的建议"], ["合计", "1件"]]
    >>> [type(item).__name__ for item in read_table(Table("台账.xlsx", rows))]
    ['Proposal', 'ReadNote', 'ReadNote']
    """
    header = header or find_header(table.rows)
    if header is None:
        yield missing_columns(table)
    elif is_marked(cell_text(cell) for row in table.rows[: header.top] for cell in row):
        yield ReadProblem(table.source, table.sheet, SECRET_REASON, "secret")
    else:
        yield from _Reading(table, header, _columns(table, header)).items()


def missing_columns(table: Table) -> ReadProblem:
    """Say that a table names neither a title nor a body."""
    rows = [[text for cell in row if (text := cell_text(cell))] for row in table.rows[:20]]
    first = next((row for row in rows if len(row) > 1), next(filter(None, rows), []))
    names = "、".join(" ".join(text[:20].split()) for text in first[:12]) or "（没有内容）"
    reason = f"表中找不到案由（标题）或正文一列，读到的列是：{names}。如是建议提案台账，请写明列名再读"
    return ReadProblem(table.source, table.sheet, reason, "not_a_proposal")


def _columns(table: Table, header: Header) -> tuple[Column, ...]:
    """Take 类别 for the outcome where all it holds is letters, for the kind where it is 建议 and 提案."""
    for name, is_value in _CATEGORY.items():
        if header.column(name):
            continue
        for column in header.columns:
            if tidy(column.label) == "类别" and _holds(table, header, column, is_value):
                return tuple(replace(one, field=name) if one == column else one for one in header.columns)
    return header.columns


_CATEGORY: Mapping[str, Callable[[str], bool]] = {
    "result": lambda text: len(result_letter(text)) == 1,
    "kind": says_only_kind,
}
"""What a column called 类别 may mean, and how its cells tell."""


def _holds(table: Table, header: Header, column: Column, is_value: Callable[[str], bool]) -> bool:
    texts = (text for text in _texts(table, header, column) if not is_total(text) and not is_count(text))
    seen = list(islice((text for text in texts if tidy(text) != tidy(column.label)), _SAMPLED))
    return bool(seen) and all(map(is_value, seen))


def _texts(table: Table, header: Header, column: Column) -> Iterator[str]:
    below = (row[column.index] for row in table.rows[header.bottom :] if column.index < len(row))
    return filter(None, map(cell_text, below))


def _kinds(table: Table, header: Header, columns: Sequence[Column]) -> Kinds:
    around = kinds_around(table.tab, table.titles(header), table.source)
    column = next((column for column in columns if column.field == "kind"), None)
    own = set(map(normal_kind, set(_texts(table, header, column)) if column else ()))
    return Kinds(around, own & KNOWN["kind"])


@dataclass(slots=True)
class _Reading:
    """One pass over the rows below a header."""

    table: Table
    header: Header
    columns: tuple[Column, ...]
    read: int = 0
    blank: int = 0
    undated: list[int] = field(default_factory=list)
    dated: int = 0
    kinds: Kinds = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = _kinds(self.table, self.header, self.columns)

    def items(self) -> Iterator[Item]:
        mapper = RowMapper(self.columns, self._year())
        rows = _filled(self.table, self.header)
        leaders = self._leaders(rows)
        for index in range(self.header.bottom, len(rows)):
            if index in leaders:
                text = f"与第{leaders[index] + 1}行同属一件（案由是合并单元格），已并入"
                yield ReadNote(self.table.source, self.table.where(index), text)
                continue
            case = self._case(mapper, rows, index)
            if left_out := self._left_out(rows[index], case, index):
                yield left_out
            elif case.title or case.body:
                self.read += 1
                self._see_date(mapper, case, rows[index], index + 1)
                if not case.kind and (kind := self.kinds.at(index + 1)):
                    case = replace(case, kind=kind)
                further = [at for at, leader in leaders.items() if leader == index]
                yield _joined(case, [self._case(mapper, rows, at) for at in further])
        yield from self._notes(mapper)

    def _column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.field == name), None)

    def _year(self) -> int | None:
        """Return the year of days that are written without one."""
        column, table = self._column("received_on"), self.table
        if column is None:
            return None
        cells = [_cell(row, column.index) for row in table.rows[self.header.bottom :]]
        return column_year(cells, f"{table.tab} {table.titles(self.header)}", table.source)

    def _see_date(self, mapper: RowMapper, case: Proposal, cells: Row, row: int) -> None:
        column = self._column("received_on")
        if case.received_text:
            self.undated.append(row)
        elif column and case.received_on and mapper.year and lacks_year(_cell(cells, column.index)):
            self.dated += 1

    def _case(self, mapper: RowMapper, rows: Sequence[Row], index: int) -> Proposal:
        return mapper.proposal(rows[index], f"{self.table.source} {self.table.where(index)}")

    def _leaders(self, rows: Sequence[Row]) -> dict[int, int]:
        """Find rows that continue the case above: its title is merged with theirs."""
        column = self.header.column("title") or self.header.column("body")
        own = [c.index for c in self.columns if c.field in ("case_id", "title", "body")]
        found = {}
        for span in self.table.spans:
            if column is None or span.column != column.index or span.top < self.header.bottom:
                continue
            first = [cell_text(_cell(rows[span.top], at)) for at in own]
            for index in range(span.top + 1, min(span.bottom + 1, len(rows))):
                now = [cell_text(_cell(rows[index], at)) for at in own]
                if all(text in ("", before) for text, before in zip(now, first, strict=True)):
                    found[index] = span.top
        return found

    def _left_out(self, cells: Row, case: Proposal, index: int) -> Item | None:
        """Return the note or problem of a row that is no case."""
        texts = {at: text for at, cell in enumerate(cells) if (text := cell_text(cell))}
        if is_group := _names_group(list(texts.values())):
            self.kinds.begin(next(iter(texts.values())))
        elif len(case.title) > _SHORT or len(case.body) > _SHORT:
            return None
        if not texts or self._only_numbered(texts):
            self.blank += 1
            return None
        if reason := "分类行，未作为案件" if is_group else self._no_case(texts, case):
            return ReadNote(self.table.source, self.table.where(index), reason)
        if case.title or case.body:
            return None
        reason = "没有案由也没有正文，未读；请补上案由或正文，或者删去这一行"
        return ReadProblem(self.table.source, self.table.where(index), reason, "empty")

    def _no_case(self, texts: dict[int, str], case: Proposal) -> str:
        first = list(islice(texts.values(), 3))
        if any(map(is_total, first)) and (not case.title or is_total(case.title) or is_count(case.title)):
            return "合计、小计行，未作为案件"
        if any(all(_at(row, at) == text for at, text in texts.items()) for row in self.header.texts):
            return "重复的表头，未作为案件"
        if len(texts) == 1 and not case.title and not case.body and _WORDS.search(bare(first[0])):
            self.kinds.begin(first[0])
            return "只有一格有字，按分类行或表尾略去"
        return ""

    def _only_numbered(self, texts: dict[int, str]) -> bool:
        """Say whether a row holds but its serial number, as prepared forms do."""
        at, text = next(iter(texts.items()))
        match = resolve(self.columns[at].label) if at < len(self.columns) else None
        return len(texts) == 1 and text.isdigit() and match is not None and match.rank >= LAST_RESORT

    def _notes(self, mapper: RowMapper) -> Iterator[ReadNote]:
        source, sheet = self.table.source, self.table.sheet
        if self.undated:
            yield ReadNote(source, sheet, unread_dates(mapper.date_label, self.undated), UNREAD_DATE)
        for text in self.kinds.warnings():
            yield ReadNote(source, sheet, text, UNCLEAR)
        yield ReadNote(source, sheet, self._summary(mapper))

    def _summary(self, mapper: RowMapper) -> str:
        mapped = [_mapping(column) for column in self.columns if column.field]
        kept = [column.label for column in self.columns if column.label and not column.field]
        first, last = self.header.top + 1, self.header.bottom
        parts = [
            f"读到 {self.read} 件，表头在第{first}行" + (f"至第{last}行" if last > first else ""),
            f"识别的列：{'、'.join(mapped)}",
            f"原样保留的列：{'、'.join(kept)}" if kept else "",
            self.kinds.summary(),
            f"“{mapper.date_label}”有 {self.dated} 行没写年份，按 {mapper.year} 年读" if self.dated else "",
            f"空行 {self.blank} 行" if self.blank else "",
        ]
        return "；".join(filter(None, parts))


def _filled(table: Table, header: Header) -> Sequence[Row]:
    """Repeat the value of a merged range in each row below its first."""
    if not table.spans:
        return table.rows
    rows = [list(row) for row in table.rows]
    for span in table.spans:
        if span.top < header.bottom:
            continue
        value = _cell(rows[span.top], span.column) if span.top < len(rows) else ""
        for row in rows[span.top + 1 : span.bottom + 1]:
            if span.column < len(row):
                row[span.column] = value
    return rows


def _cell(row: Row, at: int) -> object:
    return row[at] if at < len(row) else ""


def _at(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _names_group(texts: Sequence[str]) -> bool:
    """Say whether a row only names the kind of the cases below it, and perhaps how many they are."""
    if not texts or not says_only_kind(texts[0]):
        return False
    return all(is_count(text) and not bare(text).isdigit() for text in texts[1:])  # 8 may be a case's number


def _mapping(column: Column) -> str:
    name = FIELD_NAMES[column.field]
    return name if column.label == name else f"{name}（{column.label}）"


def _joined(case: Proposal, further: Sequence[Proposal]) -> Proposal:
    """Add the sections and remarks that the further rows of a case name."""
    if not further:
        return case
    others = chain(case.co_sections, *([one.section, *one.co_sections] for one in further))
    co_sections = dict.fromkeys(name for name in others if name and name != case.section)
    return replace(case, co_sections=tuple(co_sections), extra=_merged_extra([case, *further]))


def _merged_extra(cases: Sequence[Proposal]) -> dict[str, str]:
    keys = dict.fromkeys(key for case in cases for key in case.extra)
    return {
        key: "；".join(dict.fromkeys(case.extra[key] for case in cases if key in case.extra)) for key in keys
    }
