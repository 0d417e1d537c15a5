"""What kind of file some bytes are, told by their content alone."""

from __future__ import annotations

import io
import re
import zipfile

from router.readers.encoding import decode_head, looks_binary

__all__ = ["kind_of"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
)
# Streams of an OLE container, and what they tell; the first found counts.
_STREAMS = (("EncryptedPackage", "encrypted"), ("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"))
# Parts of a zip that make it an office file.
_PARTS = (
    ("word/", "docx"),
    ("xl/workbook.bin", "xlsb"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
    ("OFD.xml", "ofd"),
    ("content.xml", "odf"),
)
_OFFICE = {"[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "mimetype", "OFD.xml"}
_LOCAL_NAME = re.compile(rb"PK\x03\x04.{22}(.)(.)..([\x20-\x7e]{1,60})", re.DOTALL)
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|meta|title|style|script|table|div|span|p|center|font|h[1-6])\b",
    re.IGNORECASE,
)
_MHTML = re.compile(r"\s*(?:[\w-]+:[^\n]*\n\s*){0,20}?mime-version:", re.IGNORECASE)
_OFFICE_XML = re.compile(
    r"\s*<\?xml.{0,3000}(?:office:spreadsheet|office/word/2003/wordml|mso-application)", re.DOTALL
)
_BLANK = b" \t\r\n\x00\xef\xbb\xbf"
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[{\]])")


def kind_of(data: bytes) -> str:
    """Name the kind of a file.

    Parameters
    ----------
    data : bytes
        The file, or enough of its beginning. Office files are told more
        surely from the whole.

    Returns
    -------
    str
        ``empty``, ``text``, ``json``, ``html``, ``mhtml``, ``pdf``, ``zip``,
        ``docx``, ``xlsx``, ``xls``, or a kind that no reader takes: ``doc``,
        ``encrypted``, ``ole``, ``ofd``, ``odf``, ``pptx``, ``xlsb``,
        ``office-xml``, ``rtf``, ``rar``, ``7z``, ``image``, ``broken-zip``,
        ``binary``.

    Examples
    --------
    >>> kind_of(b"%PDF-1.7"), kind_of("<html>路灯".encode("gb18030")), kind_of("路灯不亮".encode())
    ('pdf', 'html', 'text')
    """
    if not data[:4096].strip(_BLANK) and not data.strip(_BLANK):
        return "empty"
    if data.startswith(_OLE):
        return _ole_kind(data)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data)
    if kind := next((kind for magic, kind in _MAGIC if data.startswith(magic)), ""):
        return kind
    if b"%PDF-" in data[:1024]:  # the format allows a few bytes before its mark
        return "pdf"
    return "binary" if looks_binary(data) else _text_kind(decode_head(data))


def _text_kind(text: str) -> str:
    if _OFFICE_XML.match(text):
        return "office-xml"
    if _HTML.match(_past_prologue(text)):
        return "html"
    if _MHTML.match(text):
        return "mhtml"
    return "json" if _JSON.match(text) else "text"


def _past_prologue(text: str) -> str:
    """Drop an XML declaration and comments before the first tag."""
    text = text.lstrip()
    while text.startswith(("<?xml", "<!--")):
        end = "?>" if text.startswith("<?") else "-->"
        text = text.partition(end)[2].lstrip()
    return text


def _ole_kind(data: bytes) -> str:
    found = next((kind for name, kind in _STREAMS if _has_stream(data, name)), "ole")
    lower = data.lower() if found in ("ole", "doc") else b""
    # Some systems put a web page into the container that Word expects.
    return "html" if b"<html" in lower and b"</html" in lower else found


def _has_stream(data: bytes, name: str) -> bool:
    """Look for a directory entry; entries are 128 bytes long and aligned."""
    wanted = name.encode("utf-16-le") + b"\x00\x00"
    at = data.find(wanted)
    while at >= 0:
        if at % 128 == 0:
            return True
        at = data.find(wanted, at + 1)
    return False


def _zip_kind(data: bytes) -> str:
    names = _zip_names(data)
    if not names:
        return "zip" if data.startswith(b"PK\x05\x06") else "broken-zip"
    if not _OFFICE & set(names):
        return "zip"
    return next((kind for part, kind in _PARTS if any(name.startswith(part) for name in names)), "zip")


def _zip_names(data: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        # The end is missing: the names before each member still tell its kind.
        names = [
            (found[3][: found[1][0] + 256 * found[2][0]]) for found in _LOCAL_NAME.finditer(data[: 1 << 20])
        ]
        return [name.decode("ascii") for name in names]
