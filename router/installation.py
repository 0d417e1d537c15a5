"""Where the program is installed, and whether it is as it was installed."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions, version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from router.doctor import Finding, attention, error, good

__all__ = [
    "changed_files",
    "check_installation",
    "other_versions",
    "read_constraints",
    "reinstalling",
    "wrong_versions",
]

_PART = "安装"
_AGAIN = "请重新安装：sh fenban.sh run，内网加 --wheels"


def check_installation() -> Iterator[Finding]:
    """Say what is installed where, with which libraries."""
    try:
        fenban = _of_this_environment("fenban")
    except PackageNotFoundError:
        yield error(_PART, "没有装好 fenban 这个包", _AGAIN)
        return
    # of all four packages, or the program wouldn't have started
    place = Path(__file__).resolve().parent.parent
    installed = _installed_at(fenban)
    checkout = (place / "pyproject.toml").is_file()
    kind = "源码目录" if checkout else "安装包"
    told = f"fenban {fenban.version}，四个包都来自{kind} {place}，Python {platform.python_version()}"
    if place == installed:
        yield good(_PART, told)
    else:
        yield error(_PART, f"装好的在 {installed}，四个包却来自 {place}", "请清空 PYTHONPATH，换个目录再运行")
    if changed := changed_files(fenban):
        yield error(_PART, f"{len(changed)} 个文件与安装时不一样，如 {changed[0]}", _AGAIN)
    yield from _check_libraries(fenban)


def wrong_versions(fenban: Distribution) -> dict[str, str]:
    """Return the libraries that are missing or too old, and what is wanted."""
    from packaging.requirements import Requirement

    found: dict[str, str] = {}
    for line in fenban.requires or ():
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        present = _version(wanted.name)
        if present is None or not wanted.specifier.contains(present, prereleases=True):
            found[wanted.name] = f"需要 {wanted.specifier or '任一版本'}，现有 {present or '没有'}"
    return found


def other_versions(pinned: Mapping[str, str]) -> dict[str, str]:
    """Return the installed libraries whose version isn't the one that was tested."""
    present = {name: _version(name) for name in pinned}
    return {
        name: f"{found}（检验过的是 {pinned[name]}）"
        for name, found in present.items()
        if found not in (None, pinned[name])
    }


def changed_files(package: Distribution) -> list[str]:
    """Return the files that aren't what they were when the package was installed.

    Parameters
    ----------
    package : Distribution
        Whose installer noted their digests.

    Examples
    --------
    >>> changed_files(distribution("click"))
    []
    """
    noted = ((file, file.hash) for file in package.files or () if file.hash)
    return [str(file) for file, digest in noted if not _as_noted(file.locate(), digest.value)]


def reinstalling(name: str) -> str:
    """Return what to do about a damaged library, in Chinese."""
    found = _version(name)
    wanted = f"{name}=={found}" if found else name
    command = f"{sys.executable} -m pip install --force-reinstall --no-deps {wanted}"
    return f"请重新安装 {name}：{command}，内网加 --no-index --find-links wheels"


def read_constraints(text: str) -> dict[str, str]:
    """Read ``name==version`` lines.

    Examples
    --------
    >>> read_constraints("numpy==2.4.6")
    {'numpy': '2.4.6'}
    """
    return dict(line.strip().split("==", 1) for line in text.splitlines() if "==" in line)


def _of_this_environment(name: str) -> Distribution:
    """Return what is installed beside this Python: the path may lead to another's first."""
    own = {path: None for key in ("purelib", "platlib") if (path := sysconfig.get_path(key))}
    return next(iter(distributions(name=name, path=list(own))), None) or distribution(name)


def _installed_at(package: Distribution) -> Path:
    """Return where its packages were installed, or are taken from while somebody works on them."""
    direct = json.loads(package.read_text("direct_url.json") or "{}")
    if direct.get("dir_info", {}).get("editable"):
        return Path(unquote(urlsplit(direct["url"]).path)).resolve()
    return Path(str(package.locate_file(""))).resolve()


def _check_libraries(fenban: Distribution) -> Iterator[Finding]:
    wrong = wrong_versions(fenban)
    for name, told in wrong.items():
        yield error("程序库", f"{name} {told}", _AGAIN)
    pinned = read_constraints(_constraints().read_text(encoding="utf-8"))
    other = {name: told for name, told in other_versions(pinned).items() if name not in wrong}
    if other:
        told = "、".join(f"{name} {version}" for name, version in other.items())
        hint = "能用；要与检验过的一致，安装时加 --constraint constraints.txt"
        yield attention("程序库", f"{len(other)} 个与检验过的版本不同：{told}", hint)
    elif not wrong:
        yield good("程序库", "版本与检验过的一致")


def _as_noted(path: object, noted: str) -> bool:
    try:
        digest = hashlib.sha256(Path(str(path)).read_bytes()).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == noted


def _constraints() -> Path:
    """Return the tested versions: inside the wheel, or in a checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "constraints.txt"
    return packaged if packaged.is_file() else here.parent / "constraints.txt"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
