"""From bytes to text: UTF-8, GB18030 and UTF-16, told apart by content."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

__all__ = ["Decoded", "decode", "decode_head", "looks_binary"]

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HEAD = 65_536
_BAD_SHARE = 0.005  # more broken characters than this and the guess of the encoding is wrong
_STRAY = 8
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    r"""Text, the encoding it was in, and how many characters were broken.

    Parameters
    ----------
    text, encoding : str
    broken : int
        Places that no encoding explains; each became ``\ufffd``.
    """

    text: str
    encoding: str
    broken: int = 0


def decode(data: bytes) -> Decoded:
    """Decode a whole file.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    Decoded

    Examples
    --------
    >>> decode("路灯不亮".encode("gb18030")).text
    '路灯不亮'
    >>> decode("路灯不亮".encode("utf-8-sig")).encoding
    'utf-8-sig'
    """
    marked = _marked(data)
    if marked:
        return _lenient(data, marked)
    # A UTF-8 file with one broken byte often happens to be valid GB18030, as
    # gibberish: so UTF-8 is given up only where much of it is broken.
    utf8 = _lenient(data, "utf-8")
    if utf8.broken <= _BAD_SHARE * len(utf8.text):
        return utf8
    return min(_lenient(data, "gb18030"), utf8, key=lambda one: one.broken)


def decode_head(data: bytes) -> str:
    """Decode the beginning of a file, which may end inside a character.

    Examples
    --------
    >>> decode_head("路灯".encode()[:5])
    '路'
    """
    head = data[:_HEAD]
    encoding = _marked(head) or "utf-8"
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeDecodeError:
        return head.decode(decode(head).encoding, errors="ignore")


def looks_binary(data: bytes) -> bool:
    r"""Say whether bytes hold something else than text.

    Examples
    --------
    >>> looks_binary(bytes(16)), looks_binary("路灯".encode("gb18030"))
    (True, False)
    """
    head = data[:_HEAD]
    if _marked(head):
        return False
    # A few stray ones stand in texts that old systems export.
    return len(_CONTROL.findall(head)) > max(_STRAY, 0.02 * len(head))


def _marked(data: bytes) -> str:
    return next((name for bom, name in _BOMS if data.startswith(bom)), "")


def _lenient(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        return Decoded(text, encoding, text.count("\ufffd"))
