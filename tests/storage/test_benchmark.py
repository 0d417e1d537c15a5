from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.storage import too_slow

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmark_tells_what_storing_costs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.storage", "--quick", "--decisions", "60"]
    target = tmp_path / "figures.json"
    subprocess.run([*command, "--json", target], capture_output=True, check=True, cwd=ROOT)
    figures = json.loads(target.read_text())
    assert figures["decisions"] == 60
    assert figures["record, power safe"]["ratio"] > 0
    assert figures["the latest 50"]["p99"] < 1000
    assert figures["POST /api/v1/suggest"]["ratio"] > 0
    assert 0 < figures["page of a section head"]["p50"] < 1000


def test_a_slow_page_is_told() -> None:
    figures = {"page of the latest": {"p50": 250.0}, "GET /x": {"p50": 1.0}, "record": {"p50": 900.0}}
    assert too_slow(figures) == ["page of the latest: 250 ms"]
