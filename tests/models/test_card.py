from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from models.card import AxisCard, Confusion, LabelCount, as_json, read_card, write_card
from models.store import ModelStore
from router.errors import StoreError, TamperedError
from training.train import Trained


def test_a_card_is_read_as_it_was_written(trained: Trained, tmp_path: Path) -> None:
    assert trained.card
    write_card(tmp_path, trained.card)
    found = read_card(tmp_path)
    assert found
    assert as_json(found) == as_json(trained.card)
    assert found.axes["section"].confusions == trained.card.axes["section"].confusions


def test_a_model_of_before_has_no_card_and_still_loads(store: ModelStore) -> None:
    assert store.card() is None
    assert store.load().version == store.live


def test_a_card_is_stored_with_its_model_and_guarded_by_its_digest(tmp_path: Path, trained: Trained) -> None:
    store = ModelStore(tmp_path / "store")
    version = store.add(trained.model, trained.manifest, trained.lexicon, trained.card)
    assert as_json(store.card(version)) == as_json(trained.card)
    file = store.directory / "versions" / version / "card.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"cases": 12', '"cases": 13'), encoding="utf-8")
    with pytest.raises(TamperedError):
        store.load(version)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"axes": {"section": 1}}', "\udcff"])
def test_a_damaged_card_is_told_in_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "card.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(StoreError, match=r"card\.json 无法读取"):
        read_card(tmp_path)


def test_a_card_of_a_later_fenban_may_know_more(trained: Trained, tmp_path: Path) -> None:
    assert trained.card
    write_card(tmp_path, trained.card)
    known = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    (tmp_path / "card.json").write_text(json.dumps({**known, "new": 1}), encoding="utf-8")
    assert as_json(read_card(tmp_path)) == as_json(trained.card)


def test_labels_are_ranked_by_their_cases() -> None:
    labels = {"a": LabelCount(1, 1, 0, 0), "b": LabelCount(5, 5, 5, 5)}
    assert [label for label, _ in AxisCard(6, 0, 6, labels).ranked()] == ["b", "a"]


def test_a_share_of_nothing_is_none() -> None:
    nothing = LabelCount(cases=0, held_out=0, right=0, said=0)
    assert (nothing.recall, nothing.precision) == (None, None)


def test_a_confusion_is_plain_for_programs() -> None:
    assert dataclasses.asdict(Confusion("a", "b", 2)) == {"true": "a", "said": "b", "n": 2}
