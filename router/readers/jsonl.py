"""JSON lines, a JSON list, or an object with a list of ``cases``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from router.interfaces import ReadNote, ReadProblem
from router.readers.columns import FIELD_NAMES
from router.readers.encoding import decode
from router.readers.header import columns_of
from router.readers.report import Item
from router.readers.rows import UNREAD_DATE, RowMapper, unread_dates
from router.readers.sniff import kind_of

__all__ = ["JsonlReader"]

_BROKEN = object()


class JsonlReader:
    """Reads JSON records with the columns of the case table or Chinese names.

    Examples
    --------
    >>> JsonlReader().accepts(b'{"title": "x"}', ""), JsonlReader().accepts(b"[1]", "")
    (True, False)
    """

    def accepts(self, head: bytes, name: str) -> bool:  # noqa: ARG002  the name is no evidence
        """Say whether `head` begins a JSON object, or a list of them."""
        return kind_of(head) == "json"

    def read(self, file: BinaryIO, name: str) -> Iterator[Item]:
        """Yield one case for each record."""
        text = decode(file.read()).text
        whole = _parse(text)
        if whole is not _BROKEN:
            yield from _Records(name, "条").items(enumerate(_listed(whole), start=1))
        elif text.lstrip().startswith("["):
            yield ReadProblem(
                name, "", f"JSON 格式有误（{_error(text)}），无法读取；请重新导出", "unreadable"
            )
        else:
            lines = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
            yield from _Records(name, "行").items((number, _parse(line)) for number, line in lines)


class _Records:
    """One pass over the records of a file."""

    def __init__(self, source: str, unit: str) -> None:
        self.source, self.unit = source, unit
        self.mappers: dict[tuple[str, ...], RowMapper] = {}
        self.fields: dict[str, None] = {}
        self.undated: list[int] = []
        self.read = 0
        self.label = ""

    def items(self, records: Iterable[tuple[int, object]]) -> Iterator[Item]:
        for number, record in records:
            yield self._item(number, record)
        if self.undated:
            yield ReadNote(self.source, "", unread_dates(self.label, self.undated, self.unit), UNREAD_DATE)
        yield ReadNote(self.source, "", f"读到 {self.read} 件；识别的列：{'、'.join(self.fields) or '无'}")

    def _item(self, number: int, record: object) -> Item:
        where = f"第{number}{self.unit}"
        if not isinstance(record, Mapping):
            reason = "这一行不是完整的 JSON 对象，未读；请检查引号和括号"
            return ReadProblem(self.source, where, reason, "unreadable")
        mapper = self._mapper(tuple(map(str, record)))
        case = mapper.proposal([_cell(value) for value in record.values()], f"{self.source} {where}")
        if not case.title and not case.body:
            names = "、".join(str(key)[:20] for key in list(record)[:12])
            reason = f"没有案由（title）也没有正文（body），未读；读到的字段是：{names}"
            return ReadProblem(self.source, where, reason, "empty")
        self.read += 1
        if case.received_text:
            self.label = mapper.date_label
            self.undated.append(number)
        return case

    def _mapper(self, keys: tuple[str, ...]) -> RowMapper:
        if keys not in self.mappers:
            columns = columns_of(keys)
            self.mappers[keys] = RowMapper(columns)
            self.fields |= {FIELD_NAMES[column.field]: None for column in columns if column.field}
        return self.mappers[keys]


def _parse(text: str) -> object:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return _BROKEN


def _error(text: str) -> str:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        return f"第{error.lineno}行附近"
    except (ValueError, RecursionError):
        return "数字或层次超出范围"
    return "无"


def _listed(whole: object) -> list[object]:
    if isinstance(whole, list):
        return whole
    cases = whole.get("cases") if isinstance(whole, dict) else None
    return cases if isinstance(cases, list) else [whole]


def _cell(value: object) -> object:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
