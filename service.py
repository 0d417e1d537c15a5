"""The composition root: the Flask application and the assembled command line."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click


def _check_one_place() -> None:
    """Refuse to start where another project's package of the same name would answer for ours."""
    here = Path(__file__).resolve().parent
    for name in ("router", "models", "training"):
        spec = find_spec(name)
        place = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if place != here:
            hint = "请把 fenban 装在自己的虚拟环境里，并清空 PYTHONPATH"
            raise SystemExit(f"错误：{name} 来自 {place}，而 service 来自 {here}。{hint}")


try:
    from router.console import (
        FenbanGroup,
        LazyCommand,
        check_target,
        database_option,
        database_url,
        json_option,
        log_options,
        say,
        site_option,
        store_option,
        tell_reading,
    )
    from router.errors import (
        FenbanError,
        InputError,
        StorageError,
        StorageUnavailableError,
        StoreError,
    )
except ImportError:  # nothing of `router` can tell that it isn't ours
    _check_one_place()
    raise

if TYPE_CHECKING:
    from flask import Flask

    from router.decision import Decision
    from router.pipeline import Router
    from router.proposal import Proposal
    from router.readers import ReadReport

__all__ = ["ServiceSettings", "cli", "create_app", "main"]

_BATCH = 500
"""Cases of one upload are compared with each other within so many: more than a year of a city."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ServiceSettings:
    """What a running service is made of.

    Parameters
    ----------
    store : Path
        The model store.
    site : Path or None
        The site directory.
    database : str
        Its URL; empty for a SQLite file beside the store.
    """

    store: Path = Path("store")
    site: Path | None = None
    database: str = ""


def create_app(settings: ServiceSettings) -> Flask:
    """Build the Flask application.

    Parameters
    ----------
    settings : ServiceSettings

    Returns
    -------
    flask.Flask
        It starts without a model too, and says in ``/readyz`` what is missing.
        It belongs to the process that made it: make it after a fork.
    """
    import atexit

    from models.live import LiveEngine
    from router.storage.database import open_database
    from router.web.app import make_app

    database = open_database(database_url(settings.database, settings.store))
    engine = LiveEngine(settings.store, settings.site)
    engine.follow()
    atexit.register(engine.close)
    return make_app(engine, database)


@click.group(
    cls=FenbanGroup,
    lazy={
        "init": LazyCommand("router.commands:init", "新建站点目录 · make a new site directory"),
        "train": LazyCommand("training.commands:train_command", "用往年案件训练 · train from past cases"),
        "evaluate": LazyCommand("training.commands:evaluate_command", "检验模型 · judge a model"),
        "suggest": LazyCommand("service:suggest", "给出分办建议 · suggest who handles each case"),
        "rules": LazyCommand("service:rules", "检查规则、逐条说明 · check and explain rules"),
        "serve": LazyCommand("service:serve", "启动网页和接口 · serve the page and the HTTP interface"),
        "models": LazyCommand("models.commands:models", "查看、启用、退回模型版本 · versions of the model"),
        "keys": LazyCommand("router.storage.access:keys", "接口密钥 · API keys"),
        "users": LazyCommand("router.storage.access:users", "网页账户 · accounts for the pages"),
        "export": LazyCommand("router.storage.commands:export", "导出人的决定 · what people decided"),
        "audit": LazyCommand("router.storage.commands:audit", "核对审计记录 · check the audit log"),
        "backup": LazyCommand("router.storage.commands:backup", "备份 · copy everything into one file"),
        "restore": LazyCommand("router.storage.commands:restore", "从备份恢复 · put a copy back"),
        "doctor": LazyCommand("models.doctor:doctor", "逐项检查安装 · look over the installation"),
        "retention": LazyCommand("router.storage.commands:retention", "删除到期的文字 · remove old texts"),
        "replay": LazyCommand("models.replay:replay", "按当时的模型和规则复算 · give a decision again"),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="fenban", prog_name="fenban", help="显示版本 · show the version")
def cli() -> None:
    """Fenban 分办：建议、提案来了，马上知道该由哪个股室主办。

    Suggests which section should handle a deputy's suggestion or an adviser's
    proposal, and learns it from the bureau's own past cases.
    """


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path, allow_dash=True))
@site_option
@store_option
@click.option("--version", help="用哪个版本，默认启用中的 · which version, the live one by default")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="写到 .xlsx、.csv 或 .jsonl · write to a file"
)
def suggest(source: Path, site: Path | None, store: Path, version: str | None, output: Path | None) -> None:
    """为文件、文件夹或标准输入（-）里的案件给出分办建议。

    Suggest who handles the cases of a file, a folder or standard input (-):
    xlsx, xls, csv, jsonl, docx, html, txt, pdf, zip. Without -o a table is
    shown; with -o a 分办表 is written. An .xlsx that is there is kept under
    another name, a .csv or .jsonl is replaced.
    """
    from models.heap import settle
    from models.store import ModelStore
    from router.answer_table import check_output, show, write
    from router.pipeline import Router
    from router.site_files import load_site

    check_output(output)
    router = Router(ModelStore(store).load(version), load_site(site) if site else None)
    report = _read(source)
    tell_reading(report)
    if not report.proposals:
        raise InputError("没有读到案件", where=str(source), hint="请看上面每个文件的原因")
    settle()
    explain = output is not None and output.suffix.lower() == ".jsonl"  # only JSON shows the words
    decided = _decide(router, report.proposals, explain=explain)
    decisions = list(_with_progress(decided, len(report.proposals)))
    if output is None:
        show(report.proposals, decisions, router.site)
    else:
        write(output, report, decisions, router.site)
        say(f"{len(decisions)} 件的分办建议已写到 {output}，{len(report.problems)} 处未读入")


@click.command()
@site_option
@store_option
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 · address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口 · port")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="进程数 · processes"
)
@log_options
def serve(
    site: Path | None,
    store: Path,
    database: str | None,
    host: str,
    port: int,
    workers: int,
    log_format: str | None,
    log_level: str,
) -> None:
    """启动网页和 HTTP 接口，Ctrl+C 停止。

    Serve the page and the HTTP interface with gunicorn until stopped.
    """
    from router.web.serving import Serving, run

    _check_store(store)
    _check_port(host, port)
    store = store.resolve()
    settings = ServiceSettings(store, site.resolve() if site else None, database_url(database, store))
    _note_database(settings, named=bool(database))
    if host not in _LOOPBACK and not _is_guarded(settings.database):
        say("注意：还没有建立密钥和账户，服务只回答本机；其他机器会收到 403。见 fenban users add --help。")
    say(f"分办服务：http://{host}:{port}/ （{workers} 个进程，Ctrl+C 停止）")
    style = log_format or ("text" if sys.stderr.isatty() else "json")
    serving = Serving(host, port, workers, log_format=style, log_level=log_level)
    shared = ("models.live", "router.web.app")
    run(lambda: create_app(settings), serving, shared, _kept_from_restore(settings))


@click.group(
    cls=FenbanGroup,
    lazy={
        "check": LazyCommand("router.rules.commands:check", "检查规则文件和样例 · check the rule files"),
        "explain": LazyCommand("service:explain", "逐条说明 · what each rule says of a case"),
        "backtest": LazyCommand(
            "training.backtest.command:backtest", "拿往年件试算 · try the rules on past cases"
        ),
    },
)
def rules() -> None:
    """检查分办规则，看它们怎样起作用。

    Check the rules of a site, and see what they do.
    """


@click.command()
@click.argument("case", metavar="CASE")
@site_option
@store_option
@json_option
def explain(case: str, site: Path | None, store: Path, json_file: str | None) -> None:
    """逐条说明规则对一件案件说了什么，主办是怎样一步步定下来的。

    CASE is a file, the title of a case, or - for standard input. Tells what
    every rule says of it, which words or fields that rests on, and how the
    lead comes about.
    """
    from models.store import ModelStore
    from router.pipeline import Router
    from router.rules.commands import show_explanation
    from router.site_files import load_site

    check_target(json_file)
    router = Router(ModelStore(store).load(), load_site(site) if site else None)
    show_explanation(router, _one_case(case), json_file)


def _one_case(case: str) -> Proposal:
    """Return the case of a file or of standard input; a text that is no file is its title."""
    from router.proposal import Proposal

    if case != "-" and not Path(case).exists():
        return Proposal(title=case)
    report = _read(Path(case))
    tell_reading(report)
    if not report.proposals:
        raise InputError("没有读到案件", where=case, hint="请看上面的原因")
    if len(report.proposals) > 1:
        say(f"读到 {len(report.proposals)} 件，只说明第一件")
    return report.proposals[0]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that can't show 股室 still shows the rest
    _check_one_place()
    cli(prog_name="fenban")


def _read(source: Path) -> ReadReport:
    from router.readers import read_bytes, read_path

    if str(source) == "-":
        return read_bytes(sys.stdin.buffer.read(), "标准输入")
    return read_path(source)


def _decide(router: Router, proposals: Sequence[Proposal], *, explain: bool) -> Iterator[Decision]:
    for at in range(0, len(proposals), _BATCH):
        yield from router.suggest_many(proposals[at : at + _BATCH], explain=explain, similar=True)


def _with_progress(decisions: Iterable[Decision], total: int) -> Iterator[Decision]:
    from rich.console import Console
    from rich.progress import track

    return iter(track(decisions, "给出建议", total, console=Console(stderr=True), transient=True))


def _kept_from_restore(settings: ServiceSettings) -> AbstractContextManager[None]:
    """Keep database and store where they are while one of our processes serves from them."""
    from router.storage.database import open_database
    from router.storage.in_use import serving

    return serving(open_database(settings.database, create=False), settings.store)


def _note_database(settings: ServiceSettings, *, named: bool) -> None:
    """Let commands know which database is served; one that nobody named is not to take another's place."""
    from router.storage.database import open_database
    from router.storage.noted import check_noted, note_database

    database = open_database(settings.database, create=False)
    if not named:
        check_noted(database, settings.store, named=False)
    note_database(database, settings.store)


def _is_guarded(url: str) -> bool:
    """Say whether others than this machine may be answered."""
    from router.storage.database import open_database
    from router.storage.guarded import is_guarded

    database = open_database(url, create=False)
    try:
        return is_guarded(database)
    except StorageError as error:  # one that is merely away may well hold keys
        return isinstance(error, StorageUnavailableError)
    finally:
        database.close()


def _check_store(store: Path) -> None:
    """Refuse a folder that was named and isn't there: mistyped, it would become a new store and database."""
    from router.unfinished import check_whole

    check_whole(store)
    named = click.get_current_context().get_parameter_source("store")
    if named is not click.core.ParameterSource.DEFAULT and not store.is_dir():
        raise StoreError(
            "没有这个模型库目录，没有启动",
            where=str(store),
            hint="请核对 --store；还没有模型的，先用同一个 --store 运行 fenban train，或建好这个空目录",
        )


def _check_port(host: str, port: int) -> None:
    """Say in one sentence that a port is taken, before gunicorn does in ten lines."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise FenbanError(
                f"端口 {port} 用不了：{error.strerror}", where=host, hint="请用 --port 换一个端口"
            ) from error


if __name__ == "__main__":
    main()
