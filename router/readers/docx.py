"""Word files (.docx): paragraphs and forms in the order of the document."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.readers.blocks import Block, form_blocks, text_blocks
from router.readers.grid import Cell, Grid, lay_out, ledger_header
from router.readers.ledger import Table, read_table
from router.readers.paper import read_paper
from router.readers.report import Item
from router.readers.secrecy import SECRET_REASON, is_marked
from router.readers.sniff import kind_of
from router.readers.zips import Budget

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement

__all__ = ["DocxReader"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOT_HERE = (f"{_W}txbxContent", f"{_W}pPr", f"{_W}moveFrom", _FALLBACK)
_BROKEN = "文档已损坏或没有保存完整，无法打开；请用 WPS 或 Word 打开后另存为 .docx 再读"
_SCAN = "文档里只有图片，没有文字可读；请先做文字识别（OCR），或录入文字再读"
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_OUTSIDE = 60


class DocxReader:
    r"""Reads a document as one paper, or as a ledger where it holds one.

    Examples
    --------
    >>> DocxReader().accepts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "提案.docx")
    False
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` is a Word file of the new kind."""
        return kind_of(head) == "docx"

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the one case of the document, or those of its ledger."""
        document = _open(file)
        if isinstance(document, str):
            yield ReadProblem(name, "", document, "unreadable")
            return
        parts = list(_parts(document.element.body, _heading_styles(document)))
        if is_marked(_margins(document)):
            yield ReadProblem(name, "", SECRET_REASON, "secret")
        elif any(isinstance(part, Grid) and ledger_header(part.rows) for part in parts):
            yield from _ledgers(parts, name)
        elif not any(map(str, _blocks(parts))) and _has_pictures(document):
            yield ReadProblem(name, "", _SCAN, "scan")
        else:
            yield from read_paper(_blocks(parts), name)


def _open(file: BinaryIO) -> Document | str:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        with zipfile.ZipFile(file) as archive:
            budget = Budget()
            if reason := budget.refuse(archive) or budget.refuse_office(archive):
                return reason
        file.seek(0)
        return docx.Document(file)
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError, SyntaxError):
        return _BROKEN


def _ledgers(parts: list[Block | Grid], name: str) -> Iterator[Item]:
    grids = [part for part in parts if isinstance(part, Grid)]
    ledgers = [(grid, header) for grid in grids if (header := ledger_header(grid.rows))]
    beside = [str(part) for part in parts if isinstance(part, Block)]
    if is_marked(beside):
        yield ReadProblem(name, "", SECRET_REASON, "secret")
        return
    for number, (grid, header) in enumerate(ledgers, start=1):
        sheet = f"表{number}" if len(ledgers) > 1 else ""
        above = _above(grid, parts)
        yield from read_table(Table(name, grid.rows, sheet, grid.spans, above=above), header)
    outside = sum(map(len, beside))
    if outside > _OUTSIDE or len(grids) > len(ledgers):
        others = len(grids) - len(ledgers)
        yield ReadNote(name, "", f"按台账读取其中的表格；此外还有 {outside} 字、{others} 张其他表格，未读")


def _above(grid: Grid, parts: list[Block | Grid]) -> str:
    """Return the short lines between a table and the one before it."""
    at = next(at for at, part in enumerate(parts) if part is grid)
    lines = (str(part) for part in takewhile(lambda part: isinstance(part, Block), parts[:at][::-1]))
    return "\n".join(line for line in lines if len(line) <= _OUTSIDE)


def _blocks(parts: list[Block | Grid]) -> list[Block]:
    blocks: list[Block] = []
    for part in parts:
        blocks += form_blocks(part.rows) if isinstance(part, Grid) else [part]
    return blocks


def _parts(parent: BaseOxmlElement, headings: frozenset[str]) -> Iterator[Block | Grid]:
    """Walk a body in order, into content controls as well.

    python-docx's own walk leaves out content controls and inserted text,
    which forms and reviewed drafts are full of.
    """
    for element in parent:
        if element.tag == f"{_W}p":
            yield from _paragraph(element, headings)
        elif element.tag == f"{_W}tbl":
            yield lay_out(_table(element))
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins", f"{_W}smartTag"):
            yield from _parts(element, headings)


def _paragraph(element: BaseOxmlElement, headings: frozenset[str]) -> Iterator[Block]:
    style = element.find(f"{_W}pPr/{_W}pStyle")
    if style is not None and style.get(f"{_W}val") in headings:
        text = " ".join(_text(element).split())
        yield from [Block(text, heading=True)] if text else []
    else:
        yield from text_blocks(_text(element))
    for box in element.iter(f"{_W}txbxContent"):
        if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
            yield from text_blocks("\n".join(_text(inner) for inner in box.iter(f"{_W}p")))


def _text(element: BaseOxmlElement) -> str:
    """Return the text of a paragraph, without that of its text boxes."""
    pieces: list[str] = []
    pending = list(reversed(element))
    while pending:
        node = pending.pop()
        if node.tag == f"{_W}t":
            pieces.append(node.text or "")
        elif node.tag in _BREAKS:
            pieces.append(_BREAKS[node.tag])
        elif node.tag not in _NOT_HERE:
            pending.extend(reversed(node))
    return "".join(pieces)


def _table(table: BaseOxmlElement) -> list[list[Cell]]:
    """Return the cells of a table; those merged downwards stand in their first row."""
    rows: list[list[Cell]] = []
    starts: dict[int, tuple[int, int]] = {}  # grid column -> row and place of the cell that reaches down
    for element in table.iter(f"{_W}tr"):
        if next(element.iterancestors(f"{_W}tbl")) is table:
            rows.append(_row(element, rows, starts))
    return rows


def _row(element: BaseOxmlElement, rows: list[list[Cell]], starts: dict[int, tuple[int, int]]) -> list[Cell]:
    before = _span(element, "trPr", "gridBefore", 0)
    row = [Cell("", columns=before)] if before else []
    at = before
    for cell in element.iter(f"{_W}tc"):
        if next(cell.iterancestors(f"{_W}tr")) is not element:
            continue
        columns = _span(cell, "tcPr", "gridSpan", 1)
        merge = cell.find(f"{_W}tcPr/{_W}vMerge")
        if merge is not None and merge.get(f"{_W}val") != "restart" and at in starts:
            above, place = starts[at]
            rows[above][place] = rows[above][place]._replace(rows=len(rows) - above + 1)
        else:
            starts[at] = (len(rows), len(row))
            row.append(Cell(_cell_text(cell), columns=columns))
        at += columns
    return row


def _span(element: BaseOxmlElement, properties: str, name: str, default: int) -> int:
    found = element.find(f"{_W}{properties}/{_W}{name}")
    value = "" if found is None else str(found.get(f"{_W}val", ""))[:4]
    return int(value) if value.isascii() and value.isdigit() else default


def _cell_text(cell: BaseOxmlElement) -> str:
    paragraphs = [p for p in cell.iter(f"{_W}p") if not any(up.tag == _FALLBACK for up in p.iterancestors())]
    return "\n".join(filter(None, (_text(paragraph).strip() for paragraph in paragraphs)))


def _heading_styles(document: Document) -> frozenset[str]:
    named = ((style.style_id, style.name or "") for style in document.styles)
    return frozenset(key for key, name in named if name.lower().startswith(("heading 1", "title", "标题")))


def _margins(document: Document) -> Iterator[str]:
    """Yield the lines of headers and footers, where secrecy markings stand."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith(("/header", "/footer")):
            element: BaseOxmlElement = getattr(relation.target_part, "element")  # noqa: B009  python-docx types it as a bare part
            yield from (_text(paragraph) for paragraph in element.iter(f"{_W}p"))


def _has_pictures(document: Document) -> bool:
    return any(str(node.tag).endswith(("}blip", "}imagedata")) for node in document.element.body.iter())
