"""Guards for zip files, also those that office files are."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Budget", "member_name"]

MAX_MEMBERS = 2_000
MAX_TOTAL_BYTES = 500 * 1024 * 1024
MAX_RATIO = 200
MAX_XML_BYTES = 30 * 1024 * 1024  # of one office file: as a tree it takes twenty times as much memory
MAX_XML_TOTAL = 300 * 1024 * 1024
_SMALL = 20 * 1024 * 1024  # what a zip of ratio 1000 may still unpack to
_SMALL_XML = 1024 * 1024
_BOMB = "压缩比异常（可能是压缩炸弹），为安全未解开；请核实来源后另行压缩"


@dataclass(slots=True)
class Budget:
    """How much a zip, with the zips inside it, may still unpack to.

    Parameters
    ----------
    members, total : int
        Files and bytes left.
    xml : int
        Bytes left of what the office files inside it hold as XML.
    """

    members: int = MAX_MEMBERS
    total: int = MAX_TOTAL_BYTES
    xml: int = MAX_XML_TOTAL

    def refuse(self, archive: zipfile.ZipFile) -> str:
        """Take a zip's members from the budget; say why where they don't fit.

        Python never unpacks more of a member than the directory declares, so
        the declared sizes can be relied on.
        """
        members = archive.infolist()
        self.members -= len(members)
        self.total -= sum(member.file_size for member in members)
        if self.members < 0:
            return f"压缩包里的文件超过 {MAX_MEMBERS:,} 个，未读；请分成几个压缩包"
        if self.total < 0:
            return f"压缩包解开后超过 {MAX_TOTAL_BYTES // 2**20} MB，未读；请分成几个压缩包"
        return _BOMB if _is_bomb(members, _SMALL) or any(_is_bomb([one], _SMALL) for one in members) else ""

    def refuse_office(self, archive: zipfile.ZipFile) -> str:
        """Take what an office file holds as XML from the budget; say why where it doesn't fit."""
        xml = [member for member in archive.infolist() if member.filename.endswith((".xml", ".rels"))]
        size = sum(member.file_size for member in xml)
        self.xml -= size
        if any(_is_bomb([member], _SMALL_XML) for member in xml):
            return _BOMB
        if size > MAX_XML_BYTES:
            return f"文档展开后超过 {MAX_XML_BYTES // 2**20} MB，未读；请只保留建议提案部分"
        if self.xml < 0:
            return f"压缩包里的文档展开后共超过 {MAX_XML_TOTAL // 2**20} MB，未读；请分成几个压缩包"
        return ""


def _is_bomb(members: Sequence[zipfile.ZipInfo], small: int) -> bool:
    size = sum(member.file_size for member in members)
    return size > small and size > MAX_RATIO * max(sum(member.compress_size for member in members), 1)


def member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese systems write it in GBK without saying so.

    Examples
    --------
    >>> member_name(zipfile.ZipInfo("提案.txt".encode("gbk").decode("cp437")))
    '提案.txt'
    """
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            return name
        for encoding in ("utf-8", "gb18030"):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
    return name
