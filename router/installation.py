"""Where the program is installed, and whether it is as it was installed."""

from __future__ import annotations

import base64
import hashlib
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

from router.doctor import Finding, attention, error, good

__all__ = ["check_installation", "other_versions", "read_constraints", "wrong_versions"]

_PART = "安装"
_AGAIN = "请重新安装：sh fenban.sh run，内网加 --wheels"


def check_installation() -> Iterator[Finding]:
    """Say what is installed where, with which libraries."""
    try:
        fenban = distribution("fenban")
    except PackageNotFoundError:
        yield error(_PART, "没有装好 fenban 这个包", _AGAIN)
        return
    # of all four packages, or the program wouldn't have started
    place = Path(__file__).resolve().parent.parent
    checkout = (place / "pyproject.toml").is_file()
    kind = "源码目录" if checkout else "安装包"
    yield good(
        _PART, f"fenban {fenban.version}，四个包都来自{kind} {place}，Python {platform.python_version()}"
    )
    yield from _check_files(fenban)
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


def read_constraints(text: str) -> dict[str, str]:
    """Read ``name==version`` lines.

    Examples
    --------
    >>> read_constraints("numpy==2.4.6")
    {'numpy': '2.4.6'}
    """
    return dict(line.strip().split("==", 1) for line in text.splitlines() if "==" in line)


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


def _check_files(fenban: Distribution) -> Iterator[Finding]:
    """Compare the files with the digests that were noted when they were installed."""
    noted = ((file, file.hash) for file in fenban.files or () if file.hash)
    changed = [str(file) for file, digest in noted if not _as_noted(file.locate(), digest.value)]
    if changed:
        yield error(_PART, f"{len(changed)} 个文件与安装时不一样，如 {changed[0]}", _AGAIN)


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
