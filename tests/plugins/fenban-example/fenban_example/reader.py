"""Reads ``.jian``, a plain text that holds several cases.

Each case begins with a line ``#jian``. Lines ``name：value`` follow, then an
empty line, then the body::

    #jian
    编号：028
    标题：关于修复人民路路面的建议
    邮编：611732

    人民路路面坑洼，雨天积水。
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.proposal import Proposal

__all__ = ["JianReader"]

_BEGINS = "#jian"
_FIELDS = {"编号": "case_id", "标题": "title", "届次": "session", "提出人": "proposer", "股室": "section"}


class JianReader:
    r"""Reads the cases of a ``.jian`` file.

    Examples
    --------
    >>> import io
    >>> text = "#jian\n编号：028\n标题：修路灯\n邮编：611732\n\n整条街不亮。\n".encode()
    >>> JianReader().accepts(text, "信箱.jian")
    True
    >>> (case,) = JianReader().read(io.BytesIO(text), "信箱.jian")
    >>> case.case_id, case.title, case.body, case.extra["邮编"], case.source
    ('028', '修路灯', '整条街不亮。', '611732', '信箱.jian 第1件')
    """

    def accepts(self, head: bytes, name: str) -> bool:  # the content tells
        """Say whether the first line is ``#jian``."""
        return re.match(rb"#jian\s*\n", head.removeprefix(codecs.BOM_UTF8)) is not None

    def read(self, file: BinaryIO, name: str) -> Iterator[Proposal | ReadProblem | ReadNote]:
        """Yield the cases, what did not become one, and what a person should know.

        Whatever happens is yielded with its place: one case that can't be
        read costs nobody the others.
        """
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            yield ReadProblem(name, "", "不是 UTF-8 编码，请另存为 UTF-8 再读", "unreadable")
            return
        parts = re.split(rf"^{_BEGINS}\s*$", text, flags=re.MULTILINE)
        for number, part in enumerate(parts[1:], 1):
            yield from _case(part.strip(), name, f"第{number}件")


def _case(part: str, name: str, where: str) -> Iterator[Proposal | ReadProblem | ReadNote]:
    head, _, body = part.partition("\n\n")
    known: dict[str, str] = {}
    extra: dict[str, str] = {}
    for line in filter(None, head.splitlines()):
        label, colon, value = line.replace(":", "：", 1).partition("：")
        if not colon:
            yield ReadNote(name, where, "有一行没有冒号，未读；正文与前面各项之间要空一行")
        elif label.strip() in _FIELDS:
            known[_FIELDS[label.strip()]] = value.strip()
        else:
            extra[label.strip()] = value.strip()
    if "title" not in known:
        yield ReadProblem(name, where, "没有标题，请补上“标题：”一行", "bad_value")
        return
    case = Proposal(body=body.strip(), extra=extra, source=f"{name} {where}")
    yield replace(case, **known)  # type: ignore[arg-type]  # all of these are text
