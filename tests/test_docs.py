"""What the documentation tells to type and where it leads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .test_help import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
STORED = re.compile(r"\bfenban (?:users|keys|audit|export|retention|backup|restore|replay) [a-z/]")


def typed(page: Path) -> list[str]:
    """Return the lines of the code blocks of a page."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    shell = [text.replace("\\\n", "") for kind, text in blocks if kind in ("", "sh")]
    return [line for text in shell for line in text.splitlines()]


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are called in links."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_commands_md_lists_every_command() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    table = "\n".join(re.findall(r"^\| \[.*$", text, re.M))
    assert {words[0] for words in COMMANDS} - set(re.findall(r"`(\w+)`", table)) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_example_says_which_database_it_is_about(page: Path) -> None:
    asked = [line for line in typed(page) if STORED.search(line) and not line.startswith("错误")]
    assert [line for line in asked if "--store" not in line and "--database" not in line] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for name, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), name
        if anchor:
            assert anchor in anchors(target), f"{target.name}#{anchor}"
