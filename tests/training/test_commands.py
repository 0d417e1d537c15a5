from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from models.store import ModelStore
from tests.sample import CASES, case_file
from training.commands import evaluate_command
from training.train import Trained


def judged(place: Path, trained: Trained, *options: str) -> str:
    """Judge a stored model on the dozen cases it learned."""
    ModelStore(place / "store").add(trained.model, trained.manifest)
    cases = case_file(place / "cases.csv")
    found = CliRunner().invoke(evaluate_command, [str(cases), "--store", str(place / "store"), *options])
    assert found.exit_code == 0, found.output
    return found.output


def test_a_model_judged_on_what_it_learned_is_told_so_in_words(tmp_path: Path, trained: Trained) -> None:
    assert f"有 {len(CASES)} 件训练时已经学过，成绩会偏高" in judged(tmp_path, trained)


def test_programs_are_told_the_number(tmp_path: Path, trained: Trained) -> None:
    judged(tmp_path, trained, "--json", str(tmp_path / "figures.json"))
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures["seen_in_training"] == len(CASES)
