"""Working out a model's card from the probabilities of its held-out cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, bootstrap

from models.card import AxisCard, Bin, Card, Confusion, Covered, Estimate, LabelCount, LeftOut
from training.history import History
from training.metrics import BINS, bin_of, expected_calibration_error

__all__ = ["axis_card", "calibration", "make_card", "share_estimate"]

Matrix = NDArray[np.float64]

_COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6)
_MOST_LABELS = 100
"""With more labels only the most frequent confusions are kept."""

_MOST_CONFUSIONS = 100
_RESAMPLES = 499
_BATCH = 50  # of forty thousand positions each, a few megabytes


def make_card(
    history: History, axes: Mapping[str, AxisCard], background: int, ahead: AxisCard | None = None
) -> Card:
    """Put together what there is to tell of a model.

    Parameters
    ----------
    history : History
        The cases it learned.
    axes : mapping of str to AxisCard
    background : int
        How many texts without labels it was given.
    ahead : AxisCard or None
        Of later cases, judged by models of earlier ones.

    Returns
    -------
    Card
    """
    years = history.cases["year"].dropna().astype(int).value_counts().sort_index()
    return Card(
        axes=axes,
        years={str(year): int(n) for year, n in years.items()},
        undated=int(history.cases["year"].isna().sum()),
        co_cases=int(history.cases["co_sections"].map(bool).sum()),
        background=background,
        left_out=LeftOut(history.unlabelled, dict(history.unknown_labels), len(history.problems)),
        ahead=ahead,
    )


def axis_card(
    labels: Sequence[str],
    y: Sequence[str],
    held_out: Matrix,
    target: NDArray[np.int64],
    descriptions: int,
) -> AxisCard:
    """Tell how one axis did.

    Parameters
    ----------
    labels : sequence of str
        What it can say, in the order of the columns.
    y : sequence of str
        The labels of the cases it learned.
    held_out : ndarray, shape (n_held_out, n_labels)
        Probabilities of cases by models that had not learned them.
    target : ndarray of int, shape (n_held_out,)
        Columns of their true labels.
    descriptions : int
        How many it learned beside the cases.

    Returns
    -------
    AxisCard

    Examples
    --------
    >>> held_out = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> card = axis_card(["a", "b"], ["a", "b", "b"], held_out, np.array([0, 1, 1]), 0)
    >>> card.confusions
    (Confusion(true='b', said='a', n=1),)
    """
    order = np.argsort(-held_out, axis=1)[:, :3]
    said = order[:, 0]
    cases = Counter(y)
    parts = [
        np.bincount(each, minlength=len(labels)).tolist() for each in (target, target[said == target], said)
    ]
    counts = {
        label: LabelCount(cases[label], *numbers) for label, *numbers in zip(labels, *parts, strict=True)
    }
    if not len(target):
        return AxisCard(len(y), descriptions, 0, counts)
    probability, right = held_out.max(axis=1), said == target
    metrics = {
        "accuracy": share_estimate(right),
        "top3_accuracy": share_estimate((order == target[:, None]).any(axis=1)),
        "macro_f1": _resampled(len(target), lambda rows: _macro_f1(target[rows], said[rows], len(labels))),
        "ece": _resampled(
            len(target), lambda rows: expected_calibration_error(probability[rows], right[rows])
        ),
    }
    return AxisCard(
        cases=len(y),
        descriptions=descriptions,
        held_out=len(target),
        labels=counts,
        metrics=metrics,
        calibration=calibration(probability, right),
        coverage=_coverage(probability, right),
        confusions=_confusions(labels, target, said),
    )


def share_estimate(right: NDArray[np.bool_]) -> Estimate:
    """Return the share that is true, with Wilson's 95 % interval.

    Examples
    --------
    >>> found = share_estimate(np.array([True] * 9 + [False]))
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.9, 0.6, 0.98)
    """
    hits, n = int(right.sum()), len(right)
    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return Estimate(hits / n, float(interval.low), float(interval.high))


def calibration(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Compare what was stated with what was right, in the bins of the expected calibration error.

    Parameters
    ----------
    probability : ndarray, shape (n,)
        Of the best label.
    right : ndarray of bool, shape (n,)

    Returns
    -------
    tuple of Bin
        Without the empty ones.

    Examples
    --------
    >>> [found] = calibration(np.array([0.91, 0.93]), np.array([True, False]))
    >>> found.n, round(found.probability, 2), found.right.value
    (2, 0.92, 0.5)
    """
    box = bin_of(probability)
    return tuple(
        Bin(
            at / BINS,
            (at + 1) / BINS,
            int((box == at).sum()),
            float(probability[box == at].mean()),
            share_estimate(right[box == at]),
        )
        for at in np.unique(box).tolist()
    )


def _coverage(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[Covered, ...]:
    order = np.argsort(-probability, kind="stable")
    found = []
    for share in _COVERAGES:
        surest = order[: max(1, int(len(order) * share))]
        least = float(probability[surest[-1]])
        found.append(Covered(share, len(surest), least, share_estimate(right[surest])))
    return tuple(found)


def _confusions(
    labels: Sequence[str], target: NDArray[np.int64], said: NDArray[np.int64]
) -> tuple[Confusion, ...]:
    wrong = said != target
    pairs = Counter(zip(target[wrong].tolist(), said[wrong].tolist(), strict=True))
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = ranked if len(labels) <= _MOST_LABELS else ranked[:_MOST_CONFUSIONS]
    return tuple(Confusion(labels[true], labels[given], n) for (true, given), n in kept)


def _macro_f1(true: NDArray[np.int64], said: NDArray[np.int64], n_labels: int) -> float:
    """Return what `training.metrics.macro_f1` does, fast enough for hundreds of resamples."""
    hits = np.bincount(true[true == said], minlength=n_labels)
    n_true, n_said = np.bincount(true, minlength=n_labels), np.bincount(said, minlength=n_labels)
    occurs = n_true > 0
    return float((2 * hits[occurs] / (n_true + n_said)[occurs]).mean())


def _resampled(n: int, statistic: Callable[[NDArray[np.int64]], float]) -> Estimate:
    """Return a figure over `n` cases with its basic bootstrap interval.

    The basic interval, because both figures are off in one direction on resamples:
    rare labels go missing from them, and they add noise to every bin.

    References
    ----------
    Davison, Hinkley, "Bootstrap Methods and their Application", 1997, section 5.2.
    """
    value = statistic(np.arange(n))
    if n < 2:
        return Estimate(value, 0.0, 1.0)
    interval = bootstrap(
        (np.arange(n),),
        statistic,
        vectorized=False,
        method="basic",
        n_resamples=_RESAMPLES,
        batch=_BATCH,
        random_state=0,
    ).confidence_interval
    low, high = np.clip([interval.low, interval.high], 0.0, 1.0).tolist()
    return Estimate(value, min(low, value), max(high, value))
