from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.classifier import RidgeTextClassifier
from router.interfaces import Classifier
from tests.sample import CASES
from training.held_out import held_out_probabilities

from .naive_bayes import NaiveBayes

TEXTS, LABELS = [c.text for c in CASES], [c.section for c in CASES]


def refit(texts: Sequence[str], labels: Sequence[str]) -> Classifier:
    return NaiveBayes().fit(texts, labels)


def test_a_classifier_that_keeps_them_is_asked() -> None:
    fitted = RidgeTextClassifier().fit(TEXTS, LABELS)

    def never(*_: object) -> Classifier:
        raise AssertionError

    assert held_out_probabilities(fitted, never, TEXTS, LABELS) is fitted.held_out_proba_


def test_another_is_trained_again_without_the_cases_it_judges() -> None:
    seen: list[set[str]] = []

    def watched(texts: Sequence[str], labels: Sequence[str]) -> Classifier:
        seen.append(set(texts))
        return refit(texts, labels)

    found = held_out_probabilities(NaiveBayes().fit(TEXTS, LABELS), watched, TEXTS, LABELS)
    assert found.shape == (12, 3)
    assert found.sum(axis=1) == pytest.approx(1)
    assert [sum(text not in learned for learned in seen) for text in TEXTS] == [1] * 12


def test_a_label_that_a_fold_never_saw_has_no_chance_there() -> None:
    labels = [*LABELS[:-1], "single"]
    fitted = NaiveBayes().fit(TEXTS, labels)
    found = held_out_probabilities(fitted, refit, TEXTS, labels)
    assert found[-1, fitted.classes_.tolist().index("single")] == 0
    assert np.isfinite(found).all()


def test_a_handful_of_cases_gives_none() -> None:
    found = held_out_probabilities(NaiveBayes().fit(TEXTS[:6], LABELS[:6]), refit, TEXTS[:6], LABELS[:6])
    assert found.shape == (0, 2)


def test_they_say_how_a_model_does_on_cases_it_never_saw() -> None:
    random = np.random.default_rng(0)
    noise = ["".join(random.choice(list("路灯污水管网电梯物业"), 6)) for _ in range(60)]
    labels = random.choice(["a", "b"], 60).tolist()
    fitted = NaiveBayes().fit(noise, labels)
    held_out = held_out_probabilities(fitted, refit, noise, labels)
    target = np.array([fitted.classes_.tolist().index(label) for label in labels])
    assert (held_out.argmax(axis=1) == target).mean() < (
        fitted.predict_proba(noise).argmax(axis=1) == target
    ).mean()
