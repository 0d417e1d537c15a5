"""The files in which the workers of a service count; those of dead workers are added up."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

__all__ = ["add_up", "held"]

log = logging.getLogger("fenban.metrics")

_DEAD = "dead"


@contextmanager
def held(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the folder: readers together, who changes which files there are alone and without waiting.

    Raises
    ------
    BlockingIOError
        If somebody reads whom one would have to wait for.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def add_up(folder: Path, pids: set[int]) -> set[int]:
    """Move what dead workers have counted into one file a kind.

    prometheus_client keeps two files for every worker that ever was, and
    reads them all each time it is asked.

    Parameters
    ----------
    folder : Path
    pids : set of int

    Returns
    -------
    set of int
        Those that are left for another time, because somebody reads just now.
    """
    try:
        with held(folder, alone=True):
            for file in [file for pid in pids for file in folder.glob(f"*_{pid}.db")]:
                _move(file)
    except BlockingIOError:
        return pids
    return set()


def _move(file: Path) -> None:
    total = MmapedDict(str(file.with_name(f"{file.stem.rpartition('_')[0]}_{_DEAD}.db")))  # type: ignore[no-untyped-call]
    try:
        for key, value, at, _ in MmapedDict.read_all_values_from_file(file):  # type: ignore[no-untyped-call]
            before, _ = total.read_value(key)  # type: ignore[no-untyped-call]
            total.write_value(key, before + value, at)  # type: ignore[no-untyped-call]
    except (ValueError, RuntimeError, struct.error) as error:  # killed while it was made
        log.warning("%s can't be read: %s", file.name, type(error).__name__)
    finally:
        total.close()  # type: ignore[no-untyped-call]
        file.unlink()
