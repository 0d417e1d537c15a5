from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.site import Settings
from training.thresholds import find_thresholds, precision_threshold

judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@given(judged, st.floats(0, 1))
def test_above_the_threshold_the_promise_is_kept(pairs: list[tuple[float, bool]], target: float) -> None:
    score, right = (np.array(column) for column in zip(*pairs, strict=True))
    threshold = precision_threshold(score, right, target)
    if threshold is not None:
        above = right[score >= threshold]
        assert len(above) >= 20
        assert above.mean() >= target


def test_the_threshold_is_about_the_lowest_that_keeps_it() -> None:
    score = np.linspace(0, 1, 10_001)
    assert precision_threshold(score, score >= 0.5, 0.9) == pytest.approx(0.45, abs=0.02)
    assert precision_threshold(score, score >= 0.5, 0.4) == 0.0


def test_few_cases_must_do_better_to_promise_the_same() -> None:
    few, many = (
        precision_threshold(s, s >= 0.5, 0.9) for s in (np.linspace(0, 1, 101), np.linspace(0, 1, 9_001))
    )
    assert few is not None
    assert many is not None
    assert few >= many


def test_cases_of_one_score_stand_or_fall_together() -> None:
    score = np.array([0.9] * 30 + [0.5] * 30)
    right = np.array([True] * 30 + [True] * 20 + [False] * 10)
    assert precision_threshold(score, right, 0.9) == pytest.approx(0.9)


def test_too_few_cases_can_promise_nothing() -> None:
    assert precision_threshold(np.ones(19), np.ones(19, dtype=bool), 0.9) is None
    assert precision_threshold(np.ones(40), np.zeros(40, dtype=bool), 0.9) is None
    assert precision_threshold(np.zeros(0), np.zeros(0, dtype=bool), 0.9) is None


def sample(n: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of a calibrated model of three labels, and the true columns."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.4, 0.4, 0.4], size=n)
    return probabilities, (probabilities.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)


def test_thresholds_keep_the_sites_promises_on_the_held_out_cases() -> None:
    probabilities, target = sample(4000)
    settings = Settings(precision_target=0.9, not_ours_precision=0.85)
    found = find_thresholds(probabilities, target, ["a", "b", "out:x"], settings)
    back = probabilities[:, 2] >= found["not_ours"]
    assert (target == 2)[back].mean() >= 0.85
    inside = probabilities[:, :2]
    sure = ~back & (inside.max(axis=1) >= found["accept"])
    assert (inside.argmax(axis=1) == target)[sure].mean() >= 0.9


def test_the_prediction_set_holds_the_true_label_as_often_as_promised() -> None:
    found = find_thresholds(*sample(), ["a", "b", "c"], Settings())
    probabilities, target = sample(4000, seed=4)
    held = probabilities[np.arange(4000), target] >= found["set"]
    assert held.mean() == pytest.approx(0.95, abs=0.02)


def test_without_outside_units_nothing_goes_back() -> None:
    assert "not_ours" not in find_thresholds(*sample(), ["a", "b", "c"], Settings())
    assert "not_ours" not in find_thresholds(*sample(), ["out:a", "out:b", "out:c"], Settings())


def test_without_held_out_cases_the_router_keeps_its_defaults() -> None:
    assert find_thresholds(np.zeros((0, 3)), np.zeros(0, dtype=int), ["a", "b", "c"], Settings()) == {}


def test_a_handful_of_cases_sets_no_bar() -> None:
    probabilities, target = sample(10)
    found = find_thresholds(probabilities, target, ["a", "b", "out:x"], Settings())
    assert "accept" not in found
    assert "not_ours" not in found
    assert found["set"] == 0.0


def test_where_no_threshold_keeps_the_promise_nothing_reaches_the_one_returned() -> None:
    random = np.random.default_rng(5)
    guesses, target = random.dirichlet([1, 1, 1], size=600), random.integers(3, size=600)
    assert find_thresholds(guesses, target, ["a", "b", "c"], Settings())["accept"] > 1
    assert find_thresholds(*sample(2000), ["a", "b", "c"], Settings(precision_target=1.0))["accept"] > 1
