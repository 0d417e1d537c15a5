from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from router.console import FenbanGroup, LazyCommand, save, write_json
from router.errors import InputError, OutputError, UsageError


@click.command()
def hello() -> None:
    click.echo("您好")


@pytest.mark.parametrize(("error", "exit_code"), [(InputError("读不出"), 1), (UsageError("写错了"), 2)])
def test_an_error_of_ours_becomes_one_sentence_and_an_exit_code(error: Exception, exit_code: int) -> None:
    @click.group(cls=FenbanGroup)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(group, ["fail"])
    assert (result.exit_code, result.stderr) == (exit_code, f"错误：{error}\n")


def test_an_error_that_is_not_ours_is_not_hidden() -> None:
    @click.group(cls=FenbanGroup)
    def group() -> None: ...

    @group.command()
    def fail() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(group, ["fail"]).exception, ZeroDivisionError)


def test_a_command_is_imported_only_when_it_is_called() -> None:
    lazy = {
        "gone": LazyCommand("no.such.module:command", "说明 · summary"),
        "hello": LazyCommand(f"{__name__}:hello", "问好 · hello"),
    }

    @click.group(cls=FenbanGroup, lazy=lazy)
    def group() -> None: ...

    shown = CliRunner().invoke(group, ["--help"])
    assert "说明 · summary" in shown.stdout
    assert shown.stdout.index("gone") < shown.stdout.index("hello")
    assert CliRunner().invoke(group, ["hello"]).stdout == "您好\n"
    assert isinstance(CliRunner().invoke(group, ["gone"]).exception, ModuleNotFoundError)


def test_json_is_chinese_and_ends_with_a_line_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json({"股室": ["路灯"]}, str(tmp_path / "o.json"))
    write_json({"股室": ["路灯"]}, "-")
    written = (tmp_path / "o.json").read_text(encoding="utf-8")
    assert written == capsys.readouterr().out
    assert "路灯" in written
    assert json.loads(written) == {"股室": ["路灯"]}
    assert written.endswith("}\n")


def test_a_result_is_written_whole_and_keeps_the_mode_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "表.csv"
    target.write_bytes(b"old, and longer")
    target.chmod(0o640)
    save(target, b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["表.csv"]


def test_a_result_may_go_into_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save(pipe, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)


def test_a_very_long_file_name_is_no_obstacle(tmp_path: Path) -> None:
    target = tmp_path / ("分" * 84 + ".x")
    save(target, b"x")
    assert target.read_bytes() == b"x"


def test_what_cannot_be_written_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none/o\.json：无法写入"):
        save(tmp_path / "none" / "o.json", b"")
