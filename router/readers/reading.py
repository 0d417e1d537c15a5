"""From a file or folder to cases: which reader takes it, and the common door."""

from __future__ import annotations

import io
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from router.errors import FenbanError, InputError, PluginError
from router.interfaces import Reader, ReadNote, ReadProblem
from router.plugins import list_plugins, make_plugin
from router.proposal import Proposal
from router.readers.refusals import refusal
from router.readers.repeated import repeated_numbers
from router.readers.report import Item, ReadReport
from router.readers.screening import Screen

__all__ = [
    "MAX_FILE_BYTES",
    "OnFile",
    "is_clutter",
    "list_files",
    "read_bytes",
    "read_content",
    "read_files",
    "read_path",
]

MAX_FILE_BYTES = 200 * 1024 * 1024

OnFile: TypeAlias = Callable[[Path, int, int], object]

_FALLBACK = "text"  # takes any text, so it is asked last
_CLUTTER = {"thumbs.db", "desktop.ini", "__macosx"}
_log = logging.getLogger("fenban.readers")


def read_path(path: Path, *, on_file: OnFile | None = None) -> ReadReport:
    r"""Read a file, or all files of a folder and its folders.

    Parameters
    ----------
    path : Path
    on_file : callable, optional
        Told of each file before it is read: its path, its number from 1 and
        how many there are.

    Returns
    -------
    ReadReport
        Hidden files and lock files (``~$…``) are among its problems, with
        code ``skipped``.

    Raises
    ------
    InputError
        If `path` doesn't exist.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "来信.txt").write_text("关于修复人民路路面的建议\n路面破损。", encoding="utf-8")
    ...     report = read_path(Path(folder))
    >>> report.proposals[0].title
    '关于修复人民路路面的建议'
    """
    path = Path(path)
    report = ReadReport()
    files = list_files(path)
    if not files:
        report.add(ReadProblem(str(path), "", "文件夹里没有文件", "empty"))
    for number, file in enumerate(files, start=1):
        if on_file:
            on_file(file, number, len(files))
        name = file.name if file == path else file.relative_to(path).as_posix()
        report.extend(_read_file(file, _printable(name)))
    return _with_warnings(report)


def list_files(path: Path) -> list[Path]:
    """List what `read_path` reads, in its order.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        If `path` doesn't exist or can't be listed.
    """
    try:
        if path.is_dir():
            return sorted(file for file in path.rglob("*") if not file.is_dir())
        if path.exists():
            return [path]
    except OSError as error:
        raise InputError(f"无法打开：{error.strerror}", where=str(path)) from error
    raise InputError("没有这个文件或文件夹", where=str(path), hint="请检查路径")


def read_bytes(data: bytes, name: str, *, seconds: float = math.inf) -> ReadReport:
    r"""Read the content of one file, as an upload brings it.

    Parameters
    ----------
    data : bytes
    name : str
        Used in messages; the kind of file is told by the content.
    seconds : float
        After which nothing more is begun: each file of an archive has limits
        of its own, but there may be many. What was read until then is kept.

    Returns
    -------
    ReadReport

    Examples
    --------
    >>> report = read_bytes("案号,案由\n028,关于路灯的建议\n".encode("gb18030"), "台账.csv")
    >>> report.proposals[0].case_id, report.proposals[0].source
    ('028', '台账.csv 第2行')
    """
    return _with_warnings(read_content(data, name, seconds=seconds))


def read_files(files: Iterable[tuple[str, bytes]], *, seconds: float = math.inf) -> ReadReport:
    r"""Read several files, as one upload brings them.

    Parameters
    ----------
    files : iterable of (str, bytes)
        Name and content of each.
    seconds : float
        For all of them; what was read until then is kept.

    Returns
    -------
    ReadReport

    Examples
    --------
    >>> sent = [(f"{n}.csv", f"案由\n关于修复{n}号路灯的建议\n".encode()) for n in (1, 2)]
    >>> [case.source for case in read_files(sent).proposals]
    ['1.csv 第2行', '2.csv 第2行']
    """
    report, until = ReadReport(), time.monotonic() + seconds
    for at, (name, data) in enumerate(files):
        left = until - time.monotonic()
        if at and left <= 0:
            reason = f"前面的文件已读了 {seconds:.0f} 秒，这个文件没有读；请分几次读"
            report.add(ReadProblem(name, "", reason, "unsupported"))
        else:
            report.extend(read_content(data, name, seconds=max(left, 0.0)))
    return _with_warnings(report)


def read_content(data: bytes, name: str, *, seconds: float = math.inf) -> ReadReport:
    """Read one of several files; see `read_bytes`."""
    if len(data) > MAX_FILE_BYTES:
        return _only(_too_large(name, len(data)))
    reader = _reader_for(data, name)
    if reader is None:
        return _only(refusal(data, name))
    screen, report = Screen(name), ReadReport()
    until = time.monotonic() + seconds
    for item in _safely(reader, data, name):
        report.add(screen.proposal(item) if isinstance(item, Proposal) else screen.message(item))
        if time.monotonic() >= until:
            report.add(_too_slow(name, seconds))
            break
    if note := screen.note():
        report.add(note)
    if not report.proposals and not report.problems:
        report.add(ReadProblem(name, "", "文件里没有建议或提案", "empty"))
    return report


def is_clutter(name: str) -> bool:
    """Say whether a file is hidden, a lock or a system's own.

    Examples
    --------
    >>> is_clutter("收件/~$提案.docx"), is_clutter("收件/提案.docx")
    (True, False)
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return any(part.startswith((".", "~$")) or part.lower() in _CLUTTER for part in parts)


def _with_warnings(report: ReadReport) -> ReadReport:
    warnings = [*repeated_numbers(report.proposals), *report.warnings]  # first: many other notes may follow
    report.notes = [*warnings, *(note for note in report.notes if not note.code)]
    return report


def _read_file(file: Path, name: str) -> ReadReport:
    if is_clutter(name):
        return _only(ReadProblem(name, "", "隐藏文件、锁定文件或系统文件，未读", "skipped"))
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            return _only(_too_large(name, size))
        return read_content(file.read_bytes(), name)
    except OSError as error:
        reason = f"文件打不开（{error.strerror}），请检查权限，或是否正被其他程序占用"
        return _only(ReadProblem(name, "", reason, "unreadable"))


def _reader_for(data: bytes, name: str) -> Reader | None:
    names = [info.name for info in list_plugins("readers")]
    for plugin in sorted(names, key=lambda one: one == _FALLBACK):
        reader: Reader = make_plugin("readers", plugin)
        if _accepts(reader, data, name):
            return reader
    return None


def _accepts(reader: Reader, data: bytes, name: str) -> bool:
    try:
        return bool(reader.accepts(data, name))
    except FenbanError:
        raise
    except Exception as error:  # a foreign reader may raise anything; the next one is asked
        _log.warning("%s failed to tell a file: %s", type(reader).__name__, type(error).__name__)
        return False


def _safely(reader: Reader, data: bytes, name: str) -> Iterator[Item]:
    """Keep one broken file from taking the others down with it."""
    try:
        yield from _checked(reader.read(io.BytesIO(data), name), reader)
    except FenbanError:
        raise
    except Exception as error:  # broken files raise whatever the file library happens to
        # The traceback could hold text of the case: only its kind is logged.
        _log.warning("%s failed on a file: %s", type(reader).__name__, type(error).__name__)
        yield ReadProblem(name, "", "文件已损坏或格式不规范，无法读完；请打开后另存一份再读", "unreadable")


def _checked(items: Iterable[object], reader: Reader) -> Iterator[Item]:
    for item in items:
        if not isinstance(item, Proposal | ReadProblem | ReadNote):
            kinds = "Proposal、ReadProblem 或 ReadNote"
            raise PluginError(f"读取插件 {type(reader).__name__} 给出了 {type(item).__name__}，应为 {kinds}")
        yield item


def _too_large(name: str, size: int) -> ReadProblem:
    reason = f"文件有 {size / 2**20:.0f} MB，超过上限 {MAX_FILE_BYTES / 2**20:.0f} MB，未读；请拆成几个文件"
    return ReadProblem(name, "", reason, "unsupported")


def _too_slow(name: str, seconds: float) -> ReadProblem:
    reason = f"已读了 {seconds:.0f} 秒，到此为止，后面若还有就没有读；请拆成几个文件，分几次读"
    return ReadProblem(name, "", reason, "unsupported")


def _only(problem: ReadProblem) -> ReadReport:
    return ReadReport(problems=[problem])


def _printable(name: str) -> str:
    """Give a file name that can be printed, also where it was made on a GBK system."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
