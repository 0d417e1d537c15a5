from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.card import AxisCard, Confusion, as_json
from router.proposal import Proposal
from tests.sample import CASES
from training.card import axis_card, calibration, share_estimate
from training.history import History, to_history
from training.metrics import accuracy_at_coverage, expected_calibration_error, macro_f1
from training.train import Trained, train

RNG = np.random.default_rng(7)
LABELS = ["a", "b", "c"]
Y = RNG.choice(LABELS, 300, p=[0.6, 0.3, 0.1]).tolist()
HELD_OUT = RNG.dirichlet([1, 1, 1], 300) + 0.4 * np.array([[y == label for label in LABELS] for y in Y])
HELD_OUT /= HELD_OUT.sum(axis=1, keepdims=True)


def card_of(y: Sequence[str], held_out: NDArray[np.float64], labels: Sequence[str] = LABELS) -> AxisCard:
    target = np.array([labels.index(label) for label in y[: len(held_out)]], dtype=np.int64)
    return axis_card(labels, y, held_out, target, 3)


CARD = card_of(Y, HELD_OUT)
SAID = [LABELS[at] for at in HELD_OUT.argmax(axis=1)]
RIGHT = np.array(SAID) == np.array(Y)


def test_the_figures_are_those_of_the_manifest(trained: Trained) -> None:
    assert trained.card
    known = trained.card.axes["section"].metrics
    for name, value in trained.manifest.metrics.items():
        if name != "held_out_n":
            assert known[name.removeprefix("held_out_")].value == pytest.approx(value)


def test_the_figures_are_those_that_evaluate_tells() -> None:
    assert CARD.metrics["accuracy"].value == pytest.approx(RIGHT.mean())
    assert CARD.metrics["macro_f1"].value == pytest.approx(macro_f1(Y, SAID))
    assert CARD.metrics["ece"].value == expected_calibration_error(HELD_OUT.max(axis=1), RIGHT)
    assert CARD.metrics["top3_accuracy"].value == 1


def test_more_cases_make_intervals_narrower() -> None:
    few = card_of(Y[:40], HELD_OUT[:40])
    for name in ("accuracy", "macro_f1", "ece"):
        narrow, wide = CARD.metrics[name], few.metrics[name]
        assert 0 <= narrow.low < narrow.value < narrow.high <= 1
        assert narrow.high - narrow.low < wide.high - wide.low


def test_a_macro_f1_of_the_same_kind_of_cases_lies_in_the_interval_mostly() -> None:
    whole, inside = CARD.metrics["macro_f1"].value, 0
    for at in range(40):
        rows = np.random.default_rng(at).integers(0, 300, 100)
        card = card_of([Y[row] for row in rows], HELD_OUT[rows])
        inside += card.metrics["macro_f1"].low <= whole <= card.metrics["macro_f1"].high
    assert inside >= 34  # 95 % would be 38


def test_the_same_cases_make_the_same_card() -> None:
    assert card_of(Y, HELD_OUT) == CARD


def test_bins_hold_every_case_and_add_up_to_the_calibration_error() -> None:
    assert sum(found.n for found in CARD.calibration) == 300
    gaps = [found.n * abs(found.right.value - found.probability) for found in CARD.calibration]
    assert sum(gaps) / 300 == pytest.approx(CARD.metrics["ece"].value)
    assert all(found.start <= found.probability <= found.end for found in CARD.calibration)


def test_covering_fewer_is_covering_the_surest() -> None:
    assert [point.share for point in CARD.coverage] == [1.0, 0.9, 0.8, 0.7, 0.6]
    assert [point.n for point in CARD.coverage] == [300, 270, 240, 210, 180]
    ranked = np.sort(HELD_OUT.max(axis=1))[::-1]
    assert [point.least for point in CARD.coverage] == [ranked[point.n - 1] for point in CARD.coverage]
    for point in CARD.coverage:
        wanted = accuracy_at_coverage(HELD_OUT.max(axis=1), RIGHT, point.share)
        assert point.right.value == pytest.approx(wanted)


def test_confusions_come_most_frequent_first_and_count_every_error() -> None:
    counts = [confusion.n for confusion in CARD.confusions]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == int((~RIGHT).sum())
    assert all(confusion.true != confusion.said for confusion in CARD.confusions)


def test_each_label_tells_what_it_was_given_and_what_it_took() -> None:
    card = card_of(["a", "a", "b"], np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]]), ["a", "b"])
    assert (card.labels["a"].cases, card.labels["a"].right, card.labels["a"].said) == (2, 1, 1)
    assert (card.labels["b"].recall, card.labels["b"].precision) == (1.0, 0.5)
    assert card.confusions == (Confusion("a", "b", 1),)


def test_with_very_many_labels_only_the_first_confusions_are_kept() -> None:
    labels = [f"{at:03}" for at in range(150)]
    wrong = np.roll(np.eye(150), 1, axis=1)
    assert len(card_of(labels, wrong, labels).confusions) == 100


def test_without_held_out_cases_only_counts_are_told() -> None:
    card = card_of(["a"], np.zeros((0, 2)), ["a", "b"])
    assert (card.cases, card.descriptions, card.held_out, card.metrics) == (1, 3, 0, {})
    assert {label: count.cases for label, count in card.labels.items()} == {"a": 1, "b": 0}


def test_one_held_out_case_says_next_to_nothing() -> None:
    card = card_of(["a"], np.array([[0.8, 0.2]]), ["a", "b"])
    assert (card.metrics["macro_f1"].low, card.metrics["macro_f1"].high) == (0, 1)
    assert card.metrics["accuracy"].low < 0.3


def test_all_right_is_not_surely_all_right() -> None:
    found = share_estimate(np.ones(20, dtype=bool))
    assert found.value == 1
    assert found.low == pytest.approx(0.839, abs=0.001)  # Wilson's, by hand: n / (n + z²)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_any_probabilities_can_be_binned(cases: list[tuple[float, bool]]) -> None:
    probability, right = np.array([p for p, _ in cases]), np.array([r for _, r in cases])
    bins = calibration(probability, right)
    assert sum(found.n for found in bins) == len(cases)
    assert all(0 <= found.right.low <= found.right.value <= found.right.high <= 1 for found in bins)


def test_a_card_tells_years_and_what_was_left_out() -> None:
    odd = [Proposal(title="没有日期", section="municipal"), Proposal(title="没有股室")]
    known = to_history([*CASES, *odd], None)
    card = train(History(known.cases, known.proposals, {"老股": 3}, known.unlabelled)).card
    assert card
    assert (card.years, card.undated) == ({"2020": 4, "2021": 4, "2022": 4}, 1)
    assert (card.left_out.unlabelled, card.left_out.unknown_labels) == (1, {"老股": 3})


def test_a_card_has_an_axis_for_topics_where_there_are_topics(trained: Trained) -> None:
    assert trained.card
    topics = trained.card.axes["topic"]
    assert {label: count.cases for label, count in topics.labels.items()}["lifts"] == 2


def test_with_dates_enough_later_cases_are_judged_by_earlier_models() -> None:
    first = date(2020, 1, 1)
    copies = [
        dataclasses.replace(
            case, body=f"{case.body}{letter}", received_on=first + timedelta(days=12 * at + day)
        )
        for at, letter in enumerate("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥")
        for day, case in enumerate(CASES)
    ]
    card = train(to_history(copies, None)).card
    assert card
    assert card.ahead
    assert 150 < card.ahead.held_out < len(copies)
    assert card.ahead.metrics["accuracy"].value > 0.8
    assert card.axes["section"].held_out == len(copies)


def test_too_few_cases_are_not_judged_ahead(trained: Trained) -> None:
    assert trained.card
    assert trained.card.ahead is None


def test_no_text_of_a_case_is_in_a_card(trained: Trained) -> None:
    told = json.dumps(as_json(trained.card), ensure_ascii=False)
    assert not any(case.title in told or case.body[:8] in told for case in CASES)
