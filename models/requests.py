"""Which sections the parts of a case clearly speak for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from router.interfaces import Asked

__all__ = ["CLEAR", "asks"]

CLEAR = 0.8
"""A part speaks for a section from this probability on.

Of the sample's parts of 2024 and 2025 with so much, seven in ten belong to
the lead or a co-handling section; above .95 it is hardly more, and half as
many parts speak.
"""


def asks(
    probabilities: NDArray[np.float64], owner: NDArray[np.int64], n_texts: int, labels: Sequence[str]
) -> list[tuple[Asked, ...]]:
    """Count for each text how many of its parts clearly speak for each label.

    Parameters
    ----------
    probabilities : ndarray, shape (n_parts, n_labels)
        Of the parts of all texts (`models.parts`).
    owner : ndarray of int, shape (n_parts,)
        Which text each part is of.
    n_texts : int
    labels : sequence of str
        In the order of the columns.

    Returns
    -------
    list of tuple of Asked
        One a text, the most asked first; empty where no part is clear.

    Examples
    --------
    >>> parts = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9], [0.05, 0.95]])
    >>> asks(parts, np.array([0, 0, 0, 0]), 2, ["lamps", "drains"])
    [(Asked(label='drains', parts=2), Asked(label='lamps', parts=1)), ()]
    """
    counts: list[Counter[str]] = [Counter() for _ in range(n_texts)]
    if len(owner):
        clear = np.flatnonzero(probabilities.max(axis=1) >= CLEAR)
        best = probabilities[clear].argmax(axis=1)
        for text, column in zip(owner[clear].tolist(), best.tolist(), strict=True):
            counts[text][labels[column]] += 1
    return [_ranked(count) for count in counts]


def _ranked(count: Counter[str]) -> tuple[Asked, ...]:
    order = sorted(count, key=lambda label: (-count[label], label))
    return tuple(Asked(label, count[label]) for label in order)
