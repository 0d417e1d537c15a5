"""Files that survive a power failure, prepared in folders that are swept after a killed process."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["leftovers", "sync", "sync_tree", "work_folder"]

_WORK = ".fenban-work-"


def sync(path: Path) -> None:
    """Return when a file, or what a folder says is in it, would survive a power failure."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_tree(folder: Path) -> None:
    """Return when a folder and all that is in it would survive a power failure."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """Give a folder that only its owner may read, on the disk where its files go; afterwards it is gone.

    What killed processes have left beside it is removed first. A running one
    holds a lock on its own.

    Parameters
    ----------
    parent : Path

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with work_folder(Path(place)) as mine, work_folder(Path(place)) as other:
    ...         print(mine.is_dir(), other.is_dir(), leftovers(Path(place)))
    ...     print(mine.exists())
    True True []
    False
    """
    for folder in _work_folders(parent):
        with _lock(folder) as free:
            if free:
                shutil.rmtree(folder, ignore_errors=True)
    with _new_folder(parent) as work:
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def leftovers(parent: Path) -> list[Path]:
    """Return the work folders that nobody works in any more."""
    found = []
    for folder in _work_folders(parent):
        with _lock(folder) as free:
            found += [folder] if free else []
    return found


def _work_folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob(f"{_WORK}*") if path.is_dir() and not path.is_symlink())


@contextmanager
def _new_folder(parent: Path) -> Iterator[Path]:
    """Make a folder and hold its lock, where the disk knows locks; one swept meanwhile is made again."""
    while True:
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=parent))
        file = os.open(work, os.O_RDONLY)
        try:
            if _take(file) is not False and work.exists():
                yield work
                return
        finally:
            os.close(file)
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder, and say whether it was to be had."""
    try:
        file = os.open(folder, os.O_RDONLY)
    except OSError:  # gone, or another's
        yield False
        return
    try:
        yield _take(file) is True
    finally:
        os.close(file)


def _take(file: int) -> bool | None:
    """Take a lock; False where another has it, None where the disk knows none."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
