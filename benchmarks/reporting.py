"""What the benchmarks share: tables on the screen and in the docs, and what they were made on."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import rich.table
from rich.console import Console

__all__ = ["Plot", "Report", "Table", "made_on", "write_part"]

_ROOT = Path(__file__).resolve().parent.parent
_WIDE = 150
_LIBRARIES = ("numpy", "scikit-learn", "jieba", "rjieba")
_OUTPUTS = ("--markdown", "--json", "--part", "--plots")


@dataclass(frozen=True)
class Table:
    """One table of figures.

    Parameters
    ----------
    title : str
    columns : sequence of str
    rows : sequence of sequence of str
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Return it as Markdown, numbers to the right."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"**{self.title}**\n\n{table}"

    def rich(self) -> rich.table.Table:
        """Return it for a terminal."""
        shown = rich.table.Table(title=self.title, title_justify="left")
        for at, column in enumerate(self.columns):
            shown.add_column(column, justify="right" if at else "left", no_wrap=True)
        for row in self.rows:
            shown.add_row(*row)
        return shown


@dataclass(frozen=True)
class Plot:
    """One picture.

    Parameters
    ----------
    name : str
        Of the file, without suffix.
    title : str
        What it shows, for who can't see it.
    svg : str
    """

    name: str
    title: str
    svg: str


@dataclass(frozen=True)
class Report:
    """Tables, plots and figures of one run, and where to put them.

    Parameters
    ----------
    tables : sequence of Table
    figures : dict
        The same for programs.
    notes : str
        How to read the tables; the docs say it once for all of them.
    plots : sequence of Plot
    """

    tables: Sequence[Table]
    figures: dict[str, Any]
    notes: str
    plots: Sequence[Plot] = ()

    def publish(
        self, markdown: Path | None, part: str, json_file: Path | None, plots: Path | None = None
    ) -> None:
        """Show the tables, and write the files that were asked for.

        Plots go into the folder `plots`, else into ``images`` beside the
        Markdown file, which shows them.
        """
        console = Console()
        console = console if console.is_terminal else Console(width=_WIDE)
        for table in self.tables:
            console.print(table.rich())
        console.print(f"{self.notes}\n{_made()}", highlight=False)
        folder = plots or (markdown.parent / "images" if markdown else None)
        drawn = self._draw(folder, part) if folder else {}
        if markdown:
            pictures = [
                f"![{title}]({Path(os.path.relpath(file, markdown.parent)).as_posix()})"
                for file, title in drawn.items()
            ]
            shown = [*(table.markdown() for table in self.tables), *pictures, _made()]
            write_part(markdown, part, "\n\n".join(shown))
        if json_file:
            known = {**made_on(), "command": command_line(), **self.figures}
            tables = [asdict(table) for table in self.tables]
            content = json.dumps({**known, "tables": tables}, ensure_ascii=False, indent=1)
            json_file.write_text(f"{content}\n", encoding="utf-8")

    def _draw(self, folder: Path, part: str) -> dict[Path, str]:
        """Write the plots; return what each file shows."""
        files = {folder / f"{part}-{plot.name}.svg": plot for plot in self.plots}
        if files:
            folder.mkdir(parents=True, exist_ok=True)
        for file, plot in files.items():
            file.write_text(f"{plot.svg}\n", encoding="utf-8")
        return {file: plot.title for file, plot in files.items()}


def made_on() -> dict[str, str]:
    """Say when and on what kind of machine figures are made."""
    found = {"date": datetime.now(UTC).date().isoformat(), "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return {**found, "machine": f"{os.cpu_count()} cores {platform.machine()}"}


def command_line() -> str:
    """Return the command of this run; of files outside the project only that they are files."""
    shown: list[str] = []
    given = iter(sys.argv[1:])
    for word in given:
        if word in _OUTPUTS:
            next(given, None)
        elif not word.startswith(tuple(f"{option}=" for option in _OUTPUTS)):
            shown.append(_shown(word))
    return " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *shown])


def write_part(file: Path, part: str, text: str) -> None:
    """Put `text` between the marks of `part` in a Markdown file, at its end where there are none."""
    begin, end = f"<!-- {part}: made by the command below, not typed -->", f"<!-- /{part} -->"
    content = file.read_text(encoding="utf-8") if file.exists() else ""
    made = f"{begin}\n\n{text}\n\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(content):
        content = pattern.sub(lambda _: made, content)
    else:
        content = f"{content.rstrip()}\n\n{made}\n".lstrip()
    file.write_text(content, encoding="utf-8")


def _made() -> str:
    known = made_on()
    libraries = ", ".join(f"{name} {known[name]}" for name in ("python", *_LIBRARIES))
    return f"`{command_line()}` on {known['date']}, {known['machine']}, {libraries}"


def _shown(word: str) -> str:
    path = Path(word)
    if path.exists() and not path.resolve().is_relative_to(_ROOT):
        return "FOLDER" if path.is_dir() else "FILE"
    return f'"{word}"' if re.search(r"[\s']", word) else word
