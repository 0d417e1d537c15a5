"""Copies of the site files that decisions rest on, kept by content, so that decisions can be told again."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from router.errors import SiteError
from router.rules.files import RULE_FILES, read_rules, rules_digest
from router.site import Site
from router.site_files import SITE_FILES, load_site, site_digest

__all__ = ["keep_site", "kept_site"]


def keep_site(directory: Path, site: Site, archive: Path) -> None:
    """Copy the files that `site` was read from, unless the very same are kept already.

    Parameters
    ----------
    directory : Path
        The site directory.
    site : Site
        As it was read from there.
    archive : Path
        The model store; ``sites/`` and ``rules/`` are made in it.

    Raises
    ------
    SiteError
        If they can't be written, or were edited since.
    """
    try:
        _keep(directory, SITE_FILES, site.digest, site_digest, archive / "sites")
        _keep(directory, RULE_FILES, site.rules_digest, rules_digest, archive / "rules")
    except OSError as error:
        hint = "请检查模型库目录的权限和磁盘空间"
        raise SiteError(
            f"站点文件没能留底，今后不能复算：{error.strerror or '磁盘可能已满'}", hint=hint
        ) from error


def kept_site(archive: Path, digest: str, rules: str) -> Site:
    """Return a site as it was.

    Parameters
    ----------
    archive : Path
        The model store.
    digest, rules : str
        Hashes in full of the site's files and of its rules; empty for a
        decision that was made without a site.

    Raises
    ------
    SiteError
        Naming what isn't kept or is no longer what it was.
    """
    if not digest:
        return Site()
    files = _kept(archive / "sites", digest, site_digest, "站点文件")
    written = _kept(archive / "rules", rules, rules_digest, "规则文件")
    return replace(load_site(files), rules=read_rules(written), rules_digest=rules)


def _keep(
    directory: Path, names: Sequence[str], digest: str, digest_of: Callable[[Path], str], archive: Path
) -> None:
    target = archive / digest
    if target.is_dir():
        return
    archive.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=archive))
    try:
        work.chmod(0o755)  # the service may run as another than who trains
        for name in names:
            if (directory / name).is_file():
                shutil.copyfile(directory / name, work / name)
        if digest_of(work) != digest:
            raise SiteError("站点文件刚刚又改过，没有留底", hint="稍后会再试")
        work.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # another process was faster
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _kept(archive: Path, digest: str, digest_of: Callable[[Path], str], what: str) -> Path:
    folder = archive / digest
    if not folder.is_dir():
        raise SiteError(f"{what} {digest[:12]} 没有留底", hint="请从备份恢复模型库")
    if digest_of(folder) != digest:
        raise SiteError(f"留底的{what} {digest[:12]} 被改动过", hint="请从备份恢复模型库")
    return folder
