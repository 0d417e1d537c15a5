"""Small disks of their own for a database that is to be harmed; mounting them takes root."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["FileDisk", "NoDiskError", "memory_disk"]

_MEGABYTES = 128
"""A service calls itself ready where 50 are free."""
_PATIENCE = 60.0


class NoDiskError(OSError):
    """A disk of our own can't be had here."""


@contextmanager
def memory_disk(place: Path) -> Iterator[Path]:
    """Mount a disk in memory.

    Raises
    ------
    NoDiskError
    """
    with _or_none_at_all():
        place.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", place)
    try:
        yield place
    finally:
        _run("umount", "--lazy", place)


class FileDisk:
    """A disk in a file: unlike one in memory it can fail while files on it are open.

    Parameters
    ----------
    place : Path
        Where it is mounted when it is entered; the file lies beside.

    Raises
    ------
    NoDiskError
    """

    def __init__(self, place: Path) -> None:
        self.place, self._image = place, place.with_suffix(".image")

    def __enter__(self) -> FileDisk:
        with _or_none_at_all():
            self.place.mkdir()
            with self._image.open("wb") as file:
                file.truncate(_MEGABYTES * 1024 * 1024)
            _run("mkfs.ext4", "-q", "-F", self._image)
            _run("mount", "-o", "loop", self._image, self.place)
        return self

    def __exit__(self, *_: object) -> None:
        _run("umount", "--lazy", self.place)

    def fail(self) -> None:
        """Do what the kernel does when the disk under it fails: nothing can be written from now on."""
        self._remount("abort")

    def come_up_read_only(self) -> None:
        """Mount it as after a start of the machine; nobody may have a file of it open."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                _run("umount", self.place)
                break
            except subprocess.CalledProcessError:  # who was killed is not quite gone
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        _run("mount", "-o", "loop", self._image, self.place)
        self._remount("ro")

    def mend(self) -> None:
        """Let it be written again."""
        self._remount("rw")

    def _remount(self, option: str) -> None:
        _run("mount", "-o", f"remount,{option}", self.place)


def _run(*words: object) -> None:
    subprocess.run(list(map(str, words)), capture_output=True, check=True)


@contextmanager
def _or_none_at_all() -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoDiskError("a small disk can't be mounted here; that takes root") from error
