from __future__ import annotations

import csv
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.classifier import RidgeTextClassifier
from models.explain import character_weights
from models.model import RoutingModel
from router.decision import Evidence
from router.interfaces import Tokenizer
from router.proposal import Proposal, case_text
from router.site_files import sample_site
from router.text import normalise
from tests.sample import CASES
from training.train import Trained

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
    scores = (model.embedding_.features.transform([text]) @ model.weights_)[0]
    lead: np.ndarray = scores - scores.mean()
    return lead


@given(text=any_case)
@settings(max_examples=60)
def test_the_weights_of_all_characters_add_up_to_the_labels_lead(
    model: RidgeTextClassifier, text: str
) -> None:
    columns = np.searchsorted(model.classes_, LABELS)
    weights = character_weights(model, model.embedding_.features.see([text]), columns[None, :])
    assert weights.shape == (len(normalise(text)) + 1, 3)  # a break follows each text
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


def test_a_text_without_known_words_has_no_evidence_among_others_either(tokenizer: Tokenizer) -> None:
    texts = [case_text("路灯不亮", "整条街路灯坏了"), case_text("建议增设路灯", "照明不足")]
    texts += [case_text("下水道堵", "污水外溢"), case_text("污水管破", "管网要换")]
    model = RidgeTextClassifier(tokenizer=tokenizer).fit(texts, ["lamps"] * 2 + ["drains"] * 2)
    known = Proposal(
        title="路灯不亮", body="污水管破,整条街下水道堵坏了" * 3
    )  # its weights don't sum to 0 exactly
    *_, output = RoutingModel(model).predict([known, Proposal(title="龘靐齉", body="爨癵籱。")])
    assert all(not candidate.evidence for candidate in output.section.candidates)


def test_evidence_of_a_case_is_the_same_alone_and_among_others(model: RidgeTextClassifier) -> None:
    routing = RoutingModel(model)
    case = Proposal(title="电梯", body="电梯困人，电梯。" * 5)  # what comes again weighs the same
    (alone,) = routing.predict([case])
    for output in routing.predict([*CASES, case, *CASES, case])[len(CASES) :: len(CASES) + 1]:
        assert output.section.evidence == alone.section.evidence


def test_a_text_of_one_line_is_a_title(model: RidgeTextClassifier) -> None:
    (found,) = model.evidence("路灯坏了", ["municipal"])
    assert (found[0].field, found[0].start, found[0].end) == ("title", 0, 2)


def test_a_label_that_the_model_does_not_know_is_refused(model: RidgeTextClassifier) -> None:
    with pytest.raises(ValueError, match="没有这个股"):
        model.evidence("路灯坏了\n", ["没有这个股"])


class Rewriting:
    """Writes lamps in full."""

    def tokenize(self, text: str) -> list[str]:
        return [{"灯": "a lamp of the street", "燈": "亮"}.get(character, character) for character in text]


def test_words_that_a_tokeniser_rewrote_are_not_shown() -> None:
    texts = [case_text("路灯坏了", ""), case_text("水管破了", "")]
    model = RidgeTextClassifier(tokenizer=Rewriting()).fit(texts, ["lamps", "drains"])
    cases = [Proposal(title="灯"), Proposal(title="燈"), Proposal(title="路亮")]
    for case, output in zip(cases, RoutingModel(model).predict(cases), strict=True):
        for candidate in output.section.candidates:
            assert all(one.end <= len(case.title) for one in candidate.evidence)
    assert model.evidence("灯\n", ["lamps"]) == [()]


def test_evidence_of_a_case_points_into_its_own_fields(model: RidgeTextClassifier) -> None:
    case = Proposal(title="关于\n路灯", body="路灯\n坏了")
    (found,) = model.evidence(case.text, ["municipal"])
    fields = {"title": case.title, "body": case.body}
    assert {fields[one.field][one.start : one.end] for one in found} >= {"路灯"}


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with some stretches blotted out."""
    marks = list(text)
    for start, end in spans:
        marks[start:end] = "。" * (end - start)
    return "".join(marks)


def test_what_is_shown_matters_more_than_other_words_of_the_same_text(described: Trained) -> None:
    section = described.model.section
    assert isinstance(section, RidgeTextClassifier)
    draw = Random(0)
    shown_matters = []
    for path in sorted((sample_site() / "cases").glob("*.csv"))[-2:]:
        with path.open(encoding="utf-8-sig") as file:
            texts = [case_text(row["title"], row["body"]) for row in list(csv.DictReader(file))[:60]]
        for text in texts:
            lead = int(section.predict_proba([text])[0].argmax())
            (found,) = section.evidence(text, [section.classes_[lead]])
            offset = {"title": 0, "body": text.index("\n") + 1}
            spans = [(offset[e.field] + e.start, offset[e.field] + e.end) for e in found[:4]]
            drops = []
            for stretches in (spans, *([moved(span, text, draw) for span in spans] for _ in range(5))):
                scores = (
                    section.embedding_.features.transform([text, without(text, stretches)]) @ section.weights_
                )
                drops.append(scores[0, lead] - scores[1, lead])
            shown_matters.append(drops[0] > np.mean(drops[1:]))
    assert np.mean(shown_matters) > 0.95


def moved(span: tuple[int, int], text: str, draw: Random) -> tuple[int, int]:
    start = draw.randrange(len(text) - (span[1] - span[0]))
    return start, start + span[1] - span[0]
