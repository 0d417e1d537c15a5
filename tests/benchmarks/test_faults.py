"""Short versions of what benchmarks/chaos.py does to disks, models and rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.disks import NoDiskError
from benchmarks.faults import on_full_disk, on_read_only_disk, with_broken_models, with_broken_rules
from benchmarks.storm import Run

NOTHING = {"lost": 0, "doubled": 0}


@pytest.mark.slow
@pytest.mark.parametrize("harm", [on_full_disk, on_read_only_disk])
def test_a_disk_that_takes_nothing_is_told_read_and_used_again(
    harm: Callable[[Path, Path, int, float], Run], described_store: Path, tmp_path: Path
) -> None:
    try:
        outcome, found = harm(described_store, tmp_path, 1, 0.5)
    except NoDiskError as error:
        pytest.skip(str(error))
    assert outcome.wrong == []
    assert found == NOTHING
    assert set(outcome.codes) == {"503 storage_unavailable"}
    assert set(outcome.reads) == {"200"}
    assert set(outcome.readiness) == {"503"}
    assert len(outcome.back) == 1


@pytest.mark.slow
@pytest.mark.parametrize("harm", [with_broken_models, with_broken_rules])
def test_what_is_broken_is_told_and_no_request_is_dropped(
    harm: Callable[[Path, Path, int, float], Run], described_store: Path, tmp_path: Path
) -> None:
    outcome, found = harm(described_store, tmp_path, 1, 0.5)
    assert outcome.wrong == []
    assert found == NOTHING
    assert outcome.repeated == 0
    assert set(outcome.readiness) == {"200 with problems"}
    assert len(outcome.back) == 1
