"""Files that are small to send and would be vast to read."""

from __future__ import annotations

import gzip
import io
import os
import time
import zipfile
import zlib
from collections.abc import Callable

import pytest

from tests.readers.files import pack

from .people import Visitor, token_of

_W = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
_DOCX = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>',
}
_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_STRINGS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def docx(paragraphs: int) -> bytes:
    body = _W + b"<w:p/>" * paragraphs + b"</w:body></w:document>"
    # what can't be packed, so that the whole looks harmless
    return pack({**_DOCX, "word/document.xml": body, "word/media/image1.jpg": os.urandom(100_000)})


def workbook(length: int, cells: int, cell: bytes = b'<c t="s"><v>0</v></c>') -> bytes:
    sheet = _SHEET + b"<row>" + cell * cells + b"</row></sheetData></worksheet>"
    strings = _STRINGS + b"<si><t>" + b"x" * length + b"</t></si></sst>"
    return pack(
        {
            **_DOCX,
            "xl/workbook.xml": b"<workbook/>",
            "xl/worksheets/sheet1.xml": sheet,
            "xl/sharedStrings.xml": strings,
        }
    )


def pdf(pages: int, size: int) -> bytes:
    """Return a document whose pages all draw the same, much packed stream."""
    stream = zlib.compress(b"BT (a) Tj ET\n" * (size // 13), 9)
    kids = b" ".join(b"%d 0 R" % (4 + page) for page in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        *[b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 3 0 R/Resources<<>>>>"] * pages,
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def nested() -> bytes:
    inner = pack({"a.txt": b"0" * 25_000_000})
    return pack({f"{number}.zip": inner for number in range(3)})


BOMBS: dict[str, Callable[[], bytes]] = {
    "zip": lambda: pack({"a.txt": b"0" * 30_000_000}),
    "zip with ballast": lambda: pack({"a.txt": b"0" * 30_000_000, "b.jpg": os.urandom(100_000)}),
    "zips in a zip": nested,
    "docx": lambda: docx(5_000_000),
    "docx in a zip": lambda: pack({f"{number}.docx": docx(300_000) for number in range(3)}),
    "xlsx": lambda: workbook(100_000, 10_000),
    "xlsx in other words": lambda: workbook(100_000, 10_000, b'<c t="s"><v><!---->0</v></c>'),
    "pdf": lambda: pdf(50, 1_000_000),
    "gz": lambda: gzip.compress(b"0" * 30_000_000),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(visitor: Visitor, kind: str) -> None:
    visitor.log_in("zhang")
    sent = {"csrf_token": token_of(visitor.get("/")), "file": (io.BytesIO(BOMBS[kind]()), "来件")}
    began = time.perf_counter()
    response = visitor.post("/file", data=sent)
    assert response.status_code == 422
    assert "没有读入的内容" in response.text
    assert time.perf_counter() - began < 20


def test_many_documents_that_are_large_together(monkeypatch: pytest.MonkeyPatch, visitor: Visitor) -> None:
    from router.readers import zips

    monkeypatch.setattr(zips.Budget.__init__, "__defaults__", (2000, 2**29, 1_000_000))
    body = (
        _W
        + b"".join(b"<w:p><w:pPr><w:ind w:left='%d'/></w:pPr></w:p>" % n for n in range(10_000))
        + b"</w:body></w:document>"
    )
    one = pack({**_DOCX, "word/document.xml": body})
    visitor.log_in("zhang")
    sent = {
        "csrf_token": token_of(visitor.get("/")),
        "file": (io.BytesIO(pack({f"{n}.docx": one for n in range(4)})), "批.zip"),
    }
    assert "共超过" in visitor.post("/file", data=sent).text


def test_the_zip_module_unpacks_no_more_than_is_declared() -> None:
    """The guards rely on it."""
    whole = pack({"a.txt": b"B" * 3_000_000})
    lying = whole.replace((3_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with zipfile.ZipFile(io.BytesIO(lying)) as archive, pytest.raises(zipfile.BadZipFile):
        archive.read("a.txt")


def test_an_upload_without_a_login_is_not_even_read(visitor: Visitor) -> None:
    body = io.BytesIO(b"x" * 1000)
    response = visitor.post(
        "/file", input_stream=body, content_length=1000, content_type="multipart/form-data; boundary=x"
    )
    assert response.status_code == 403
    assert body.tell() == 0
