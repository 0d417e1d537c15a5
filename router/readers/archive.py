"""Zip files of papers and ledgers, also zips inside them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from router.interfaces import ReadProblem
from router.readers.reading import is_clutter, read_content
from router.readers.report import Item
from router.readers.sniff import kind_of
from router.readers.zips import Budget, member_name

__all__ = ["ArchiveReader"]

_DEEPEST = 2


class ArchiveReader:
    r"""Reads each member of a zip as the file it is.

    Examples
    --------
    >>> ArchiveReader().accepts(b"PK\x05\x06" + bytes(18), "空.zip")
    True
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` begins a zip that is no office file."""
        return kind_of(head) == "zip"

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield what the members hold; their names follow the zip's own."""
        yield from _members(file, name, Budget(), depth=1)


def _members(file: BinaryIO, name: str, budget: Budget, depth: int) -> Iterator[Item]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        yield ReadProblem(name, "", "压缩包已损坏或没有传送完整；请重新压缩或请对方重发", "unreadable")
        return
    with archive:
        if reason := budget.refuse(archive):
            yield ReadProblem(name, "", reason, "unsupported")
            return
        for member in archive.infolist():
            if not member.is_dir():
                yield from _member(archive, member, f"{name}/{member_name(member)}", budget, depth)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, budget: Budget, depth: int
) -> Iterator[Item]:
    if is_clutter(member_name(member)):
        yield ReadProblem(name, "", "隐藏文件、锁定文件或系统文件，未读", "skipped")
        return
    data = _unpacked(archive, member)
    if isinstance(data, str):
        yield ReadProblem(name, "", data, "unreadable")
    elif (kind := kind_of(data)) != "zip":
        yield from _office_or_other(data, name, kind, budget)
    elif depth < _DEEPEST:
        yield from _members(io.BytesIO(data), name, budget, depth + 1)
    else:
        yield ReadProblem(
            name, "", f"压缩包套了超过 {_DEEPEST} 层，未读；请先解开里层的压缩包", "unsupported"
        )


def _office_or_other(data: bytes, name: str, kind: str, budget: Budget) -> Iterator[Item]:
    """Read a member that is no zip; office files are zips of their own, and many small ones grow large."""
    if kind == "docx":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as inner:
                if reason := budget.refuse_office(inner):
                    yield ReadProblem(name, "", reason, "unsupported")
                    return
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            pass  # its reader says what is wrong with it
    yield from read_content(data, name).items()


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | str:
    """Return a member's content, or why it can't be had."""
    try:
        return archive.read(member)
    except RuntimeError:
        return "压缩包设有密码，请解压后再读"
    except NotImplementedError:
        return "压缩方式不支持，请用普通 zip 方式重新压缩"
    except Exception:  # what a damaged member raises depends on its compression
        return "压缩包中的这个文件已损坏，请重新压缩或请对方重发"
