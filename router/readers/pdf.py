"""PDF files that hold text; scans are told apart and explained."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.readers.blocks import text_blocks
from router.readers.paper import read_paper
from router.readers.report import Item
from router.readers.sniff import kind_of

if TYPE_CHECKING:
    from pypdf import PageObject

__all__ = ["PdfReader"]

MAX_PAGES = 500
MAX_CONTENT = 30 * 1024 * 1024  # bytes that the pages draw from, once unpacked
MAX_OPERATIONS = 1_000_000  # drawn; a few seconds
_LEAST = 10  # characters; stamps and page numbers of a scan give fewer
_FULL_LINE = 0.85
_STARTS = re.compile(
    r"^\s*(?:[一二三四五六七八九十]+[、.．]|[（(][一二三四五六七八九十\d]+[）)]|\d+[、.．)）]|[^\s:：]{2,8}[:：])"
)
_PAGE_NUMBER = re.compile(r"^[-—–\s]*第?\s*\d{1,4}\s*页?(?:\s*[/共]\s*\d{1,4}\s*页?)?[-—–\s]*$")
_SCAN = "这份 PDF 没有文字层（多为扫描件），读不出文字；请先做文字识别（OCR），或录入为 .docx、.txt 再读"


_VAST = "PDF 的内容异常庞大（可能是图纸，也可能有意如此），未读；请只保留建议提案部分，或另存为 .docx 再读"


class PdfReader:
    """Reads the text of a PDF as one paper.

    Examples
    --------
    >>> PdfReader().accepts(b"%PDF-1.4", "")
    True
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` begins a PDF."""
        return kind_of(head) == "pdf"

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield the one case of the file."""
        pages = _pages(file)
        if isinstance(pages, str):
            yield ReadProblem(name, "", pages, "unreadable")
            return
        bare = [number for number, page in enumerate(pages, start=1) if len("".join(page.split())) < _LEAST]
        if len(bare) == len(pages):
            yield ReadProblem(name, "", _SCAN, "scan")
            return
        if bare:
            listed = "、".join(map(str, bare[:12]))
            yield ReadNote(name, f"第{listed}页", "这些页没有文字（可能是图片或附件扫描），未读")
        lines = [line for page in pages for line in _unwrapped(page)]
        yield from read_paper(text_blocks("\n".join(lines)), name)


def _pages(file: BinaryIO) -> list[str] | str:
    """Return the text of each page, or why it can't be had."""
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it reports each oddity of each file
    try:
        pdf = pypdf.PdfReader(file)
        if pdf.is_encrypted and not pdf.decrypt(""):
            return "PDF 设有打开密码，请去掉密码后另存再读"
        if len(pdf.pages) > MAX_PAGES:
            return f"PDF 有 {len(pdf.pages)} 页，超过上限 {MAX_PAGES} 页；请只保留建议提案部分"
        patience = _Patience()
        return [patience.text_of(page) for page in pdf.pages]
    except _VastError:
        return _VAST
    except (DependencyError, FileNotDecryptedError):
        return "PDF 加了密，请用 PDF 阅读器打印或另存为不加密的文件再读"
    except PyPdfError:
        return "PDF 已损坏或没有传送完整，无法打开；请重新下载或请对方重发"


class _VastError(Exception):
    """More is drawn than any paper needs."""


class _Patience:
    """How much of a PDF is read: what it draws can be any number of times its size."""

    def __init__(self) -> None:
        self._content, self._operations = MAX_CONTENT, MAX_OPERATIONS

    def text_of(self, page: PageObject) -> str:
        contents = page.get_contents()
        self._content -= len(contents.get_data()) if contents else 0
        if self._content < 0:
            raise _VastError
        text = page.extract_text(visitor_operand_before=self._drawn)
        if self._operations < 0:  # pypdf goes on after what is raised within a form
            raise _VastError
        return text

    def _drawn(self, *_: object) -> None:
        self._operations -= 1
        if self._operations < 0:
            raise _VastError


def _unwrapped(page: str) -> Iterator[str]:
    """Join lines that only the width of the page broke."""
    lines = [line.rstrip() for line in page.splitlines() if line.strip() and not _PAGE_NUMBER.match(line)]
    full = _FULL_LINE * max((len(line.strip()) for line in lines), default=0)
    joined = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        joined += line.strip() if joined else line
        goes_on = len(line.strip()) >= full and line[-1] not in "。！？；：" and not _STARTS.match(following)
        if not goes_on or not following or following.startswith(("  ", "\u3000")):
            yield joined
            joined = ""
