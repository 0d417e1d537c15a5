"""What docs/rules.md tells a clerk to write works as it is printed."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pytest

from router.plugins import get_plugin, list_plugins
from router.rules.building import COMMON_KEYS
from router.rules.checking import check_rules
from router.rules.files import read_rules
from router.rules.sheet_file import COLUMNS
from router.site import Site

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL))
def test_each_example_can_be_copied(site: Site, tmp_path: Path, block: str) -> None:
    (tmp_path / "rules.toml").write_text(block, encoding="utf-8")
    assert check_rules(replace(site, rules=read_rules(tmp_path))).mistakes == ()


def test_the_row_to_begin_with_can_be_copied(site: Site, tmp_path: Path) -> None:
    header, row = (line for line in re.findall(r"^ +\| (.*) \|$", DOCS, re.MULTILINE)[:2])
    lines = (line.replace(" | ", ",") for line in (header, row))
    (tmp_path / "rules.csv").write_text("\n".join(lines), encoding="utf-8")
    check = check_rules(replace(site, rules=read_rules(tmp_path)))
    assert (check.mistakes, check.examples) == ((), 2)


def test_every_kind_and_every_key_is_described() -> None:
    kinds = [get_plugin("rules", info.name) for info in list_plugins("rules")]
    keys = {key for kind in kinds for key in inspect.signature(kind).parameters}
    assert [key for key in {*keys, *COMMON_KEYS} if not re.search(rf"[`\[]{key}[`\]]", DOCS)] == []
    assert all(f"| `{info.name}` |" in DOCS for info in list_plugins("rules"))


def test_every_column_of_the_sheet_is_described() -> None:
    assert all(f"`{names[0]}`" in DOCS for names in COLUMNS.values())
