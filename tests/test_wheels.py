"""Whether each pinned library can be had as a wheel for the machines that bureaux have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("CI"), reason="takes minutes and a registry; CI=1 runs it"),
]

ROOT = Path(__file__).resolve().parent.parent
GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_26", "manylinux_2_27", "manylinux_2_28")
"""Systems with glibc 2.28, which docs/install.md asks for, take all of these."""
PURE = {"jieba"}
"""Published as source only, but pure Python: `fenban.sh wheels` makes a wheel that runs everywhere."""


def resolve(machine: str, requirements: list[str], target: Path) -> subprocess.CompletedProcess[str]:
    """Ask pip what it would install on a machine, of wheels alone; nothing is installed."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    platforms = [option for glibc in GLIBC for option in ("--platform", f"{glibc}_{machine}")]
    options = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:", "--retries=1"]
    where = ["--target", str(target), "--python-version", version, "--implementation", "cp"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run(
        [*command, *options, *where, *platforms, *requirements], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> None:
    asked = resolve("x86_64", ["click"], tmp_path_factory.mktemp("asked"))
    if asked.returncode:
        pytest.skip("no package registry can be reached")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.usefixtures("registry")
def test_every_pinned_library_has_a_wheel(machine: str, tmp_path: Path) -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    wanted = [line for line in pinned if line.partition("==")[0] not in PURE]
    without = []
    while True:
        done = resolve(machine, wanted, tmp_path)
        missing = re.search(r"No matching distribution found for ([\w.-]+)==", done.stderr)
        if missing is None:
            break
        without.append(missing[1])
        wanted = [line for line in wanted if not line.startswith(f"{missing[1]}==")]
    assert done.returncode == 0, done.stderr
    assert without == []
