from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.classifier import RidgeTextClassifier
from models.explain import character_weights
from router.decision import Evidence
from router.interfaces import Tokenizer
from router.proposal import Proposal, case_text
from router.text import normalise
from tests.sample import CASES

LABELS = ["drainage", "municipal", "property"]
words = st.lists(
    st.sampled_from(
        [
            "路灯",
            "不亮",
            "污水",
            "管网",
            "电梯",
            "物业",
            "，",
            "。",
            " ",
            "Ａ１２",
            "3号楼",
            "㎡",
            "①",
            "😀",
            "龘",
            "\n",
            "　",
        ]
    ),
    max_size=20,
).map("".join)
any_case = st.builds(case_text, words, words | st.text(max_size=30))


@pytest.fixture(scope="module")
def model(tokenizer: Tokenizer) -> RidgeTextClassifier:
    return RidgeTextClassifier(tokenizer=tokenizer).fit([c.text for c in CASES], [c.section for c in CASES])


def shown(text: str, evidence: Evidence) -> str:
    title, _, body = text.partition("\n")
    return (title if evidence.field == "title" else body)[evidence.start : evidence.end]


def leads(model: RidgeTextClassifier, text: str) -> np.ndarray:
    """Return each label's score less the mean score."""
    embedded = model.embedding_.transform([text])
    scores = (embedded.sparse @ model.sparse_weights_ + embedded.dense @ model.dense_weights_)[0]
    lead: np.ndarray = scores - scores.mean()
    return lead


@given(text=any_case)
@settings(max_examples=60)
def test_the_weights_of_all_characters_add_up_to_the_labels_lead(
    model: RidgeTextClassifier, text: str
) -> None:
    weights = character_weights(model, text, LABELS)
    assert weights.shape == (len(normalise(text)), 3)
    assert weights.sum(axis=0) == pytest.approx(leads(model, text), abs=1e-4)


@given(text=any_case)
@settings(max_examples=60)
def test_evidence_points_into_the_original_text(model: RidgeTextClassifier, text: str) -> None:
    title, _, body = text.partition("\n")
    for found in model.evidence(text, LABELS):
        assert len(found) <= 8
        for one in found:
            assert 0 <= one.start < one.end <= len(title if one.field == "title" else body)
            assert 0 < one.weight <= 1
            assert any(map(str.isalnum, shown(text, one)))


@given(text=any_case)
@settings(max_examples=60)
def test_the_strongest_comes_first_and_no_word_twice(model: RidgeTextClassifier, text: str) -> None:
    for found in model.evidence(text, LABELS):
        weights = [one.weight for one in found]
        assert weights == sorted(weights, reverse=True)
        assert weights[:1] in ([], [1.0])
        places = sorted((one.field, one.start, one.end) for one in found)
        assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places))


@pytest.mark.parametrize(
    ("title", "body", "label", "word"),
    [
        ("路灯，坏了", "", "municipal", "路灯"),
        ("", "请修路灯", "municipal", "路灯"),
        ("Ａ１２ 路灯", "３号楼ABC－路灯，坏了", "municipal", "路灯"),
        ("㎡①污水", "污水", "drainage", "污水"),
        ("關于", "加装电梯", "property", "电梯"),
    ],
)
def test_the_words_that_spoke_for_a_label_are_named(
    model: RidgeTextClassifier, title: str, body: str, label: str, word: str
) -> None:
    text = case_text(title, body)
    (found,) = model.evidence(text, [label])
    assert word in shown(text, found[0])


def test_each_label_has_words_of_its_own(model: RidgeTextClassifier) -> None:
    text = case_text("路灯，污水外溢", "物业不管")
    lamps, drains = model.evidence(text, ["municipal", "drainage"])
    assert "路灯" in {shown(text, one) for one in lamps}
    assert "污水" in {shown(text, one) for one in drains}


@pytest.mark.parametrize("text", ["\n", "。\n！", "12\n34", "龘靐\n齉"])
def test_a_text_without_known_words_has_no_evidence(model: RidgeTextClassifier, text: str) -> None:
    assert model.evidence(text, LABELS) == [(), (), ()]


def test_evidence_of_a_case_points_into_its_own_fields(model: RidgeTextClassifier) -> None:
    case = Proposal(title="关于\n路灯", body="路灯\n坏了")
    (found,) = model.evidence(case.text, ["municipal"])
    fields = {"title": case.title, "body": case.body}
    assert {fields[one.field][one.start : one.end] for one in found} >= {"路灯"}
