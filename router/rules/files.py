"""Reading the rule files of a site: all of them, with all their mistakes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from router.rule_tables import RuleMistake, RuleTable, RuleTables
from router.rules.sheet_file import read_csv_rules, read_xlsx_rules
from router.rules.toml_file import read_toml_rules

__all__ = ["RULE_FILES", "read_rules", "rules_digest"]

_READERS: Mapping[str, Callable[[Path], RuleTables]] = {
    "rules.toml": read_toml_rules,
    "rules.csv": read_csv_rules,
    "rules.xlsx": read_xlsx_rules,
}
RULE_FILES = tuple(_READERS)
"""The rules of a site are those of all these files together."""

MOST_BYTES = 5 * 1024 * 1024


def read_rules(directory: Path) -> RuleTables:
    """Read the rules of a site directory; what is wrong with a file is told, not raised.

    Parameters
    ----------
    directory : Path

    Returns
    -------
    RuleTables
    """
    tables: list[RuleTable] = []
    mistakes: list[RuleMistake] = []
    synonyms: dict[str, tuple[str, ...]] = {}
    places: dict[str, tuple[str, ...]] = {}
    for name, read in _READERS.items():
        path = directory / name
        if not path.is_file():
            continue
        found = _read(path, read)
        tables += found.tables
        mistakes += found.mistakes
        synonyms |= found.synonyms
        places |= found.places
    return RuleTables(tuple(tables), synonyms, places, tuple(mistakes))


def _read(path: Path, read: Callable[[Path], RuleTables]) -> RuleTables:
    try:
        if path.stat().st_size > MOST_BYTES:
            return RuleTables(mistakes=(RuleMistake(path.name, "文件超过 5 MB，不像是规则"),))
        return read(path)
    except OSError as error:
        return RuleTables(mistakes=(RuleMistake(path.name, f"无法读取：{error.strerror}"),))


def rules_digest(directory: Path) -> str:
    """Return the hash of the rule files, the same for the same content."""
    digest = hashlib.sha256()
    for name in RULE_FILES:
        path = directory / name
        try:
            content = path.read_bytes()
        except OSError:
            content = b""
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
