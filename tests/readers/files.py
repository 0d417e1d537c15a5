"""Makes the files that the reader tests read, each as a real program writes it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

import docx
import openpyxl
import xlwt


def xlsx(*sheets: Sequence[Sequence[object]], merged: Iterable[str] = (), names: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(names[number] if names else f"表{number + 1}")
        for at, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                sheet.cell(at, column, value)
        for cells in merged:
            sheet.merge_cells(cells)
    return _saved(book)


def xls(rows: Sequence[Sequence[object]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("台账")
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    return _saved(book)


def word(*lines: str, table: Sequence[Sequence[str]] = (), header: str = "") -> bytes:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    if table:
        grid = document.add_table(len(table), max(map(len, table)))
        for at, row in enumerate(table):
            for column, text in enumerate(row):
                grid.cell(at, column).text = text
    if header:
        document.sections[0].header.paragraphs[0].text = header
    return _saved(document)


def pack(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def pdf(*lines: str, password: str = "", pages: int = 1) -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=password or None)
    for _ in range(pages):
        canvas.setFont("STSong-Light", 14)
        for at, line in enumerate(lines):
            canvas.drawString(72, 760 - 22 * at, line)
        canvas.rect(72, 72, 100, 100)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def ole(*streams: str, content: bytes = b"") -> bytes:
    """Return bytes with an OLE container's mark and directory entries."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in streams)
    return head + entries.ljust(512, b"\0") + content


def _saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()
