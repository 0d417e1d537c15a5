"""The figures by which a model is judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

__all__ = [
    "BINS",
    "accuracy_at_coverage",
    "bin_of",
    "expected_calibration_error",
    "macro_f1",
    "set_scores",
    "share",
]

BINS = 15


def share(right: Sequence[bool] | NDArray[np.bool_]) -> float | None:
    """Return the share that is true, None of nothing.

    Examples
    --------
    >>> share([True, True, False, True])
    0.75
    """
    return float(np.mean(right)) if len(right) else None


def bin_of(probability: NDArray[np.float64], bins: int = BINS) -> NDArray[np.int64]:
    """Return in which of `bins` of equal width each probability lies.

    Examples
    --------
    >>> bin_of(np.array([0.0, 0.5, 1.0])).tolist()
    [0, 7, 14]
    """
    found: NDArray[np.int64] = np.minimum((probability * bins).astype(np.int64), bins - 1)
    return found


def expected_calibration_error(
    probability: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Return how far stated probabilities are from what happens, on average.

    Parameters
    ----------
    probability : ndarray, shape (n,)
        Of the top label.
    right : ndarray of bool, shape (n,)
    bins : int
        Of equal width.

    Returns
    -------
    float
        Between 0 and 1.

    References
    ----------
    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015.

    Examples
    --------
    >>> expected_calibration_error(np.array([1.0, 1.0]), np.array([True, False]))
    0.5
    """
    if not len(right):
        return 0.0
    box = bin_of(probability, bins)
    size = np.bincount(box, minlength=bins)
    gap = np.bincount(box, weights=right - probability, minlength=bins)
    return float(np.abs(gap).sum() / size.sum())


def accuracy_at_coverage(
    probability: NDArray[np.float64], right: NDArray[np.bool_], coverage: float
) -> float:
    """Return the accuracy on the share of cases the model is surest of.

    Examples
    --------
    >>> accuracy_at_coverage(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]), 0.67)
    1.0
    """
    surest = np.argsort(-probability, kind="stable")[: max(1, int(len(right) * coverage))]
    return float(right[surest].mean())


def macro_f1(true: Sequence[str], given: Sequence[str]) -> float:
    """Return the F1 averaged over the labels that truly occur."""
    labels = sorted(set(true))
    return float(f1_score(true, given, labels=labels, average="macro", zero_division=0))


def set_scores(true: Sequence[set[str]], given: Sequence[set[str]]) -> dict[str, float]:
    """Return precision, recall and mean F1 of sets of labels.

    Two empty sets agree fully.

    Examples
    --------
    >>> set_scores([{"a"}], [{"a", "b"}])["precision"]
    0.5
    """
    hits = sum(len(t & g) for t, g in zip(true, given, strict=True))
    n_given, n_true = sum(map(len, given)), sum(map(len, true))
    each = [2 * len(t & g) / (len(t) + len(g)) if t or g else 1.0 for t, g in zip(true, given, strict=True)]
    return {
        "precision": hits / n_given if n_given else 1.0,
        "recall": hits / n_true if n_true else 1.0,
        "set_f1": float(np.mean(each)) if each else 1.0,
    }
