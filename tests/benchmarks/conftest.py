"""A table of sixty sample cases, and a run of each benchmark on few cases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.accuracy import main as accuracy
from router.proposal import Proposal
from router.site_files import sample_site
from tests.sample import write_cases
from training.history import read_cases

_SECTIONS = ("municipal", "drainage", "property", "greening")
_EACH = 15


@dataclass(frozen=True)
class Run:
    """What a benchmark printed and wrote."""

    output: str
    figures: dict[str, Any]
    markdown: str
    proposals: list[Proposal]
    folder: Path


@pytest.fixture(scope="session")
def sixty() -> list[Proposal]:
    proposals = read_cases([sample_site() / "cases"])[0]
    return [p for s in _SECTIONS for p in [p for p in proposals if p.section == s][:_EACH]]


@pytest.fixture(scope="session")
def sixty_file(sixty: list[Proposal], tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [(p.case_id, p.title, p.body, p.section, str(p.received_on)) for p in sixty]
    file = tmp_path_factory.mktemp("tables") / "secret-name.csv"
    return write_cases(file, rows, "case_id,title,body,section,received_on")


@pytest.fixture(scope="session")
def small_run(sixty: list[Proposal], sixty_file: Path) -> Run:
    """Return what `accuracy` says of sixty cases in three folds, and by how many were learned."""
    markdown, figures = sixty_file.with_suffix(".md"), sixty_file.with_suffix(".json")
    labels = sixty_file.with_name("labels.csv")
    labels.write_text("section,description\nmunicipal,道路路灯\ndrainage,排水\n", encoding="utf-8")
    words = [sixty_file, "--folds", 3, "--labels", labels, "--markdown", markdown, "--json", figures]
    result = CliRunner().invoke(accuracy, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    known = json.loads(figures.read_text(encoding="utf-8"))
    return Run(result.output, known, markdown.read_text(encoding="utf-8"), sixty, markdown.parent)
