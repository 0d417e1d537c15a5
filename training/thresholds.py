"""Thresholds that keep a promise, found on held-out probabilities of the very model.

What is promised is the share of right leads among the cases called
``suggested``. Measured on the sample (models of the years before 2020 ... 2025,
each judged on its year, 946 cases together; docs/model.md has the table):

- Cases left out of their own years promise too much: of a promise of .95
  they keep .940 on the next year. Later cases judged by models of the earlier
  ones (`training.held_out.judged_ahead`) keep .965; five to eight of a hundred
  cases more go to a person.
- A threshold for each section by its own cases alone is mostly noise: it costs
  another five to nine, and where it is drawn towards the common one and may be
  lower, the promise breaks (.944). So all sections share one bar on the odds
  of being right, and a section that led wrongly more often than its
  probabilities said has its odds divided by how many times more, drawn towards
  1 by `_PRIOR_WRONG`. That keeps the promise, lets a little more through than
  one threshold for all, and a section with few cases has the common one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from router.site import Settings, is_outside
from training.held_out import HeldOut

__all__ = ["find_thresholds", "precision_threshold"]

Vector = NDArray[np.float64]

_LEAST_CASES = 20
"""With fewer held-out cases above a threshold a precision can't be told, nor a section's own record."""

_TELLING_CASES = 50
"""With fewer right ones no share near .95 can be told, so none is promised or denied."""

_PRIOR_WRONG = 20.0
"""A section's record counts against so many wrong leads that are as frequent as in all sections."""

_NEVER = 1.01
_SET_COVERAGE = 0.95
_Z = 1.2816
"""Of the normal distribution, one-sided 90 %."""


def find_thresholds(judged: HeldOut, labels: list[str], settings: Settings) -> dict[str, float]:
    """Return the thresholds that belong to a model.

    Parameters
    ----------
    judged : HeldOut
    labels : list of str
        Columns of its probabilities.
    settings : Settings

    Returns
    -------
    dict
        ``accept`` (from here on ``suggested``), ``accept:LABEL`` (the same for
        one section), ``set`` (labels whose probability, divided by rank,
        reaches it are in the prediction set) and, where there are outside
        units, ``not_ours``. With fewer than fifty right cases they are left
        out, and the router's defaults hold; where enough cases show that no
        threshold keeps the promise, nothing reaches the one returned.
    """
    probabilities, target = judged.probabilities, judged.target
    found: dict[str, float] = {}
    if not len(target):
        return found
    found["set"] = _conformal(_by_rank(probabilities, target)[judged.known])
    outside = np.array([is_outside(label) for label in labels])
    kept = np.ones(len(target), dtype=bool)
    if outside.any() and not outside.all():
        share_outside = probabilities[:, outside].sum(axis=1)
        found |= _promised("not_ours", share_outside, outside[target], settings.not_ours_precision)
        # what goes back is no longer handed to a section
        kept = share_outside < found.get("not_ours", _NEVER)
        probabilities = np.where(outside, -1.0, probabilities)
    lead = probabilities[kept].argmax(axis=1)
    probability, right = probabilities[kept].max(axis=1), lead == target[kept]
    return found | _accept(labels, lead, probability, right, settings.precision_target)


def _accept(
    labels: list[str], lead: NDArray[np.int64], probability: Vector, right: NDArray[np.bool_], target: float
) -> dict[str, float]:
    """Return the common threshold, and those of the sections whose record tells something."""
    record = _records(lead, probability, right, len(labels))
    odds = _odds(probability) / record[lead]
    found = _promised("accept", odds, right, target)
    if not found or found["accept"] == _NEVER:
        return found
    bar = found["accept"] * (1 - 1e-9)  # back and forth, rounding must not shut out the case it came from
    own = {f"accept:{labels[at]}": _share(bar * record[at]) for at in np.flatnonzero(record != 1.0)}
    return {"accept": _share(bar)} | own


def _records(lead: NDArray[np.int64], probability: Vector, right: NDArray[np.bool_], n_labels: int) -> Vector:
    """Return how many times more often each label led wrongly than its probabilities said.

    References
    ----------
    Clayton, Kaldor, "Empirical Bayes estimates of age-standardized relative
    risks for use in disease mapping", Biometrics 43 (1987).
    """
    doubt = 1 - probability
    scale = (~right).sum() / max(float(doubt.sum()), 1e-9)  # all labels together have a record of 1
    expected = np.bincount(lead, weights=scale * doubt, minlength=n_labels)
    wrong = np.bincount(lead[~right], minlength=n_labels)
    telling = np.bincount(lead, minlength=n_labels) >= _LEAST_CASES
    record: Vector = np.where(telling, (wrong + _PRIOR_WRONG) / (expected + _PRIOR_WRONG), 1.0)
    return record


def _odds(probability: Vector) -> Vector:
    odds: Vector = probability / np.maximum(1 - probability, 1e-12)
    return odds


def _share(odds: float) -> float:
    return float(odds / (1 + odds))


def _promised(name: str, score: Vector, right: NDArray[np.bool_], target: float) -> dict[str, float]:
    """Return the threshold; one that nothing reaches where enough cases show that none keeps the promise."""
    if right.sum() < _TELLING_CASES:
        return {}
    found = precision_threshold(score, right, target)
    return {name: _NEVER if found is None else found}


def precision_threshold(score: Vector, right: NDArray[np.bool_], target: float) -> float | None:
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


def _wilson_lower(hits: NDArray[np.int64], n: NDArray[np.int64]) -> Vector:
    """Return the lower bound of a share, below which it lies once in ten times."""
    share = hits / n
    spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    lower: Vector = (share + _Z**2 / (2 * n) - spread) / (1 + _Z**2 / n)
    return lower


def _by_rank(probabilities: Vector, target: NDArray[np.int64]) -> Vector:
    """Return the probability of each true label, divided by its rank.

    Among a hundred labels the lower bound for 95 % is a probability that
    dozens of them reach where the model knows little. Dividing by the rank
    asks more of each further label, as size penalties do, and keeps small
    sets as they are.

    References
    ----------
    Angelopoulos et al., "Uncertainty Sets for Image Classifiers using
    Conformal Prediction", ICLR 2021, for the penalty.
    """
    true = probabilities[np.arange(len(target)), target]
    by_rank: Vector = true / (probabilities >= true[:, None]).sum(axis=1)
    return by_rank


def _conformal(scores: Vector) -> float:
    """Return the score that all but one in twenty true labels reach.

    References
    ----------
    Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005.
    """
    rank = int(np.floor((len(scores) + 1) * (1 - _SET_COVERAGE)))
    return float(np.sort(scores)[rank - 1]) if rank >= 1 else 0.0
