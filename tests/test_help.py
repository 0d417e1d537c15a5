from __future__ import annotations

import gettext
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import router

from .commands import fenban, one_sentence, succeeded

COMMANDS = [
    ["init"],
    ["train"],
    ["evaluate"],
    ["suggest"],
    ["rules"],
    ["rules", "check"],
    ["rules", "explain"],
    ["rules", "backtest"],
    ["serve"],
    ["models"],
    ["models", "list"],
    ["models", "show"],
    ["models", "compare"],
    ["models", "promote"],
    ["models", "rollback"],
    ["keys"],
    ["keys", "create"],
    ["keys", "list"],
    ["keys", "revoke"],
    ["users"],
    ["users", "add"],
    ["users", "list"],
    ["users", "password"],
    ["users", "role"],
    ["users", "disable"],
    ["users", "enable"],
    ["export"],
    ["export", "verdicts"],
    ["audit"],
    ["audit", "verify"],
    ["audit", "head"],
    ["backup"],
    ["restore"],
    ["retention"],
    ["doctor"],
]
HELP_BUDGET = 0.5


def test_help_answers_within_half_a_second() -> None:
    script = Path(sys.executable).parent / "fenban"

    def once() -> float:
        started = time.perf_counter()
        subprocess.run([script, "--help"], capture_output=True, check=True)
        return time.perf_counter() - started

    assert min(once() for _ in range(5)) < HELP_BUDGET  # what else the machine does only adds to it


def test_help_lists_every_command() -> None:
    shown = succeeded(fenban("--help")).stdout
    assert all(f"\n  {command[0]} " in shown for command in COMMANDS)


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_in_chinese_and_english(command: list[str], option: str) -> None:
    shown = succeeded(fenban(*command, option)).stdout
    assert re.search(r"[一-鿿]{4,}", shown)
    assert re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", shown.partition("\n\n")[2])


@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
def test_every_option_is_explained(command: list[str]) -> None:
    shown = succeeded(fenban(*command, "--help")).stdout
    options = shown.partition("Options:")[2].partition("Commands:")[0]
    lines = re.split(r"\n  (?=-)", options)[1:]
    assert [line for line in lines if not re.search(r"[一-鿿]", line) and "--help" not in line] == []


def test_the_version_is_told() -> None:
    assert succeeded(fenban("--version")).stdout.startswith("fenban, version ")


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_what_the_library_adds_to_a_help_is_chinese_too(command: list[str]) -> None:
    shown = succeeded(fenban(*command, "--help")).stdout
    assert shown.startswith("用法 · Usage: fenban")
    assert "选项 · Options:" in shown
    assert not re.search(r"Show th|\[default|required\]|\nCommands", shown)


@pytest.mark.parametrize("language", ["C", "en_US.UTF-8", "fr"])
def test_help_does_not_go_by_the_language_of_the_machine(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", language)
    assert fenban("--help").output.startswith("用法")
    assert os.environ["LANGUAGE"] == language
    assert gettext.textdomain() == "messages"


def test_the_messages_were_compiled_after_their_last_change() -> None:
    folder = Path(router.__file__).with_name("locale") / "zh" / "LC_MESSAGES"
    with (folder / "fenban.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pair = r'^msgid "(.+)"\n(?:msgid_plural "(.+)"\n)?msgstr(?:\[0\])? "(.+)"$'
    written = re.findall(pair, (folder / "fenban.po").read_text(encoding="utf-8"), re.MULTILINE)
    for one, several, chinese in [
        [part.replace(r"\n", "\n").replace(r"\t", "\t") for part in row] for row in written
    ]:
        assert (compiled.ngettext(one, several, 1) if several else compiled.gettext(one)) == chinese
    assert len(written) > 30


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["suggests"],
        ["train", "--no-such-option"],
        ["train", "--stores", "x"],
        ["train", "--store"],
        ["export", "verdicts"],
        ["keys", "create", "erp", "--scope", "all"],
        ["suggest"],
        ["suggest", "a.csv", "b.csv"],
        ["evaluate"],
        ["init"],
        ["models", "promote"],
        ["models", "nonsense"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "eighty"],
        ["serve", "--workers", "0"],
        ["serve", "--store", __file__],
        ["suggest", "in.csv", "-o", "out.pdf"],
        ["suggest", "in.csv", "-o", "out"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two_and_no_traceback(arguments: list[str]) -> None:
    result = fenban(*arguments)
    said = one_sentence(result, 2)
    assert re.search(r"[一-鿿]", said.partition("：")[2])
    assert not re.search(r"\b(Error|Try|Missing|Invalid|No such|Got|Usage:(?! fenban))\b", result.stderr)


def test_a_store_or_site_that_is_a_file_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for option in ("--store", "--site"):
        assert fenban("train", option, tmp_path / "file").exit_code == 2


def test_without_a_command_the_help_is_shown() -> None:
    assert "Usage:" in fenban().output


def test_a_terminal_that_knows_no_chinese_gets_the_rest(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    script = Path(sys.executable).parent / "fenban"
    init = [script, "init", tmp_path / "site"]
    shown = subprocess.run(init, env=env, capture_output=True, text=True, check=False)
    assert shown.returncode == 0
    assert "Traceback" not in shown.stderr
