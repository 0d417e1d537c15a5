"""Installing from a wheel folder on a machine that has no network at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("CI"), reason="takes minutes and a registry; CI=1 runs it"),
]

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "var", "store")

# what docs/install.md tells to type, and then one case
STEPS = """
set -eu
ip link set lo up 2>/dev/null || true
! {python} -c 'import socket; socket.create_connection(("198.51.100.1", 80), 2)' 2>/dev/null
{python} -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links {wheels} \
    --constraint {constraints} 'fenban[fast]'
env/bin/fenban init site
env/bin/fenban train --site site --store store
env/bin/fenban doctor --site site --store store --json doctor.json
env/bin/fenban suggest site/inbox --site site --store store -o out.jsonl
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that `fenban.sh wheels` fills where there is a network."""
    source = tmp_path_factory.mktemp("source") / "fenban"
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    (source / ".venv" / "bin").mkdir(parents=True)
    (source / ".venv" / "bin" / "python").symlink_to(sys.executable)
    made = subprocess.run(
        ["sh", "fenban.sh", "wheels", "wheels"], cwd=source, capture_output=True, text=True, check=False
    )
    if made.returncode:
        if "No matching distribution" in made.stderr or "Could not find a version" in made.stderr:
            pytest.skip("no package registry can be reached")
        pytest.fail(made.stderr)
    return source / "wheels"


def without_network() -> list[str]:
    """Return what runs a command where there is no network: root can, others in user namespaces."""
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which(command[0]) and not subprocess.run([*command, "true"], check=False).returncode:
            return command
    pytest.skip("no network namespace can be made here")


def test_a_wheel_folder_is_all_that_is_needed(wheels: Path, tmp_path: Path) -> None:
    steps = STEPS.format(python=sys.executable, wheels=wheels, constraints=ROOT / "constraints.txt")
    command = [*without_network(), "sh", "-c", steps]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    findings = json.loads((tmp_path / "doctor.json").read_text(encoding="utf-8"))["findings"]
    (installed,) = [one["message"] for one in findings if one["part"] == "安装"]
    assert f"安装包 {tmp_path}" in installed
    assert [one for one in findings if one["part"] in ("程序库", "词典") and one["state"] != "ok"] == []
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) >= 20
