from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmark_tells_what_storing_costs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.storage", "--quick", "--decisions", "60"]
    target = tmp_path / "figures.json"
    subprocess.run([*command, "--json", target], capture_output=True, check=True, cwd=ROOT)
    figures = json.loads(target.read_text())
    assert figures["decisions"] == 60
    assert figures["record, power safe"]["ratio"] > 0
    assert figures["the latest 50"]["p99"] < 1000
