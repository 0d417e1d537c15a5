"""Training cases judged by models that never learned them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, TimeSeriesSplit

from router.errors import TrainingError
from router.interfaces import Classifier

__all__ = ["HeldOut", "Refit", "held_out_probabilities", "judged_ahead", "left_out"]

Refit = Callable[[Sequence[str], Sequence[str]], Classifier]
"""Trains a classifier equal to the one that was fitted, on fewer cases."""

_FOLDS = 5
_BLOCKS = 4
"""The cases after the first fifth are judged, in four blocks: together two fits of the whole."""

_FEWEST_DATED = 250
"""With fewer, the judged ones are too few for a threshold and the first model learns from a handful."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Probabilities of cases by models that never learned them.

    Parameters
    ----------
    probabilities : ndarray, shape (n_judged, n_classes)
    target : ndarray of int, shape (n_judged,)
        Column of the true class.
    known : ndarray of bool, shape (n_judged,)
        Whether the judging model had learned the true class at all.
    rows : ndarray of int, shape (n_judged,)
        Which of the training cases they are; empty where nobody asks.
    """

    probabilities: NDArray[np.float64]
    target: NDArray[np.int64]
    known: NDArray[np.bool_]
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@runtime_checkable
class _KeepsHeldOut(Protocol):
    """A classifier that has them from its own fit."""

    held_out_proba_: NDArray[np.float64]


def held_out_probabilities(
    fitted: Classifier, refit: Refit, texts: Sequence[str], y: Sequence[str]
) -> NDArray[np.float64]:
    """Return held-out probabilities of the training cases.

    Parameters
    ----------
    fitted : Classifier
        Trained on all of them; asked first, because some classifiers have
        leave-one-out probabilities for free.
    refit : callable
    texts, y : sequence of str

    Returns
    -------
    ndarray, shape (n_texts, n_classes)
        In the order of ``fitted.classes_``; zero for a class that a fold
        never saw.
    """
    if isinstance(fitted, _KeepsHeldOut):
        return fitted.held_out_proba_
    classes = fitted.classes_.tolist()
    probabilities = np.zeros((len(texts), len(classes)))
    if len(texts) < 2 * _FOLDS:
        return probabilities[:0]
    for learn, judge in KFold(_FOLDS, shuffle=True, random_state=0).split(texts):
        part = refit([texts[i] for i in learn], [y[i] for i in learn])
        probabilities[judge] = _judged_by(part, [texts[i] for i in judge], classes)
    return probabilities


def left_out(probabilities: NDArray[np.float64], target: NDArray[np.int64]) -> HeldOut:
    """Return held-out probabilities of all cases; the only case of a class was judged without it."""
    return HeldOut(probabilities, target, np.bincount(target)[target] > 1 if len(target) else target > 0)


def judged_ahead(
    classes: Sequence[str],
    refit: Refit,
    texts: Sequence[str],
    y: Sequence[str],
    days: Sequence[date | None],
) -> HeldOut | None:
    """Judge later cases by models of the earlier ones, as the office will.

    A case left out of its own year is easier than one of next year: the same
    matters come back within a year. What came on one day is learned or judged
    as a whole.

    Parameters
    ----------
    classes : sequence of str
        Columns of the probabilities.
    refit : callable
    texts, y : sequence of str
    days : sequence of date or None
        When each case was received; one without is always learned and never
        judged.

    Returns
    -------
    HeldOut or None
        None where too few cases are dated, fewer than half, or nearly all
        on one day.

    References
    ----------
    Tashman, "Out-of-sample tests of forecasting accuracy: an analysis and
    review", International Journal of Forecasting 16 (2000): rolling origin.
    """
    when = sorted((day, at) for at, day in enumerate(days) if day is not None)
    dates = len({day for day, _ in when})
    if len(when) < max(_FEWEST_DATED, len(days) / 2) or dates <= _BLOCKS:
        return None
    dated, in_order = np.array([at for _, at in when]), np.array([day.toordinal() for day, _ in when])
    undated = np.array([at for at, day in enumerate(days) if day is None], dtype=np.int64)
    column = {label: at for at, label in enumerate(classes)}
    found: list[HeldOut] = []
    for begin, end in _blocks(in_order):
        learned, judged = [*undated, *dated[:begin]], dated[begin:end]
        if len({y[i] for i in learned}) < 2:
            continue  # nothing to tell apart yet
        try:
            part = refit([texts[i] for i in learned], [y[i] for i in learned])
        except TrainingError:
            continue  # the first cases hold no word
        known = set(part.classes_.tolist())
        found.append(
            HeldOut(
                _judged_by(part, [texts[i] for i in judged], classes),
                np.array([column[y[i]] for i in judged], dtype=np.int64),
                np.array([y[i] in known for i in judged]),
                judged,
            )
        )
    return _together(found) if found else None


def _blocks(days: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return where each block of judged cases begins and ends, at a change of day."""
    begins = [judge[0] for _, judge in TimeSeriesSplit(_BLOCKS).split(days)]
    cuts = np.unique([*np.searchsorted(days, days[np.array(begins) - 1], side="right"), len(days)])
    return [(int(begin), int(end)) for begin, end in pairwise(cuts)]


def _judged_by(part: Classifier, texts: Sequence[str], classes: Sequence[str]) -> NDArray[np.float64]:
    """Return probabilities in the order of `classes`, zero where `part` doesn't know one."""
    column = {label: at for at, label in enumerate(classes)}
    probabilities = np.zeros((len(texts), len(classes)))
    probabilities[:, [column[label] for label in part.classes_.tolist()]] = part.predict_proba(texts)
    return probabilities


def _together(parts: Sequence[HeldOut]) -> HeldOut:
    return HeldOut(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.known for part in parts]),
        np.concatenate([part.rows for part in parts]),
    )
