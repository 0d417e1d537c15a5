"""Thresholds that keep a promise, found on held-out probabilities of the very model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from router.site import Settings, is_outside

__all__ = ["find_thresholds", "precision_threshold"]

_LEAST_CASES = 20
"""With fewer held-out cases above a threshold a precision can't be told."""

_TELLING_CASES = 50
"""With fewer right ones no share near .95 can be told, so none is promised or denied."""

_NEVER = 1.01
_SET_COVERAGE = 0.95
_Z = 1.2816
"""Of the normal distribution, one-sided 90 %."""


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
        ``not_ours``. With fewer than fifty right cases they are left out, and
        the router's defaults hold; where enough cases show that no threshold
        keeps the promise, nothing reaches the one returned.
    """
    found: dict[str, float] = {}
    if not len(target):
        return found
    true_probability = probabilities[np.arange(len(target)), target]
    found["set"] = _conformal(true_probability)
    outside = np.array([is_outside(label) for label in labels])
    kept = np.ones(len(target), dtype=bool)
    if outside.any() and not outside.all():
        share_outside = probabilities[:, outside].sum(axis=1)
        found |= _promised("not_ours", share_outside, outside[target], settings.not_ours_precision)
        # what goes back is no longer handed to a section
        kept = share_outside < found.get("not_ours", _NEVER)
        probabilities = np.where(outside, -1.0, probabilities)
    best = probabilities[kept].argmax(axis=1)
    score = probabilities[kept].max(axis=1)
    return found | _promised("accept", score, best == target[kept], settings.precision_target)


def _promised(
    name: str, score: NDArray[np.float64], right: NDArray[np.bool_], target: float
) -> dict[str, float]:
    """Return the threshold; one that nothing reaches where enough cases show that none keeps the promise."""
    if right.sum() < _TELLING_CASES:
        return {}
    found = precision_threshold(score, right, target)
    return {name: _NEVER if found is None else found}


def precision_threshold(score: NDArray[np.float64], right: NDArray[np.bool_], target: float) -> float | None:
    """Return the lowest score from which on at least `target` of the cases are right.

    Next year's cases differ from last year's, and the threshold is picked to
    fit: so the lower bound of the precision must keep the promise.

    Returns
    -------
    float or None
        None where no threshold keeps the promise on twenty cases.

    References
    ----------
    Wilson, "Probable Inference, the Law of Succession, and Statistical
    Inference", JASA 22 (1927).

    Examples
    --------
    >>> score = np.linspace(0, 1, 101)
    >>> round(precision_threshold(score, score >= 0.4, 0.9), 2)
    0.37
    """
    order = np.argsort(-score, kind="stable")
    precision = _wilson_lower(np.cumsum(right[order]), np.arange(1, len(order) + 1))
    ranked = score[order]
    last_of_score = np.append(ranked[1:] < ranked[:-1], True)[: len(ranked)]  # equal scores go together
    kept = np.flatnonzero((precision >= target) & last_of_score)
    kept = kept[kept >= _LEAST_CASES - 1]
    return float(ranked[kept[-1]]) if len(kept) else None


def _wilson_lower(hits: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the lower bound of a share, below which it lies once in ten times."""
    share = hits / n
    spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    lower: NDArray[np.float64] = (share + _Z**2 / (2 * n) - spread) / (1 + _Z**2 / n)
    return lower


def _conformal(true_probability: NDArray[np.float64]) -> float:
    """Return the probability that all but one in twenty true labels reach.

    References
    ----------
    Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005.
    """
    n = len(true_probability)
    rank = int(np.floor((n + 1) * (1 - _SET_COVERAGE)))
    return float(np.sort(true_probability)[rank - 1]) if rank >= 1 else 0.0
