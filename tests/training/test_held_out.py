from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from models.classifier import RidgeTextClassifier
from router.errors import TrainingError
from router.interfaces import Classifier
from tests.sample import CASES
from training.held_out import held_out_probabilities, judged_ahead

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


START = date(2016, 1, 1)
KINDS = {"lamps": "路灯不亮", "drains": "污水管堵", "roads": "路面坑洼"}


def dated(n: int, newest: str = "") -> tuple[list[str], list[str], list[date | None]]:
    """Return cases of one a week; the last fiftieth are of a label that is new by then."""
    y = [list(KINDS)[i % 3] for i in range(n)]
    texts = [f"{KINDS[label]}{i}" for i, label in enumerate(y)]
    if newest:
        y[-n // 50 :] = [newest] * (n // 50)
    return texts, y, [START + timedelta(weeks=i) for i in range(n)]


def test_later_cases_are_judged_by_models_of_earlier_ones_only() -> None:
    texts, y, days = dated(300)
    shuffled = np.random.default_rng(0).permutation(300)
    learned: list[set[int]] = []

    def watched(some: Sequence[str], labels: Sequence[str]) -> Classifier:
        learned.append({texts.index(text) for text in some})
        return refit(some, labels)

    ahead = judged_ahead(
        sorted(KINDS),
        watched,
        [texts[i] for i in shuffled],
        [y[i] for i in shuffled],
        [days[i] for i in shuffled],
    )
    assert ahead is not None
    assert [learn == set(range(60 * at)) for at, learn in enumerate(learned, 1)] == [True] * 4
    assert len(ahead.target) == 240
    assert ahead.probabilities.sum(axis=1) == pytest.approx(1)
    assert (ahead.probabilities.argmax(axis=1) == ahead.target).mean() > 0.9


def test_a_label_that_is_new_in_a_later_year_is_told_as_unknown() -> None:
    texts, y, days = dated(300, newest="elevators")
    ahead = judged_ahead(["elevators", *sorted(KINDS)], refit, texts, y, days)
    assert ahead is not None
    assert ahead.known.tolist() == [True] * 234 + [False] * 6
    assert ahead.probabilities[~ahead.known, 0].tolist() == [0.0] * 6


def test_cases_without_a_date_are_learned_and_not_judged() -> None:
    texts, y, days = dated(320)
    ahead = judged_ahead(sorted(KINDS), refit, texts, y, [None] * 20 + days[20:])
    assert ahead is not None
    assert len(ahead.target) == 240


def test_where_dates_do_not_tell_later_from_earlier_nothing_is_judged() -> None:
    texts, y, days = dated(300)
    assert judged_ahead(sorted(KINDS), refit, texts, y, [None] * 300) is None
    assert judged_ahead(sorted(KINDS), refit, texts, y, [START] * 300) is None
    assert judged_ahead(sorted(KINDS), refit, texts[:200], y[:200], days[:200]) is None
    many = dated(600)
    assert judged_ahead(sorted(KINDS), refit, many[0], many[1], [*many[2][:280], *[None] * 320]) is None


def test_a_beginning_of_one_label_is_learned_with_what_follows() -> None:
    texts, y, days = dated(300)
    y[:100] = ["lamps"] * 100
    learned: list[int] = []

    def watched(some: Sequence[str], labels: Sequence[str]) -> Classifier:
        learned.append(len(some))
        return refit(some, labels)

    ahead = judged_ahead(sorted(KINDS), watched, texts, y, days)
    assert ahead is not None
    assert (learned, len(ahead.target)) == ([120, 180, 240], 180)


def test_a_beginning_without_a_word_is_skipped() -> None:
    texts, y, days = dated(300)

    def picky(some: Sequence[str], labels: Sequence[str]) -> Classifier:
        if len(some) < 100:
            raise TrainingError("训练文本里没有可用的文字")
        return refit(some, labels)

    ahead = judged_ahead(sorted(KINDS), picky, texts, y, days)
    assert ahead is not None
    assert len(ahead.target) == 180


def test_what_came_on_one_day_is_learned_or_judged_as_a_whole() -> None:
    texts, y, _ = dated(300)
    days = [START.replace(year=START.year + i // 50) for i in range(300)]  # 交办 once a year
    learned: list[int] = []

    def watched(some: Sequence[str], labels: Sequence[str]) -> Classifier:
        learned.append(len(some))
        return refit(some, labels)

    ahead = judged_ahead(sorted(KINDS), watched, texts, y, list(days))
    assert ahead is not None
    assert (learned, len(ahead.target)) == ([100, 150, 200, 250], 200)
