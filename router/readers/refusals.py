"""What a person is told of a file that no reader takes."""

from __future__ import annotations

from router.interfaces import ReadProblem
from router.readers.sniff import kind_of

__all__ = ["refusal"]

_REASONS = {
    "empty": ("empty", "文件是空的，请检查是否保存或传送完整"),
    "doc": (
        "unsupported",
        "这是旧式 Word 或 WPS 文字的二进制文件，请用 WPS 或 Word 打开，另存为 .docx 后再读",
    ),
    "encrypted": ("unsupported", "文件设有打开密码，请用 WPS 或 Office 打开，去掉密码后另存再读"),
    "ole": ("unsupported", "这是旧式办公软件的二进制文件，请打开后另存为 .docx 或 .xlsx 再读"),
    "ofd": (
        "unsupported",
        "这是 OFD 版式文件，fenban 还不能读；请用 OFD 阅读器导出为文字 PDF、.docx 或 .txt 再读",
    ),
    "odf": ("unsupported", "这是 OpenDocument 文件（.odt、.ods），请另存为 .docx 或 .xlsx 再读"),
    "pptx": ("unsupported", "这是演示文稿，请把建议提案的文字存为 .docx 或 .txt 再读"),
    "xlsb": ("unsupported", "这是二进制工作簿（.xlsb），请打开后另存为 .xlsx 再读"),
    "office-xml": ("unsupported", "这是 Office 2003 的 XML 文件，请打开后另存为 .docx 或 .xlsx 再读"),
    "rtf": ("unsupported", "这是 RTF 文件，请用 WPS 或 Word 打开，另存为 .docx 后再读"),
    "rar": ("unsupported", "这是 RAR 压缩包，请解压后放进文件夹，或改用 .zip 再读"),
    "7z": ("unsupported", "这是 7z 压缩包，请解压后放进文件夹，或改用 .zip 再读"),
    "image": ("scan", "这是图片，没有文字可读；请先做文字识别（OCR），或录入为 .docx、.txt 再读"),
    "broken-zip": ("unreadable", "文件已损坏或没有传送完整，无法打开；请重新下载或请对方重发"),
    "zip": ("unreadable", "压缩包里没有可读的文件"),
}
_UNKNOWN = ("unsupported", "认不出这是什么文件，请另存为 .docx、.xlsx、.csv 或 .txt 再读")


def refusal(data: bytes, name: str) -> ReadProblem:
    """Explain why a file can't be read and what to do.

    Parameters
    ----------
    data : bytes
    name : str

    Returns
    -------
    ReadProblem

    Examples
    --------
    >>> refusal(b"", "来信.txt").reason
    '文件是空的，请检查是否保存或传送完整'
    """
    code, reason = _REASONS.get(kind_of(data), _UNKNOWN)
    return ReadProblem(name, "", reason, code)
