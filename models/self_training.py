"""Learning from texts without labels: those that a first model is surest of are learned too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.calibration import DEFAULT_TEMPERATURE, to_probabilities

__all__ = ["GUESS_WEIGHT", "Guesses", "surest", "tells_enough"]

GUESS_WEIGHT = 0.3
"""What a guessed label counts for, in cases."""

_SHARE = 0.05
"""So large a share of the texts is learned, the same number for each class."""

Guesses = tuple[NDArray[np.int64], NDArray[np.int64]]


def tells_enough(n_texts: int, n_classes: int) -> bool:
    """Say whether some of so many texts would be learned."""
    return n_texts * _SHARE >= n_classes


def surest(scores: NDArray[np.float64]) -> Guesses:
    """Return the texts of which a model is surest, class by class.

    As many for each class: a model that learned few cases of a class would
    otherwise forget it over those it knows well.

    Parameters
    ----------
    scores : ndarray, shape (n_texts, n_classes)

    Returns
    -------
    text, label : ndarray of int
        Rows and columns of `scores`; none where there are too few texts.

    References
    ----------
    Yarowsky, "Unsupervised Word Sense Disambiguation Rivaling Supervised Methods", ACL 1995.

    Examples
    --------
    >>> scores = np.zeros((60, 2))
    >>> scores[3, 0], scores[7, 1] = 2.0, 1.0
    >>> surest(scores)
    (array([3, 7]), array([0, 1]))
    """
    most = int(len(scores) * _SHARE / scores.shape[1])
    label = scores.argmax(axis=1)
    sure = to_probabilities(scores, DEFAULT_TEMPERATURE).max(axis=1)
    order = np.argsort(-sure, kind="stable")
    picked = [order[label[order] == column][:most] for column in range(scores.shape[1])]
    text = np.concatenate(picked)
    return text, label[text]
