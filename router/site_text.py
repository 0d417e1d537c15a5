"""The text of a file that a clerk wrote with Excel or Notepad."""

from __future__ import annotations

from pathlib import Path

from router.errors import SiteError

__all__ = ["read_text"]


def read_text(path: Path) -> str:
    """Decode what Excel and Notepad write: UTF-8 with or without BOM, or GB18030.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str

    Raises
    ------
    SiteError
        If the file can't be read or is in another encoding.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SiteError(f"无法读取：{error.strerror}", where=str(path)) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SiteError("文字编码无法识别", where=str(path), hint="请另存为 UTF-8")
