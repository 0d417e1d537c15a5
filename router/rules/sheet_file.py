"""rules.csv and rules.xlsx: one simple rule a row, as a clerk writes it in Excel."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from router.decision import VoteKind
from router.errors import SiteError
from router.rule_tables import RuleMistake, RuleTable, RuleTables
from router.rules.base import EFFECT_NAMES
from router.site_text import read_text

__all__ = ["COLUMNS", "read_csv_rules", "read_xlsx_rules"]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("名称", "规则", "规则名称"),
    "words": ("词", "词语", "关键词", "有这些词之一"),
    "all_words": ("必有词", "同时有"),
    "not_words": ("不含词", "排除词", "没有这些词"),
    "section": ("股室", "单位", "股室或单位", "target"),
    "effect": ("效果", "作用"),
    "reason": ("理由", "原因"),
    "within": ("位置", "看哪里"),
    "valid_from": ("起用日期", "生效日期"),
    "valid_to": ("停用日期", "失效日期"),
    "author": ("作者", "填写人"),
    "fires": ("应对上", "正例"),
    "quiet": ("不应对上", "反例"),
}
"""Columns of the sheet and their Chinese headers; only name, words, section, effect, reason are needed."""

_NEEDED = ("name", "words", "effect", "reason")
_KEYS = {"words": "any", "all_words": "all", "not_words": "none", "section": "target"}
_LISTS = ("words", "all_words", "not_words")
_WITHIN = {"全文": "text", "案由": "title", "标题": "title", "正文": "body"}
_BETWEEN_WORDS = re.compile(r"[\s、，,；;]+")
_BETWEEN_TEXTS = re.compile(r"[\n；;]+")
_BEFORE_A = 64


def read_csv_rules(path: Path) -> RuleTables:
    """Read ``rules.csv``, comma or tab separated, UTF-8 or GB18030.

    Parameters
    ----------
    path : Path

    Returns
    -------
    RuleTables
    """
    try:
        text = read_text(path)
        separator = "\t" if "\t" in text.partition("\n")[0] else ","
        # strict: an unclosed quote would swallow all rows below it
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = list(reader)
    except SiteError as error:
        return RuleTables(mistakes=(RuleMistake(path.name, error.message),))
    except csv.Error:
        where = f"{path.name} 第 {reader.line_num} 行"
        return RuleTables(mistakes=(RuleMistake(where, "表格读不下去，多半是双引号没有成对"),))
    return _read_rows(rows, path.name)


def read_xlsx_rules(path: Path) -> RuleTables:
    """Read the first sheet of ``rules.xlsx``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    RuleTables
    """
    from router.readers import first_sheet  # only a site with such a file needs the library

    rows = first_sheet(path.read_bytes())
    if isinstance(rows, str):
        return RuleTables(mistakes=(RuleMistake(path.name, rows),))
    return _read_rows(rows, path.name)


def _read_rows(rows: Sequence[Sequence[str]], file: str) -> RuleTables:
    header = [_column(cell) for cell in rows[0]] if rows else []
    missing = [f"{COLUMNS[name][0]}（{name}）" for name in _NEEDED if name not in header]
    if missing:
        known = "、".join(f"{names[0]}（{name}）" for name, names in COLUMNS.items())
        message = f"表头缺少 {'、'.join(missing)}。可写的列：{known}"
        return RuleTables(mistakes=(RuleMistake(f"{file} 第 1 行", message),))
    tables: list[RuleTable] = []
    mistakes: list[RuleMistake] = []
    for number, cells in enumerate(rows[1:], 2):
        row = _Row(file, number, header, rows[0], cells)
        if row.filled:
            tables.append(row.table())
            mistakes += row.mistakes
    return RuleTables(tuple(tables), mistakes=tuple(mistakes))


def _column(cell: str) -> str:
    written = "".join(str(cell).split()).lower()
    return next((name for name, names in COLUMNS.items() if written in (name, *names)), "")


class _Row:
    """One row of the sheet, which knows where each cell stands."""

    def __init__(
        self, file: str, number: int, header: Sequence[str], titles: Sequence[str], cells: Sequence[str]
    ) -> None:
        self._file, self._number, self._titles = file, number, titles
        self._at = {name: at for at, name in enumerate(header) if name}
        self.cells = {
            name: str(cells[at]).strip() if at < len(cells) else "" for name, at in self._at.items()
        }
        self.filled = any(self.cells.values())
        self.mistakes: list[RuleMistake] = []

    def table(self) -> RuleTable:
        """Return the row as a rule's table; what is wrong with its cells is in `mistakes`."""
        params = {_KEYS.get(name, name): value for name, value in self._values() if value}
        effect = EFFECT_NAMES.get(self.cells["effect"], self.cells["effect"])
        outside = str(params.get("target", "")).startswith("out:")
        sent_back = self.cells["effect"] == "退回" or (effect == VoteKind.REQUIRE and outside)
        if sent_back:
            del params["effect"]
        elif effect == VoteKind.FLAG:
            params.setdefault("target", params.get("name", ""))
        examples = {key: params.pop(key) for key in ("fires", "quiet") if key in params}
        params |= {"type": "neighbour" if sent_back else "keyword"}
        return RuleTable(params | ({"examples": examples} if examples else {}), self._places())

    def _values(self) -> Iterator[tuple[str, object]]:
        for name, cell in self.cells.items():
            if name in _LISTS:
                yield name, [word for word in _BETWEEN_WORDS.split(cell) if word]
            elif name in ("fires", "quiet"):
                yield name, [text.strip() for text in _BETWEEN_TEXTS.split(cell) if text.strip()]
            elif name == "within":
                yield name, _WITHIN.get(cell, cell)
            else:
                yield name, cell

    def _places(self) -> dict[str, str]:
        row = f"{self._file} 第 {self._number} 行"
        places = {"": row}
        for name, at in self._at.items():
            title = "".join(str(self._titles[at]).split())
            places[_KEYS.get(name, name)] = f"{row}“{title}”列（{_letters(at)}{self._number}）"
        for name in ("fires", "quiet"):
            if name in places:
                places.setdefault("examples", places[name])
        return places


def _letters(at: int) -> str:
    """Name a column as Excel does.

    Examples
    --------
    >>> _letters(0), _letters(27)
    ('A', 'AB')
    """
    letters = ""
    number = at + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(_BEFORE_A + 1 + rest) + letters
    return letters
