from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.speed import against_first, made_up_cases, main, take_turns
from router.proposal import Proposal

SCRIPT = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "speed.py"


def test_help_tells_every_option() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(option in shown for option in ["--file", "--fit", "--quick", "--markdown", "--json"])


def test_made_up_cases_are_as_long_as_asked_and_keep_their_section(sixty: list[Proposal]) -> None:
    made = made_up_cases(sixty, 20)
    assert {len(case.body) for case in made} == {400}
    assert {case.section for case in made} <= {p.section for p in sixty}
    assert len({case.body for case in made}) == 20
    assert made == made_up_cases(sixty, 20)


def test_both_sides_take_turns() -> None:
    said: list[str] = []
    seconds = take_turns({"a": lambda: said.append("a"), "b": lambda: said.append("b")}, 2)
    assert said == ["a", "b"] * 3
    assert [len(taken) for taken in seconds.values()] == [2, 2]


def test_a_ratio_above_one_is_faster() -> None:
    assert against_first({"tutorial": [2.0, 2.0], "fenban": [1.0, 0.5]}) == {"tutorial": 1.0, "fenban": 3.0}


@pytest.mark.slow
def test_a_quick_run_gives_every_figure(sixty_file: Path, sixty: list[Proposal], tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    command = [sys.executable, str(SCRIPT), "--quick", "--fit", str(sixty_file), "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert {"batch", "single", "start", "fit", "machine", "date", "command"} <= found.keys()
    assert all(figure["ratio"] > 0 for figure in found["batch"].values())
    assert found["start"]["used_mb"] >= found["start"]["ready_mb"] > 0
    assert statistics.fmean(fit["seconds"] for fit in found["fit"]) > 0
    assert not any(p.text.strip()[:10] in done.stdout for p in sixty)
