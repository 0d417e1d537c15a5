"""What the commands share: loading them late, saying errors in one sentence, writing JSON."""

from __future__ import annotations

import gettext
import importlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from router.errors import FenbanError, OutputError
from router.logs import FORMATS, LEVELS

if TYPE_CHECKING:
    from router.readers import ReadReport

__all__ = [
    "FenbanGroup",
    "LazyCommand",
    "check_target",
    "database_option",
    "database_url",
    "json_option",
    "log_options",
    "save",
    "saving",
    "say",
    "site_option",
    "store_option",
    "tell_reading",
    "write_json",
]


_SHOWN = 20


class LazyCommand(NamedTuple):
    """Where a command is, and the line ``--help`` shows before it is imported."""

    target: str
    summary: str


class FenbanGroup(click.Group):
    """A group that imports a command only when it is called.

    Parameters
    ----------
    lazy : mapping of str to LazyCommand
    """

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order they are declared."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command called `cmd_name`."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name].target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        if not self._lazy:
            super().format_commands(ctx, formatter)
            return
        with formatter.section("命令 · Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in self._lazy.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; what click itself has to say is said in Chinese."""
        with _in_chinese():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours becomes one sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except FenbanError as error:
            click.echo(f"错误：{error}", err=True)
            raise SystemExit(error.exit_code) from error


def say(text: str) -> None:
    """Tell a person how the work goes, on stderr, so that stdout stays for results."""
    click.echo(text, err=True)


def tell_reading(report: ReadReport) -> None:
    """Tell what was read, and what was not and why."""
    for note in report.notes[:_SHOWN]:
        place = " ".join(filter(None, ("请核对" if note.code else "读入", note.source, note.where)))
        say(f"{place}：{note.text}")
    if len(report.notes) > _SHOWN:
        say(f"……另有 {len(report.notes) - _SHOWN} 条说明")
    for problem in report.problems[:_SHOWN]:
        say(f"未读入 {' '.join(filter(None, (problem.source, problem.where)))}：{problem.reason}")
    if len(report.problems) > _SHOWN:
        say(f"……另有 {len(report.problems) - _SHOWN} 处未读入")


def check_target(target: str | None) -> None:
    """Refuse a file for JSON that can't be written, before any work is done for it.

    Raises
    ------
    OutputError
        If its folder doesn't exist.
    """
    if target and target != "-" and not Path(target).resolve().parent.is_dir():
        raise OutputError("目标文件夹不存在", where=target, hint="请先建好文件夹")


def write_json(value: object, target: str) -> None:
    """Write JSON for a program to `target`, ``-`` meaning stdout.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        save(Path(target), text.encode())


def save(target: Path, content: bytes, *, keep: Path | None = None) -> None:
    """Write a result whole or not at all: a full disk doesn't cost the file that was there.

    Parameters
    ----------
    target : Path
    content : bytes
    keep : Path, optional
        Where the file that was there goes; without it, it is gone.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    with saving(target, keep=keep) as file:
        file.write(content)


@contextmanager
def saving(target: Path, *, keep: Path | None = None) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `target` when all is written; see `save`."""
    try:
        if target.exists() and not target.is_file():  # /dev/stdout, a pipe
            with target.open("wb") as file:
                yield file
        else:
            with _replacing(target.resolve(), keep) as file:
                yield file
    except OSError as error:
        hint = "文件可能正被打开，或磁盘已满"
        raise OutputError(f"无法写入：{error.strerror}", where=str(target), hint=hint) from error


def database_url(database: str | None, store: Path) -> str:
    """Return which database is meant: the one named, else a file beside the model store.

    Examples
    --------
    >>> database_url(None, Path("var/store"))
    'sqlite:///var/fenban.db'
    """
    return database or f"sqlite:///{store.parent / 'fenban.db'}"


@contextmanager
def _in_chinese() -> Iterator[None]:
    """Let click, which asks gettext, find our words whatever the language of the machine."""
    domain, language = gettext.textdomain(), os.environ.get("LANGUAGE")
    gettext.bindtextdomain("fenban", str(Path(__file__).with_name("locale")))
    gettext.textdomain("fenban")
    os.environ["LANGUAGE"] = "zh"
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if language is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = language


@contextmanager
def _replacing(target: Path, keep: Path | None) -> Iterator[BinaryIO]:
    fresh = target.with_name(f".fenban-{os.getpid()}")
    fresh.unlink(missing_ok=True)  # of a killed process with our number
    try:
        with fresh.open("xb") as file:  # never through a link that somebody laid there
            yield file
        if target.exists():
            shutil.copymode(target, fresh)
            if keep:
                target.rename(keep)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


site_option = click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False),
    help="站点目录（股室、主题、规则）· site directory",
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("store"),
    show_default=True,
    envvar="FENBAN_STORE",
    help="模型库目录 · model store",
)
database_option = click.option(
    "--database",
    envvar="FENBAN_DATABASE",
    metavar="URL",
    help="数据库，默认为模型库旁边的 fenban.db · database, fenban.db beside the store by default",
)


def log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a serving command may be told of its log."""
    style = click.option(
        "--log-format",
        type=click.Choice(FORMATS),
        envvar="FENBAN_LOG_FORMAT",
        help="日志写法，默认终端上为 text，否则为 json · how log lines are written",
    )
    level = click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        default="info",
        show_default=True,
        envvar="FENBAN_LOG_LEVEL",
        help="写哪些日志 · which log lines are written",
    )
    return style(level(command))


json_option = click.option(
    "--json", "json_file", metavar="FILE", help="结果写成 JSON，- 为标准输出 · write JSON"
)
