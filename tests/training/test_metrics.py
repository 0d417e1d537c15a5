from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, precision_score, recall_score

from training.metrics import (
    accuracy_at_coverage,
    expected_calibration_error,
    macro_f1,
    set_scores,
    share,
)

labels = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1)
judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50)
sets = st.frozensets(st.sampled_from("abcd"))


def columns(pairs: Sequence[tuple[Any, Any]]) -> tuple[np.ndarray, np.ndarray]:
    first, second = zip(*pairs, strict=True)
    return np.array(first), np.array(second)


@given(labels)
def test_macro_f1_is_scikit_learns_over_the_labels_that_occur(pairs: list[tuple[str, str]]) -> None:
    true, given_ = columns(pairs)
    expected = f1_score(true, given_, labels=sorted(set(true)), average="macro", zero_division=0)
    assert macro_f1(true.tolist(), given_.tolist()) == pytest.approx(expected)


def test_a_label_never_given_costs_its_share_of_macro_f1() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "x"]) == pytest.approx(0.5)


@given(judged)
def test_calibration_error_is_between_zero_and_one(pairs: list[tuple[float, bool]]) -> None:
    assert 0 <= expected_calibration_error(*columns(pairs)) <= 1


@given(judged)
def test_calibration_error_agrees_with_scikit_learns_bins(pairs: list[tuple[float, bool]]) -> None:
    probability, right = columns(pairs)
    inside = ~np.isin(probability * 15, np.arange(16))  # which bin an edge falls into is a convention
    probability, right = probability[inside], right[inside]
    if not len(right):
        return
    share_right, stated = calibration_curve(right, probability, n_bins=15)
    size = np.histogram(probability, bins=15, range=(0, 1))[0]
    expected = float(np.abs(share_right - stated) @ size[size > 0]) / len(right)
    assert expected_calibration_error(probability, right) == pytest.approx(expected)


def test_calibration_error_of_the_certain_and_of_nobody() -> None:
    assert expected_calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0
    assert expected_calibration_error(np.array([1.0]), np.array([False])) == 1
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) == 0


@given(judged)
def test_accuracy_on_all_cases_is_the_accuracy(pairs: list[tuple[float, bool]]) -> None:
    probability, right = columns(pairs)
    assert accuracy_at_coverage(probability, right, 1.0) == pytest.approx(right.mean())


def test_accuracy_on_the_surest_leaves_out_the_least_sure() -> None:
    probability = np.array([0.1, 0.9, 0.8, 0.7, 0.6])
    right = np.array([False, True, True, True, False])
    assert accuracy_at_coverage(probability, right, 0.8) == pytest.approx(0.75)
    assert accuracy_at_coverage(probability, right, 0.0) == 1.0


@given(st.lists(st.tuples(sets, sets), min_size=1))
def test_set_scores_are_scikit_learns(pairs: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    true = np.array([[label in t for label in "abcd"] for t, _ in pairs])
    named = np.array([[label in g for label in "abcd"] for _, g in pairs])
    found = set_scores([set(t) for t, _ in pairs], [set(g) for _, g in pairs])
    assert found["precision"] == pytest.approx(precision_score(true, named, average="micro", zero_division=1))
    assert found["recall"] == pytest.approx(recall_score(true, named, average="micro", zero_division=1))
    assert found["set_f1"] == pytest.approx(f1_score(true, named, average="samples", zero_division=1))


def test_the_share_of_nothing_is_unknown() -> None:
    assert share([]) is None
    assert share(np.array([True, False])) == 0.5
