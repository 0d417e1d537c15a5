from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.reporting import Table, command_line, write_part

TABLE = Table("Speed", ["", "cases/s"], [["one", "1"], ["two", "2"]])


def test_numbers_stand_on_the_right() -> None:
    assert TABLE.markdown() == "**Speed**\n\n|  | cases/s |\n| --- | ---: |\n| one | 1 |\n| two | 2 |"


def test_a_part_is_appended_then_replaced(tmp_path: Path) -> None:
    file = tmp_path / "doc.md"
    file.write_text("# Title\n", encoding="utf-8")
    write_part(file, "first", "old \\1")
    write_part(file, "second", "stays")
    write_part(file, "first", "new \\1")
    content = file.read_text(encoding="utf-8")
    assert content.startswith("# Title\n\n<!-- first")
    assert "old" not in content
    assert content.index("new \\1") < content.index("stays")


def test_the_command_tells_of_foreign_files_only_that_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        "accuracy.py",
        str(tmp_path),
        "--few",
        "100",
        "--markdown",
        "out.md",
        "--json=out.json",
        "--plots",
        "a",
    ]
    monkeypatch.setattr(sys, "argv", words)
    assert command_line() == "python benchmarks/accuracy.py FOLDER --few 100"
