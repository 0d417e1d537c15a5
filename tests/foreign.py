"""Distributions of other people, found by real entry points in a fresh process."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Foreign:
    """A folder that looks like site-packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, group: str, points: dict[str, str], **modules: str) -> None:
        """Put a distribution there, with entry points of one group and its modules."""
        info = self.folder / f"{name.replace('-', '_')}-1.5.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        lines = [f"[fenban.{group}]", *(f"{point} = {target}" for point, target in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        for module, source in modules.items():
            (self.folder / f"{module}.py").write_text(source, encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process that sees the folder."""
        return {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONIOENCODING": "utf-8", **more}
