"""What ``fenban suggest`` shows and writes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from router.console import save, say
from router.decision import Decision
from router.errors import OutputError, UsageError
from router.present import ROW_COLUMNS, STATUS_WORDS, decision_line, decision_row, proposal_row
from router.proposal import Proposal
from router.readers import ReadReport
from router.sheets import write_csv, write_workbook
from router.site import Site
from router.text import percent

__all__ = ["check_output", "show", "write"]


def check_output(output: Path | None) -> None:
    """Refuse a target before any work is done for it.

    Raises
    ------
    UsageError
        If its name tells no kind of file that can be written.
    OutputError
        If its folder isn't there.
    """
    if output is None:
        return
    if output.suffix.lower() not in (".xlsx", ".csv", ".jsonl"):
        raise UsageError(
            f"不会写 {output.suffix or '没有扩展名的'} 文件",
            where=str(output),
            hint="请用 .xlsx、.csv 或 .jsonl",
        )
    if not output.resolve().parent.is_dir():
        raise OutputError("目标文件夹不存在", where=str(output.parent), hint="请先建好文件夹")


def show(proposals: Sequence[Proposal], decisions: Sequence[Decision], site: Site) -> None:
    """Print the answers as a table."""
    table = Table(show_lines=True, expand=True)
    for heading, ratio in (
        ("编号", 1),
        ("案由", 3),
        ("意见", 1),
        ("主办", 2),
        ("把握", 1),
        ("会办", 1),
        ("原因", 3),
    ):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for row in _rows(proposals, decisions, site):
        number = row["case_id"] or row["source"]
        lead = f"{row['lead_name']} {row['person']}".strip()
        share = percent(float(row["probability"]))
        status = STATUS_WORDS[row["status"]]
        table.add_row(number, row["title"], status, lead, share, row["co_names"], row["reasons"])
    Console().print(table)


def write(output: Path, report: ReadReport, decisions: Sequence[Decision], site: Site) -> None:
    """Write the answers; of what was there a person's sheet is kept, a program's file is not."""
    rows = _rows(report.proposals, decisions, site)
    if output.suffix.lower() == ".xlsx":
        kept = _old_name(output)
        save(output, _sheet(report, rows, site), keep=kept)
        if kept:
            say(f"原来的 {output} 留作 {kept.name}")
        return
    if output.is_file():
        say(f"覆盖原来的 {output}")
    if output.suffix.lower() == ".csv":
        save(output, _csv(rows))
    else:
        save(output, _json_lines(rows, decisions, site))


def _rows(proposals: Sequence[Proposal], decisions: Sequence[Decision], site: Site) -> list[dict[str, str]]:
    pairs = zip(proposals, decisions, strict=True)
    return [{**decision_row(decision, site), "source": proposal.source} for proposal, decision in pairs]


def _old_name(sheet: Path) -> Path | None:
    """Return where a sheet that is there is kept: somebody may have written into it."""
    if not sheet.is_file() or not sheet.stat().st_size:
        return None
    written = datetime.fromtimestamp(sheet.stat().st_mtime)  # noqa: DTZ006  # the clerk's own time
    stem = f"{sheet.stem}-{written:%Y%m%d-%H%M%S}"
    names = (sheet.resolve().with_name(f"{stem}{f'-{n}' if n > 1 else ''}{sheet.suffix}") for n in count(1))
    return next(name for name in names if not name.exists())


def _sheet(report: ReadReport, rows: list[dict[str, str]], site: Site) -> bytes:
    book = io.BytesIO()
    bureau = site.settings.bureau
    told = [row | proposal_row(proposal) for row, proposal in zip(rows, report.proposals, strict=True)]
    write_workbook(told, report.problems, book, bureau=bureau, notes=report.warnings)
    return book.getvalue()


def _csv(rows: list[dict[str, str]]) -> bytes:
    table = io.StringIO(newline="")
    write_csv(rows, (*ROW_COLUMNS, "source"), table)
    return table.getvalue().encode("utf-8-sig")


def _json_lines(rows: list[dict[str, str]], decisions: Sequence[Decision], site: Site) -> bytes:
    pairs = zip(rows, decisions, strict=True)
    lines = (json.dumps(decision_line(row, d, site), ensure_ascii=False) for row, d in pairs)
    return "".join(f"{line}\n" for line in lines).encode()
