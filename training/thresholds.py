"""Thresholds that keep a promise, found on held-out probabilities of the very model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from router.site import Settings, is_outside

__all__ = ["find_thresholds", "precision_threshold"]

_LEAST_CASES = 20
"""With fewer held-out cases above a threshold a precision can't be told."""

_SET_COVERAGE = 0.95


def find_thresholds(
    probabilities: NDArray[np.float64], target: NDArray[np.int64], labels: list[str], settings: Settings
) -> dict[str, float]:
    """Return the thresholds that belong to a model.

    Parameters
    ----------
    probabilities : ndarray, shape (n_cases, n_labels)
        Held-out.
    target : ndarray of int, shape (n_cases,)
    labels : list of str
    settings : Settings

    Returns
    -------
    dict
        ``accept`` (from here on ``suggested``), ``set`` (labels from here on
        are in the prediction set) and, where there are outside units,
        ``not_ours``. Those that so few cases can't tell are left out, and
        the router's cautious defaults hold.
    """
    found: dict[str, float] = {}
    if not len(target):
        return found
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == target
    accept = precision_threshold(top, right, settings.precision_target)
    if accept is not None:
        found["accept"] = accept
    true_probability = probabilities[np.arange(len(target)), target]
    found["set"] = _conformal(true_probability)
    outside = np.array([is_outside(label) for label in labels])
    if outside.any() and not outside.all():
        not_ours = precision_threshold(
            probabilities[:, outside].sum(axis=1), outside[target], settings.not_ours_precision
        )
        if not_ours is not None:
            found["not_ours"] = not_ours
    return found


def precision_threshold(score: NDArray[np.float64], right: NDArray[np.bool_], target: float) -> float | None:
    """Return the lowest score from which on at least `target` of the cases are right.

    Returns
    -------
    float or None
        None where no threshold keeps the promise on twenty cases.

    Examples
    --------
    >>> score = np.linspace(0, 1, 101)
    >>> round(precision_threshold(score, score >= 0.4, 1.0), 2)
    0.4
    """
    order = np.argsort(-score, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    kept = np.flatnonzero(precision >= target)
    kept = kept[kept >= _LEAST_CASES - 1]
    return float(score[order[kept[-1]]]) if len(kept) else None


def _conformal(true_probability: NDArray[np.float64]) -> float:
    """Return the probability that all but one in twenty true labels reach.

    References
    ----------
    Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005.
    """
    n = len(true_probability)
    rank = int(np.floor((n + 1) * (1 - _SET_COVERAGE)))
    return float(np.sort(true_probability)[rank - 1]) if rank >= 1 else 0.0
