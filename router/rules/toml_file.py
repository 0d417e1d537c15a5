"""rules.toml: rules of every kind, sets of synonyms, and what places are called."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from router.errors import SiteError
from router.rule_tables import RuleMistake, RuleTable, RuleTables
from router.rules.place import LEVELS
from router.site_text import read_text

__all__ = ["read_toml_rules"]

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*[\"']?rule[\"']?[ \t]*\]\]", re.MULTILINE)
_KEY = re.compile(r"^[ \t]*(?:\[\[?rule\.)?[\"']?(\w+)[\"']?[ \t]*(?:=|\])", re.MULTILINE)
_STRINGS_AND_RUNS = re.compile(
    r'"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*'
    r"|(?P<run>[^\s\"'=,{}\[\]#.]+)(?=(?P<equals>[ \t]*=)?)"
)
_POSITION = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch of the file: what comes before the first rule, or one rule."""

    text: str
    line: int


def read_toml_rules(path: Path) -> RuleTables:
    """Read ``rules.toml``.

    A file that isn't TOML is read rule by rule, so that all its mistakes can
    be told at once.

    Parameters
    ----------
    path : Path

    Returns
    -------
    RuleTables
    """
    try:
        text = _quoted_keys(read_text(path).replace("\r\n", "\n"))
    except SiteError as error:
        return RuleTables(mistakes=(RuleMistake(path.name, error.message),))
    blocks = list(_blocks(text))
    mistakes: list[RuleMistake] = []
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        content, mistakes = _read_apart(blocks, path.name)
    return _checked(content, blocks, mistakes, path.name)


def _quoted_keys(text: str) -> str:
    """Put quotes around Chinese keys, which TOML asks for and nobody remembers.

    Examples
    --------
    >>> _quoted_keys('灯 = ["路灯"]  # 灯 = 照明')
    '"灯" = ["路灯"]  # 灯 = 照明'
    """

    def quoted(match: re.Match[str]) -> str:
        run = match["run"]
        return f'"{run}"' if run and match["equals"] and not run.isascii() else match[0]

    return _STRINGS_AND_RUNS.sub(quoted, text)


def _read_apart(blocks: Sequence[_Block], file: str) -> tuple[dict[str, Any], list[RuleMistake]]:
    """Read each block by itself, as far as it goes."""
    content: dict[str, Any] = {}
    rules: list[object] = []
    mistakes = []
    for number, block in enumerate(blocks):
        try:
            read = tomllib.loads(block.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            mistakes.append(_mistake(error, block, file))
            rules += [None] if number else []  # keeps the others at the lines of their headers
            continue
        listed = read.pop("rule", None)
        rules += listed if isinstance(listed, list) else []
        content = read | content
    if not mistakes:  # fine by themselves, wrong together: a table written twice
        mistakes.append(RuleMistake(file, "TOML 写法有误：同一个表写了两次"))
    return {**content, "rule": rules}, mistakes


def _mistake(error: Exception, block: _Block, file: str) -> RuleMistake:
    told = str(error)
    place = _POSITION.search(told)
    if place and place[1]:
        where = f"{file} 第 {block.line + int(place[1]) - 1} 行第 {place[2]} 列"
    else:
        where = f"{file} 第 {block.line} 行起的一段"
    reason = _POSITION.sub("", told) if isinstance(error, tomllib.TOMLDecodeError) else "括号套得太深"
    return RuleMistake(where, f"TOML 写法有误（{reason}），请检查引号、等号和括号")


def _checked(
    content: dict[str, Any], blocks: Sequence[_Block], mistakes: list[RuleMistake], file: str
) -> RuleTables:
    rules = content.pop("rule", [])
    synonyms = _word_sets(content.pop("synonyms", {}), "synonyms", file, mistakes)
    places = _word_sets(content.pop("places", {}), "places", file, mistakes)
    for key in sorted(set(places) - set(LEVELS)):
        mistakes.append(RuleMistake(file, f"[places] 里不认识 {key}，只能是 {'、'.join(LEVELS)}"))
        del places[key]
    for key in content:
        mistakes.append(RuleMistake(file, f"不认识 {key}，每条规则应写成一个 [[rule]] 表"))
    if not isinstance(rules, list):
        mistakes.append(RuleMistake(file, "规则应写成 [[rule]] 表"))
        rules = []
    tables = []
    for number, rule in enumerate(rules):
        locations = _locations(blocks, number, len(rules), file)
        if isinstance(rule, dict):
            tables.append(RuleTable(rule, locations))
        elif rule is not None:
            mistakes.append(RuleMistake(locations[""], "规则应写成 [[rule]] 表"))
    return RuleTables(tuple(tables), synonyms, places, tuple(mistakes))


def _word_sets(
    written: object, name: str, file: str, mistakes: list[RuleMistake]
) -> dict[str, tuple[str, ...]]:
    if not isinstance(written, Mapping):
        mistakes.append(RuleMistake(file, f"[{name}] 应是一张表，每行写 名称 = [一列词]"))
        return {}
    found = {}
    for key, words in written.items():
        if isinstance(words, list) and words and all(isinstance(w, str) and w.strip() for w in words):
            found[key] = tuple(words)
        else:
            mistakes.append(RuleMistake(file, f"[{name}] 的 {key} 应是方括号里的一列词"))
    return found


def _blocks(text: str) -> Iterator[_Block]:
    starts = [match.start() for match in _HEADER.finditer(text)]
    bounds = [0, *starts, len(text)]
    for start, end in pairwise(bounds):
        yield _Block(text[start:end], text.count("\n", 0, start) + 1)


def _locations(blocks: Sequence[_Block], number: int, rules: int, file: str) -> dict[str, str]:
    """Return where a rule and its keys stand; its number where a header is no header (in a long text)."""
    if len(blocks) - 1 != rules:
        return {"": f"{file} 第 {number + 1} 条"}
    block = blocks[number + 1]
    found = {"": f"{file} 第 {block.line} 行"}
    for match in _KEY.finditer(block.text):
        line = block.line + block.text.count("\n", 0, match.start(1))
        found.setdefault(match[1], f"{file} 第 {line} 行")
    return found
