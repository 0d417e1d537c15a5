"""A place for files that are made anew when they are missing."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["scratch_folder"]


def scratch_folder(name: str) -> Path:
    """Return a folder that only this user can read, the same one each time: nothing piles up.

    Parameters
    ----------
    name : str
        What it is for.

    Returns
    -------
    Path
        In the system's folder for such files. A new one where somebody else
        has taken the name.

    Examples
    --------
    >>> folder = scratch_folder("example")
    >>> folder == scratch_folder("example")
    True
    >>> folder.rmdir()
    """
    folder = Path(tempfile.gettempdir()) / f"fenban-{os.getuid()}-{name}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix="fenban-"))
