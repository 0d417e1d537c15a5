"""Plain text: one paper a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from router.interfaces import ReadNote
from router.readers.blocks import text_blocks
from router.readers.encoding import decode
from router.readers.paper import read_paper
from router.readers.report import Item
from router.readers.screening import MAX_CASE_CHARS, too_long
from router.readers.sniff import kind_of

__all__ = ["TextReader"]

_HOPELESS = 10 * MAX_CASE_CHARS  # blank lines and labels never make up for so much


class TextReader:
    r"""Reads a text with labels such as 案由：, or with the title on its first line.

    Examples
    --------
    >>> import io
    >>> paper = "案由：关于修复人民路路面的建议\n正文：路面破损。".encode("gb18030")
    >>> case, *_ = TextReader().read(io.BytesIO(paper), "来信.txt")
    >>> case.title, case.body
    ('关于修复人民路路面的建议', '路面破损。')
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` is plain text."""
        return kind_of(head) == "text"

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the one case of the text."""
        decoded = decode(file.read())
        if decoded.broken:
            yield ReadNote(name, "", f"有 {decoded.broken} 处文字编码损坏，已用“\ufffd”代替")
        text = decoded.text.removeprefix("\ufeff")
        if len(text) > _HOPELESS:
            yield too_long(name, "", len(text))
        else:
            yield from read_paper(text_blocks(text), name)
