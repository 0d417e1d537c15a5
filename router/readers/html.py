"""HTML, also as mail-like web archives, under .doc and .xls names, or inside OLE."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.readers.blocks import Block, form_blocks, text_blocks
from router.readers.encoding import decode
from router.readers.grid import Cell, Grid, lay_out, ledger_header
from router.readers.header import Header
from router.readers.ledger import Table, read_table
from router.readers.paper import read_paper
from router.readers.report import Item
from router.readers.secrecy import SECRET_REASON, is_marked
from router.readers.sniff import kind_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["HtmlReader"]

_PROLOGUE = re.compile(r"^\s*<\?xml[^>]*\?>")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_NESTING = re.compile(
    r"<(/)?(?:div|table|span|font|center|b|i|u|ul|ol|blockquote|section|article)\b", re.IGNORECASE
)
_SPACES = re.compile(r"[ \t\r\n\xa0]+")
_UNSEEN = {"script", "style", "noscript", "title", "template", "xml"}
_HEADINGS = {"h1", "h2", "h3"}
_BLOCK_TAGS = _HEADINGS | {
    *("p", "div", "li", "tr", "td", "th", "section", "article", "center", "h4", "h5", "h6"),
    *("dd", "dt", "blockquote", "table", "body", "caption"),
}
_MARK = "\ue000"  # private use: stands for a form or heading; taken out of the input first
_LARGEST = 30_000_000  # parsing takes about a second for each million
_DEEPEST = 500
_OUTSIDE = 60  # characters beside a ledger that need no word


class HtmlReader:
    """Reads a web page: its ledger tables if it has any, else one paper.

    Examples
    --------
    >>> HtmlReader().accepts(b"<html><body>", "a.doc"), HtmlReader().accepts(b"a < b", "a.html")
    (True, False)
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` is HTML, whatever wraps it."""
        return kind_of(head) in ("html", "mhtml")

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the cases of the ledger tables, or the one paper."""
        page = _page(file.read())
        soup = _parse(page) if len(page) <= _LARGEST else None
        if soup is None:
            reason = "网页过大或结构异常，未读；请打开后另存为 .xlsx 或 .docx 再读"
            yield ReadProblem(name, "", reason, "unsupported")
            return
        tables = [table for table in soup.find_all("table") if not table.find("table")]
        grids = {id(table): _grid(table) for table in tables}
        ledgers = {key: (grid, header) for key, grid in grids.items() if (header := ledger_header(grid.rows))}
        if ledgers:
            yield from _ledgers(soup, ledgers, name)
        else:
            yield from read_paper(_blocks(soup, grids), name)


def _page(data: bytes) -> str:
    """Return the HTML of a file, taken out of its container and decoded."""
    kind = kind_of(data)
    if kind == "mhtml":
        message = email.message_from_bytes(data, policy=email.policy.default)
        part = message.get_body(preferencelist=("html", "related", "plain"))
        payload = part.get_payload(decode=True) if part else b""
        data = payload if isinstance(payload, bytes) else b""
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        lower = data.lower()
        data = data[lower.find(b"<html") : lower.rfind(b"</html") + 7]
    decoded = decode(data)
    named = _CHARSET.search(data[:4096])
    # The content decides; a page's own word counts only for encodings that content can't tell.
    if decoded.broken and named and named[1].lower() in (b"big5", b"utf-16", b"big5-hkscs"):
        return data.decode(named[1].decode(), "replace")
    return decoded.text


def _parse(page: str) -> BeautifulSoup | None:
    """Parse a page; one nested too deeply for any use gives nothing."""
    from bs4 import BeautifulSoup

    if _too_deep(page):
        return None
    clean = _PROLOGUE.sub("", page.removeprefix("\ufeff")).replace(_MARK, "").replace("\x00", "")
    return BeautifulSoup(clean, "lxml")


def _too_deep(page: str) -> bool:
    """Say whether more elements may be open at once than parsing can bear.

    The parser's cost grows with the square of the depth.
    """
    depth = deepest = 0
    for found in _NESTING.finditer(page):
        depth = max(0, depth + (-1 if found[1] else 1))
        deepest = max(deepest, depth)
    return deepest > _DEEPEST


def _text(root: Tag, places: Mapping[int, int] | None = None) -> str:
    """Return the text of an element with the line breaks that a browser shows.

    The elements in `places` (by identity) are stood for by their number.
    """
    pieces: list[str] = []
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        name = getattr(node, "name", None)
        if name is None:
            pieces.append(_inline(node))
        elif places and id(node) in places:
            pieces.append(f"\n{_MARK}{places[id(node)]}\n")
        elif name == "pre":
            pieces.append(f"\n{node.get_text()}\n")
        elif name == "br":
            pieces.append("\n")
        elif name not in _UNSEEN:
            ends = ["\n"] if name in _BLOCK_TAGS else []
            pieces += ends
            pending += [*ends, *reversed(node.contents)]
    return "".join(pieces)


def _inline(node: str) -> str:
    """Return running text on one line; comments and declarations have none."""
    if type(node) is str:  # a line break that `_text` set
        return node
    return _SPACES.sub(" ", node) if type(node).__name__ == "NavigableString" else ""


def _lines(root: Tag, places: Mapping[int, int] | None = None) -> list[str]:
    return [line.strip() for line in _text(root, places).splitlines() if line.strip()]


def _blocks(soup: BeautifulSoup, grids: Mapping[int, Grid]) -> list[Block]:
    """Turn the page into lines, with forms and headings at their places."""
    kept = [form_blocks(grid.rows) for grid in grids.values()]
    places = {key: number for number, key in enumerate(grids)}
    for heading in soup(list(_HEADINGS)):
        places[id(heading)] = len(kept)
        kept.append([Block(" ".join(_lines(heading)), heading=True)])
    blocks: list[Block] = []
    for line in _lines(soup, places):
        blocks += kept[int(line[1:])] if line.startswith(_MARK) else text_blocks(line)
    return [block for block in blocks if block.text or block.label]


def _ledgers(soup: BeautifulSoup, ledgers: Mapping[int, tuple[Grid, Header]], name: str) -> Iterator[Item]:
    beside = [line for line in _lines(soup, dict.fromkeys(ledgers, 0)) if not line.startswith(_MARK)]
    if is_marked(beside):
        yield ReadProblem(name, "", SECRET_REASON, "secret")
        return
    for number, (grid, header) in enumerate(ledgers.values(), start=1):
        sheet = f"表{number}" if len(ledgers) > 1 else ""
        yield from read_table(Table(name, grid.rows, sheet, grid.spans), header)
    outside = sum(map(len, beside))
    if outside > _OUTSIDE:
        yield ReadNote(name, "", f"按台账读取其中的表格；表格之外还有 {outside} 字，未读")


def _grid(table: Tag) -> Grid:
    rows = table.find_all("tr")
    return lay_out([[_cell(cell) for cell in row.find_all(["td", "th"])] for row in rows])


def _cell(cell: Tag) -> Cell:
    return Cell("\n".join(_lines(cell)), _number(cell, "rowspan"), _number(cell, "colspan"))


def _number(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1"))[:5]
    return int(value) if value.isascii() and value.isdigit() else 1
