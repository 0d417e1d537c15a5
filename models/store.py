"""The versions of a bureau's model: which there are, which is live, who made it so.

``versions/<version>/`` holds the artifacts, ``live`` names the version in
use and is replaced atomically, ``history.jsonl`` tells who did what, when,
and keeps each artifact's digest, which is checked before it is loaded.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.artifact import Manifest, folder_digest, read_artifact, read_manifest, write_artifact
from models.card import Card, read_card
from models.model import RoutingModel
from router.disk import sync, sync_tree, work_folder
from router.errors import StoreError, TamperedError
from router.unfinished import check_whole

__all__ = ["HistoryEntry", "ModelStore"]

_NOT_OURS = "没有权限读这个文件"
_OWNER = "请检查属主，应属于运行服务的用户；用别的用户（如 root）运行过命令的，请用 chown 改回来"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that was done to the store.

    Parameters
    ----------
    at : str
        ISO time with zone.
    who : str
    action : str
        ``trained``, ``promoted`` or ``rolled_back``.
    version : str
    digest : str
        Of the artifact; only of ``trained``.
    why : str
    previous : str
        The version that was live before.
    """

    at: str
    who: str
    action: str
    version: str
    digest: str = ""
    why: str = ""
    previous: str = ""


class ModelStore:
    """A directory of trained models.

    Parameters
    ----------
    directory : Path
        Made when the first model is added. While a restore has not finished
        with it, a StorageError is all it gives.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def add(
        self,
        model: RoutingModel,
        manifest: Manifest,
        lexicon: tuple[str, ...] = (),
        card: Card | None = None,
    ) -> str:
        """Store a model under a new version; the store's first goes live.

        Returns
        -------
        str
            The version: the day and a running number.

        Raises
        ------
        StoreError
            If the disk refuses; nothing is left behind and the live model stays.
        """
        with _disk_errors(self.directory):
            self._whole.mkdir(mode=0o700, parents=True, exist_ok=True)  # texts of past cases are in it
            self._versions.mkdir(exist_ok=True)
            with work_folder(self.directory) as work:
                fresh = work / "model"
                fresh.mkdir()  # who may enter is decided at the store itself
                write_artifact(fresh, model, manifest, lexicon, card)
                digest = folder_digest(fresh)
                sync_tree(fresh)
                version = self._settle(fresh)
            try:
                self._record("trained", version, digest=digest)
            except OSError:
                shutil.rmtree(self._versions / version, ignore_errors=True)
                raise
            if self.live is None:
                self._go_live("promoted", version, why="first model")
        return version

    def load(self, version: str | None = None) -> RoutingModel:
        """Load a version, or the live one, after checking its digest.

        Raises
        ------
        StoreError
            If there is no such version.
        TamperedError
            If its files are not those that were trained.
        """
        version = self.needed_live() if version is None else version
        folder = self._folder(version)
        recorded = self.digest(version)
        if not recorded or folder_digest(folder) != recorded:
            raise TamperedError(
                f"模型 {version} 的文件与训练时记下的摘要不符，已拒绝载入",
                where=str(folder),
                hint="请从备份恢复，或用 fenban models rollback 换回上一个版本",
            )
        return read_artifact(folder, version)

    def digest(self, version: str) -> str:
        """Return the digest that was recorded when a version was trained; empty where there is none."""
        recorded = [e.digest for e in self.history() if e.action == "trained" and e.version == version]
        return recorded[-1] if recorded else ""

    def manifest(self, version: str | None = None) -> Manifest:
        """Return what a version says of itself."""
        return read_manifest(self._folder(self.needed_live() if version is None else version))

    def card(self, version: str | None = None) -> Card | None:
        """Return a version's card, None where it was trained before there were cards."""
        return read_card(self._folder(self.needed_live() if version is None else version))

    @property
    def live(self) -> str | None:
        """The version in use, None in an empty store."""
        try:
            return self._pointer.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise StoreError(_NOT_OURS, where=str(self._pointer), hint=_OWNER) from error
        except (OSError, UnicodeDecodeError) as error:
            hint = "请删去它，再用 fenban models promote 重新启用一个版本"
            raise StoreError("记着启用哪个版本的文件读不出来", where=str(self._pointer), hint=hint) from error

    def needed_live(self) -> str:
        """Return the version in use.

        Raises
        ------
        StoreError
            If the store is empty.
        """
        live = self.live
        if live is None:
            hint = "请先运行 fenban train，或用 --store 指明模型库"
            raise StoreError("模型库里还没有模型", where=str(self.directory), hint=hint)
        return live

    def versions(self) -> list[str]:
        """Return all versions, oldest first."""
        if not self._versions.is_dir():
            return []
        return sorted((p.name for p in self._versions.iterdir() if p.is_dir()), key=_version_order)

    def history(self) -> list[HistoryEntry]:
        """Return what was done to the store, oldest first.

        Raises
        ------
        StoreError
            If the history can't be read.
        """
        if not self._history.exists():
            return []
        try:
            lines = self._history.read_text(encoding="utf-8").split("\n")
            return [HistoryEntry(**json.loads(line)) for line in lines if line.strip()]
        except PermissionError as error:
            raise StoreError(_NOT_OURS, where=str(self._history), hint=_OWNER) from error
        except (OSError, ValueError, TypeError) as error:
            raise StoreError("模型库的历史记录损坏", where=str(self._history), hint="请从备份恢复") from error

    def promote(self, version: str, why: str = "") -> None:
        """Make a version live, once it has been seen to load."""
        self.load(version)
        previous = self.live or ""
        with _disk_errors(self.directory):
            self._go_live("promoted", version, why=why, previous=previous)

    def rollback(self, why: str = "") -> str:
        """Make the version live that was live before the present one.

        Returns
        -------
        str
            The version that is live now.
        """
        live = self.needed_live()
        before = [e.previous for e in self.history() if e.version == live and e.previous not in ("", live)]
        if not before:
            raise StoreError(f"{live} 之前没有别的版本可退回", where=str(self.directory))
        self.load(before[-1])
        with _disk_errors(self.directory):
            self._go_live("rolled_back", before[-1], why=why)
        return before[-1]

    @property
    def _versions(self) -> Path:
        return self._whole / "versions"

    @property
    def _pointer(self) -> Path:
        return self._whole / "live"

    @property
    def _history(self) -> Path:
        return self._whole / "history.jsonl"

    @property
    def _whole(self) -> Path:
        check_whole(self.directory)
        return self.directory

    def _folder(self, version: str) -> Path:
        if version not in self.versions():
            known = "、".join(self.versions()) or "（无）"
            raise StoreError(f"没有版本 {version}", where=str(self.directory), hint=f"现有：{known}")
        return self._versions / version

    def _settle(self, work: Path) -> str:
        """Move a finished artifact to the first free name of today."""
        today = datetime.now(UTC).astimezone().date().isoformat()
        number = 1
        while True:
            version = f"{today}.{number}"
            try:
                work.rename(self._versions / version)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                number += 1
            else:
                sync(self._versions)
                return version

    def _go_live(self, action: str, version: str, **more: str) -> None:
        """Record and point; where pointing fails, the record is taken back."""
        before = self._record(action, version, **more)
        fresh = self.directory / f".live-{os.getpid()}"
        try:
            fresh.write_text(f"{version}\n", encoding="utf-8")
            sync(fresh)
            fresh.replace(self._pointer)
        except OSError:
            os.truncate(self._history, before)
            fresh.unlink(missing_ok=True)
            raise
        sync(self.directory)

    def _record(self, action: str, version: str, **more: str) -> int:
        """Append to the history, whole or not at all; return how long it was before."""
        entry = HistoryEntry(_now(), _user(), action, version, **more)
        line = f"{json.dumps(asdict(entry), ensure_ascii=False)}\n".encode()
        with self._history.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)  # half a line would make the whole history unreadable
                raise
        return before


def _version_order(version: str) -> tuple[str, int]:
    day, _, number = version.rpartition(".")
    return day, int(number) if number.isdigit() else 0


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user id may have no name
        return str(os.getuid())


@contextmanager
def _disk_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno == errno.ENOSPC
        message = "磁盘已满，没有保存" if full else f"无法写入：{error.strerror or error}"
        raise StoreError(message, where=str(directory), hint="请腾出空间或检查权限后重试") from error
