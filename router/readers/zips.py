"""Guards for zip files, also those that office files are."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass

__all__ = ["Budget", "member_name"]

MAX_MEMBERS = 2_000
MAX_TOTAL_BYTES = 500 * 1024 * 1024
MAX_RATIO = 200
_SMALL = 20 * 1024 * 1024  # what a zip of ratio 1000 may still unpack to


@dataclass(slots=True)
class Budget:
    """How much a zip, with the zips inside it, may still unpack to.

    Parameters
    ----------
    members, total : int
        Files and bytes left.
    """

    members: int = MAX_MEMBERS
    total: int = MAX_TOTAL_BYTES

    def refuse(self, archive: zipfile.ZipFile) -> str:
        """Take a zip's members from the budget; say why where they don't fit.

        Python never unpacks more of a member than the directory declares, so
        the declared sizes can be relied on.
        """
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        self.members -= len(members)
        self.total -= size
        if self.members < 0:
            return f"压缩包里的文件超过 {MAX_MEMBERS:,} 个，未读；请分成几个压缩包"
        if self.total < 0:
            return f"压缩包解开后超过 {MAX_TOTAL_BYTES // 2**20} MB，未读；请分成几个压缩包"
        if size > _SMALL and size > MAX_RATIO * max(packed, 1):
            return "压缩比异常（可能是压缩炸弹），为安全未解开；请核实来源后另行压缩"
        return ""


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
