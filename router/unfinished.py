"""Marks beside what is being put back, so that nobody works with one half of it after a power failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.disk import sync
from router.errors import StorageError

__all__ = ["check_whole", "replacing_all"]


def check_whole(place: Path) -> None:
    """Refuse a model store or database that a restore has not finished with.

    Parameters
    ----------
    place : Path

    Raises
    ------
    StorageError
        If it has a mark.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Path(folder, "store")
    ...     with replacing_all(store):
    ...         check_whole(store)
    Traceback (most recent call last):
    router.errors.StorageError: ...：恢复没有做完。请再运行一次 fenban restore 备份文件
    """
    if _mark(place).exists():
        hint = "请再运行一次 fenban restore 备份文件"
        raise StorageError("恢复没有做完", where=str(place), hint=hint)


@contextmanager
def replacing_all(*places: Path) -> Iterator[None]:
    """Mark places on the disk until all that the block replaces is there.

    A block that breaks off leaves its marks, but for a StorageError: that
    refuses before anything was replaced.

    Parameters
    ----------
    *places : Path
    """
    marks = [_mark(place) for place in places]
    new = [mark for mark in marks if not mark.exists()]
    try:
        for mark in marks:
            os.close(os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600))
            sync(mark.parent)
    except OSError:
        _remove(new)
        raise
    try:
        yield
    except StorageError:
        _remove(new)
        raise
    _remove(marks)


def _mark(place: Path) -> Path:
    place = place.absolute()
    return place.with_name(f".{place.name}-restoring")


def _remove(marks: list[Path]) -> None:
    for mark in marks:
        mark.unlink(missing_ok=True)
        sync(mark.parent)
