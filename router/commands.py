"""The commands of the router package."""

from __future__ import annotations

from pathlib import Path

import click

from router.console import say
from router.site_files import init_site

__all__ = ["init"]


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """新建站点目录，内容取自示例局。

    Make a new site directory from the sample bureau; then edit its CSV and
    TOML files with Excel or a text editor.
    """
    init_site(directory)
    say(f"已建好站点目录 {directory}。请先改 sections.csv（股室、职责、负责人）和 site.toml（局名、时限）。")
