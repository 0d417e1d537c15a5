"""One file that holds a whole installation: the database, the model store and the site.

It is a plain tar. Its last member, ``manifest.json``, tells the size and the
SHA-256 of every other one, so that an archive that was cut or changed is
refused before anything is replaced.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from router.errors import StorageError
from router.storage.backup import Restored, back_up, new_file, on_disk, put_aside, restore
from router.storage.database import Database
from router.storage.sqlite import Sqlite

__all__ = ["DATABASE", "SITE", "STORE", "Returned", "pack", "unpack"]

DATABASE, STORE, SITE = "database", "store", "site"
"""The parts of an archive."""

_FORMAT = 1
_MANIFEST = "manifest.json"
_FIRST = ("live", "history.jsonl")
"""A store's pointer and history are read before the versions they name, which are only ever added."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Returned:
    """What was put back from an archive.

    Parameters
    ----------
    created : str
        When the archive was made, ISO.
    parts : tuple of str
    database : Restored or None
    kept : tuple of Path
        Where what was there before lies now.
    """

    created: str
    parts: tuple[str, ...]
    database: Restored | None
    kept: tuple[Path, ...]


@dataclass(slots=True)
class _Manifest:
    created: str
    parts: list[str] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


class _Counted(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def pack(target: Path, database: Database, folders: Mapping[str, Path], now: datetime) -> tuple[str, ...]:
    """Write an archive, as things are at this moment; the service may go on.

    Parameters
    ----------
    target : Path
        A new file.
    database : Database
        Left out where it is PostgreSQL, which brings its own tool.
    folders : mapping of str to Path
        The folder of each other part.
    now : datetime

    Returns
    -------
    tuple of str
        The parts that are in it.

    Raises
    ------
    OutputError
        If the file is there already or can't be written.
    """
    manifest = _Manifest(now.isoformat(timespec="seconds"))
    with (
        new_file(target) as fresh,
        tempfile.TemporaryDirectory(prefix=".fenban-", dir=target.parent) as work,
        tarfile.open(fresh, "w") as archive,
    ):
        if isinstance(database.backend, Sqlite):
            copy = Path(work) / "fenban.db"
            back_up(database, copy)
            manifest.parts.append(DATABASE)
            _add(archive, manifest, copy, f"{DATABASE}/fenban.db")
        for part, folder in folders.items():
            manifest.parts.append(part)
            for file in _files(folder):
                _add(archive, manifest, file, f"{part}/{file.relative_to(folder).as_posix()}")
        _add_manifest(archive, manifest)
    return tuple(manifest.parts)


def unpack(source: Path, database: Database, folders: Mapping[str, Path], now: datetime) -> Returned:
    """Put everything of an archive in its place, once all of it is seen to be sound.

    Parameters
    ----------
    source : Path
    database : Database
        Not in use by anybody.
    folders : mapping of str to Path
        Where the folder of each part goes, the store's at least; what is
        there now is kept beside it.
    now : datetime

    Returns
    -------
    Returned

    Raises
    ------
    StorageError
        If the archive is damaged, a service still runs, or it isn't said where a part goes.
    """
    if not source.is_file():
        raise StorageError("没有这个备份文件", where=str(source))
    homes = {part: folder.absolute() for part, folder in folders.items()}
    places = {**homes, DATABASE: homes[STORE].with_name("database")}  # it comes beside the store first
    with on_disk(source), _beside(places) as fresh:
        manifest = _extract(source, fresh)
        restored, kept = None, []
        if DATABASE in manifest.parts:
            restored = restore(fresh[DATABASE] / "fenban.db", database, now)
            kept += [restored.kept] if restored.kept else []
        for part in (part for part in manifest.parts if part != DATABASE):
            kept += _replace(homes[part], fresh[part], now)
    return Returned(manifest.created, tuple(manifest.parts), restored, tuple(kept))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder; what is hidden is being written or somebody's lock."""
    first = [folder / name for name in _FIRST if (folder / name).is_file()]
    yield from first
    for path in sorted(folder.rglob("*")):
        hidden = any(name.startswith(".") for name in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path not in first:
            yield path


def _add(archive: tarfile.TarFile, manifest: _Manifest, path: Path, name: str) -> None:
    with path.open("rb") as file:
        told = os.fstat(file.fileno())
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = told.st_size, int(told.st_mtime), 0o600
        counted = _Counted(file)
        archive.addfile(member, counted)
    manifest.files[name] = {"size": told.st_size, "sha256": counted.digest.hexdigest()}


def _add_manifest(archive: tarfile.TarFile, manifest: _Manifest) -> None:
    told = {
        "format": _FORMAT,
        "created": manifest.created,
        "parts": manifest.parts,
        "files": manifest.files,
    }
    content = json.dumps(told, ensure_ascii=False, indent=1).encode()
    member = tarfile.TarInfo(_MANIFEST)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def _extract(source: Path, fresh: Mapping[str, Path]) -> _Manifest:
    """Write the files of an archive below `fresh`, and see that they are those that were packed."""
    found: dict[str, dict[str, Any]] = {}
    told: Any = None
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    raise _damaged(source)
                if member.name == _MANIFEST:
                    told = json.load(content)
                else:
                    target = _target(source, member.name, fresh)
                    found[member.name] = {"size": member.size, "sha256": _write(content, target)}
    except (tarfile.TarError, ValueError) as error:
        raise _damaged(source) from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT or told.get("files") != found:
        raise _damaged(source)
    return _Manifest(told["created"], told["parts"], found)


def _target(source: Path, name: str, fresh: Mapping[str, Path]) -> Path:
    """Return where a member goes, never outside of its part's folder."""
    part, *rest = PurePosixPath(name).parts
    if not rest or ".." in rest or PurePosixPath(name).is_absolute() or part not in (DATABASE, STORE, SITE):
        raise _damaged(source)
    if part not in fresh:
        hint = f"请用 --{part} 指明放到哪里"
        raise StorageError(f"备份里有 {part} 这一部分，不知道放到哪里", where=str(source), hint=hint)
    return fresh[part].joinpath(*rest)


def _write(content: IO[bytes], target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


@contextmanager
def _beside(homes: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """Make an empty folder beside each place, on the same disk; those left over are removed."""
    made: dict[str, Path] = {}
    try:
        for part, home in homes.items():
            home.parent.mkdir(parents=True, exist_ok=True)
            made[part] = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
        yield made
    finally:
        for folder in made.values():
            shutil.rmtree(folder, ignore_errors=True)


def _replace(home: Path, fresh: Path, now: datetime) -> list[Path]:
    """Put a folder in its place, readable to the same people; return where the one before lies now."""
    kept = []
    if home.exists():  # where there was none, the new one is for its owner only, as mkdtemp made it
        fresh.chmod(stat.S_IMODE(home.stat().st_mode))
        kept = [put_aside(home, now)]
    fresh.rename(home)
    return kept


def _damaged(source: Path) -> StorageError:
    return StorageError("备份文件损坏，或者不是 fenban 的备份", where=str(source), hint="请换一份备份")
