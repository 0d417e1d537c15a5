from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from models.calibration import DEFAULT_TEMPERATURE, fit_temperature, to_probabilities

scores_of = st.integers(2, 6).flatmap(
    lambda classes: st.lists(
        st.lists(st.floats(-1e6, 1e6), min_size=classes, max_size=classes), min_size=1, max_size=6
    ).map(np.array)
)


@given(scores_of, st.floats(0.1, 50))
def test_probabilities_are_probabilities(scores: np.ndarray, temperature: float) -> None:
    probabilities = to_probabilities(scores, temperature)
    assert np.isfinite(probabilities).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert probabilities.sum(axis=1) == pytest.approx(1)


@given(scores_of, st.floats(0.1, 50))
def test_a_temperature_never_changes_which_label_is_first(scores: np.ndarray, temperature: float) -> None:
    probabilities = to_probabilities(scores, temperature)
    first = probabilities[np.arange(len(scores)), scores.argmax(axis=1)]
    assert first == pytest.approx(probabilities.max(axis=1))


def drawn(temperature: float, n: int = 4000, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return scores, and labels drawn from what a temperature makes of them."""
    random = np.random.default_rng(1)
    scores = random.normal(size=(n, classes))
    cumulated = to_probabilities(scores, temperature).cumsum(axis=1)
    return scores, (cumulated < random.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 8.0, 20.0])
def test_the_temperature_that_made_the_labels_is_found(temperature: float) -> None:
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.15)


def test_fitted_probabilities_mean_what_they_say() -> None:
    scores, target = drawn(3.0)
    probabilities = to_probabilities(scores, fit_temperature(scores, target))
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == target
    for low, high in ((0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        between = (sure >= low) & (sure < high)
        assert right[between].mean() == pytest.approx(sure[between].mean(), abs=0.05)


def test_a_handful_of_cases_does_not_make_the_temperature_extreme() -> None:
    all_right = np.array([[1.0, -1.0]] * 3), np.zeros(3, dtype=int)
    all_wrong = np.array([[1.0, -1.0]] * 3), np.ones(3, dtype=int)
    assert DEFAULT_TEMPERATURE < fit_temperature(*all_right) < 2 * DEFAULT_TEMPERATURE
    assert DEFAULT_TEMPERATURE / 4 < fit_temperature(*all_wrong) < DEFAULT_TEMPERATURE


def test_without_cases_the_default_holds() -> None:
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=int)) == DEFAULT_TEMPERATURE


def test_fitting_makes_the_labels_likelier_than_the_default_does() -> None:
    scores, target = drawn(1.0)

    def likelihood(temperature: float) -> float:
        return float(log_softmax(temperature * scores, axis=1)[np.arange(len(target)), target].sum())

    assert likelihood(fit_temperature(scores, target)) > likelihood(DEFAULT_TEMPERATURE)


def test_a_class_of_one_case_takes_part() -> None:
    scores = np.array([[1.0, 0.2, -1.0], [0.8, -0.5, -1.0], [-1.0, 0.1, 0.9]])
    assert 0.1 <= fit_temperature(scores, np.array([0, 0, 2])) <= 50
