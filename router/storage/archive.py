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
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from router.disk import sync, sync_tree, work_folder
from router.errors import StorageError
from router.storage.backup import Restored, copy_database, new_file, on_disk, put_aside, staged
from router.storage.database import Database
from router.storage.sqlite import Sqlite
from router.unfinished import check_whole, replacing_all

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
    StorageError
        If a restore has not finished.
    """
    check_whole(folders[STORE])
    if isinstance(database.backend, Sqlite):
        database.prepare()  # outside of `new_file`: its errors aren't the new file's
    manifest = _Manifest(now.isoformat(timespec="seconds"))
    with new_file(target) as fresh, tarfile.open(fresh, "w") as archive:
        if isinstance(database.backend, Sqlite):
            copy = fresh.with_name(f"{fresh.name}.db")
            copy_database(database, copy)
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
    backend = database.backend
    homes[DATABASE] = backend.path if isinstance(backend, Sqlite) else homes[STORE]
    with ExitStack() as held:
        fresh = held.enter_context(_beside(homes))
        manifest = _extract(source, fresh, homes)
        copy, marked, restored, kept = None, [homes[STORE]], None, []
        if DATABASE in manifest.parts:
            copy = held.enter_context(staged(fresh[DATABASE] / "fenban.db", database))
            marked.append(copy.home)
        held.enter_context(on_disk(homes[STORE]))
        held.enter_context(replacing_all(*marked))
        if copy:
            restored = copy.put_in_place(now)
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


def _extract(source: Path, fresh: Mapping[str, Path], homes: Mapping[str, Path]) -> _Manifest:
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
                    part, target = _target(source, member.name, fresh)
                    with on_disk(homes[part]):
                        digest = _write(_pieces(content, source), target)
                    found[member.name] = {"size": member.size, "sha256": digest}
    except (tarfile.TarError, ValueError) as error:
        raise _damaged(source) from error
    except OSError as error:
        raise _unreadable(source, error) from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT or told.get("files") != found:
        raise _damaged(source)
    for part in told["parts"]:
        with on_disk(homes[part]):
            sync_tree(fresh[part])
    return _Manifest(told["created"], told["parts"], found)


def _target(source: Path, name: str, fresh: Mapping[str, Path]) -> tuple[str, Path]:
    """Return the part of a member and where it goes, never outside of its part's folder."""
    part, *rest = PurePosixPath(name).parts
    if not rest or ".." in rest or PurePosixPath(name).is_absolute() or part not in (DATABASE, STORE, SITE):
        raise _damaged(source)
    if part not in fresh:
        hint = f"请用 --{part} 指明放到哪里"
        raise StorageError(f"备份里有 {part} 这一部分，不知道放到哪里", where=str(source), hint=hint)
    return part, fresh[part].joinpath(*rest)


def _write(pieces: Iterator[bytes], target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _pieces(content: IO[bytes], source: Path) -> Iterator[bytes]:
    try:
        while piece := content.read(_CHUNK):
            yield piece
    except OSError as error:
        raise _unreadable(source, error) from error


@contextmanager
def _beside(homes: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """Make an empty folder for each part, on the disk where it goes, that only its owner may read."""
    made: dict[str, Path] = {}
    with ExitStack() as held:
        for part, home in homes.items():
            with on_disk(home):
                home.parent.mkdir(parents=True, exist_ok=True)
                made[part] = held.enter_context(work_folder(home.parent)) / home.name
                made[part].mkdir(mode=0o700)
        yield made


def _replace(home: Path, fresh: Path, now: datetime) -> list[Path]:
    """Put a folder in its place, readable to the same people; return where the one before lies now."""
    kept = []
    with on_disk(home):
        if home.exists():  # where there was none, the new one is for its owner only
            fresh.chmod(stat.S_IMODE(home.stat().st_mode))
            kept = [put_aside(home, now)]
        fresh.rename(home)
        sync(home.parent)
    return kept


def _unreadable(source: Path, error: OSError) -> StorageError:
    return StorageError(f"备份文件读不出来：{error.strerror}", where=str(source), hint="请检查权限和磁盘")


def _damaged(source: Path) -> StorageError:
    return StorageError("备份文件损坏，或者不是 fenban 的备份", where=str(source), hint="请换一份备份")
