from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from models.held_out import HeldOutCases
from models.model import ranked
from models.store import ModelStore
from router.errors import TamperedError
from router.proposal import Proposal
from tests.sample import CASES
from training.train import Trained

FIRST = Proposal("1", "路灯不亮", kind="建议", received_on=date(2024, 1, 2))
SECOND = Proposal("2", "下水道堵", kind="提案", received_on=date(2024, 1, 2))
KEPT = HeldOutCases.build([FIRST, SECOND], np.array([[0.9, 0.1], [0.4, 0.6]]))


def stored(store: ModelStore) -> HeldOutCases:
    found = store.load().held_out
    assert found
    return found


def test_a_case_is_known_again_by_its_text_whatever_its_number() -> None:
    assert KEPT.row(dataclasses.replace(SECOND, case_id="77", received_on=None)) == 1
    assert KEPT.row(Proposal(title="电梯困人")) is None


def test_of_cases_with_one_text_the_number_tells_which() -> None:
    twins = HeldOutCases.build([FIRST, dataclasses.replace(FIRST, case_id="9"), SECOND], np.full((3, 2), 0.5))
    assert twins.row(dataclasses.replace(FIRST, case_id="9")) == 1
    assert [twins.has_twin(row) for row in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("changed", "reworded"),
    [
        ({"title": "路灯还是不亮"}, True),
        ({"title": "路灯还是不亮", "kind": "提案"}, False),
        ({"title": "路灯还是不亮", "received_on": date(2023, 1, 2)}, False),
        ({"title": "路灯还是不亮", "case_id": ""}, False),
        ({}, False),
    ],
)
def test_another_text_under_a_learned_number_is_noticed(changed: dict[str, object], reworded: bool) -> None:
    assert KEPT.is_reworded(dataclasses.replace(FIRST, **changed)) is reworded  # type: ignore[arg-type]


def test_cases_without_a_number_are_never_taken_for_each_other() -> None:
    without = HeldOutCases.build([Proposal(title="路灯不亮")], np.array([[0.9, 0.1]]))
    assert not without.is_reworded(Proposal(title="下水道堵"))


def test_a_stored_model_keeps_what_others_said_of_its_cases(store: ModelStore, trained: Trained) -> None:
    before, after = trained.model.held_out, stored(store)
    assert before
    assert np.array_equal(before.probabilities, after.probabilities)
    assert [after.row(case) for case in CASES] == list(range(len(CASES)))
    said = ranked(trained.model.section.classes_, np.asarray(after.probabilities, dtype=np.float64))
    right = np.mean([axis.labels[0] == case.section for axis, case in zip(said, CASES, strict=True)])
    assert right == pytest.approx(trained.manifest.metrics["held_out_accuracy"])


def test_no_text_of_a_case_can_be_read_from_it(store: ModelStore) -> None:
    folder = next((store.directory / "versions").iterdir())
    kept = (folder / "held_out.json").read_bytes() + (folder / "held_out.joblib").read_bytes()
    assert all(case.title.encode() not in kept and case.case_id.encode() not in kept for case in CASES)
    assert len(kept) < 5_000


def test_the_digest_covers_it(store: ModelStore) -> None:
    part: Path = next((store.directory / "versions").iterdir()) / "held_out.joblib"
    part.write_bytes(part.read_bytes()[:-1] + b"\0")
    with pytest.raises(TamperedError):
        store.load()


def test_a_model_of_before_loads_without_it(trained: Trained, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store")
    store.add(dataclasses.replace(trained.model, held_out=None), trained.manifest)
    assert store.load().held_out is None
