"""fenban.sh, run for real but for the installing: that would need a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.service_process import Server, free_port
from router.site_files import sample_site

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def place(tmp_path: Path, described_store: Path) -> Path:
    """Return a folder in which everything is installed and trained, with a site that has no inbox."""
    shutil.copy(ROOT / "fenban.sh", tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    python = f'exec {sys.executable} -W ignore "$@"'
    (programs / "python").write_text(f'#!/bin/sh\n[ "$2" = pip ] && exit 0\n{python}\n')
    (programs / "fenban").write_text(f'#!/bin/sh\nexec {sys.executable} -W ignore -m service "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    shutil.copytree(sample_site(), tmp_path / "var" / "site", ignore=shutil.ignore_patterns("cases", "inbox"))
    shutil.copytree(described_store, tmp_path / "var" / "store")
    return tmp_path


def script(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(place / "fenban.sh"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def done_before_serving(place: Path) -> str:
    """Run it on a port that is none, and return what it said until then."""
    told = script(place, "run", "--port", "none")
    assert told.returncode == 2
    return told.stderr


def served(place: Path) -> str:
    """Run it until it serves, and return what it said."""
    port = free_port()
    command = ["sh", str(place / "fenban.sh"), "run", "--port", str(port)]
    with Server(command, port, place / "log"):
        pass
    said = (place / "log").read_text(encoding="utf-8")
    (place / "log").unlink()
    return said


def test_what_can_be_done_is_told(place: Path) -> None:
    for words in (["--help"], ["-h"], ["run", "--help"]):
        told = script(place, *words)
        assert (told.returncode, told.stderr) == (0, "")
        assert all(f"sh fenban.sh {action}" in told.stdout for action in ("run", "install", "test", "wheels"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve"], "不认识的动作 serve"),
        (["run", "--port"], "--port 后面要写明"),
        (["run", "--wheels"], "--wheels 后面要写明"),
        (["run", "--wheels", "none"], "没有这个目录：none"),
        (["run", "--prot", "1"], "不认识的参数 --prot"),
        (["wheels"], "请写出放 wheel 安装包的目录"),
    ],
)
def test_a_wrong_command_is_told_in_one_sentence(place: Path, words: list[str], said: str) -> None:
    result = script(place, *words)
    assert result.returncode == 1
    assert result.stderr.startswith("错误：")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_upgrade_installs_and_starts_nothing(place: Path) -> None:
    assert script(place, "install").returncode == 0


def test_without_an_inbox_it_serves_all_the_same(place: Path) -> None:
    assert "没有来件" in done_before_serving(place)
    (place / "var" / "site" / "inbox").mkdir()
    assert "没有来件" in done_before_serving(place)
    (place / "var" / "site" / "inbox" / "x.txt").write_bytes(b"")
    assert "没有做成" in served(place)
    assert not (place / "var" / "分办表.xlsx").exists()


def test_a_table_that_was_written_into_is_left_alone(place: Path) -> None:
    inbox, table = place / "var" / "site" / "inbox", place / "var" / "分办表.xlsx"
    inbox.mkdir()
    (inbox / "灯.txt").write_text("关于修复文昌街路灯的建议\n\n路灯坏了半年，请尽快维修。", encoding="utf-8")
    assert "1 件的分办建议已写到" in done_before_serving(place)
    table.write_bytes(b"written into by hand")
    assert "没有重做" in done_before_serving(place)
    assert table.read_bytes() == b"written into by hand"
