"""How telling characters, pairs and words are, learned without labels.

A word is telling when the texts that hold it are about the same: "streetlamp"
is, "last year" isn't, and how rare they are doesn't show it. With few labelled
cases the labels can't show it either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

__all__ = ["emphasis"]

_SMOOTHING = 2.0
"""A feature counts as seen in so many texts more, as much alike as is usual."""
_LEAST = 1e-3
"""Texts less alike than this share of the usual are so by chance."""
_PARTS = 4


def emphasis(rows: csr_matrix, about: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much more than usual each feature is to count.

    It is the square root of how alike two texts that hold the feature are on
    average, compared with what is usual.

    Parameters
    ----------
    rows : csr_matrix, shape (n_texts, n_features)
    about : ndarray, shape (n_texts, n_dimensions)
        What each text is about, as a direction.

    Returns
    -------
    ndarray of float32, shape (n_features,)

    Examples
    --------
    >>> rows = csr_matrix([[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]])
    >>> lamp, drain, year = emphasis(rows, np.array([[1, 0], [1, 0], [0, 1], [0, 1]]))
    >>> bool(lamp > 1 > year)
    True
    """
    directions = normalize(about - about.mean(axis=0))
    held_by = csr_matrix(rows.T)
    held_by.data = np.ones_like(held_by.data)
    texts = np.diff(held_by.indptr)
    # in parts, because features times dimensions take much memory
    length = sum(np.square(held_by @ part).sum(axis=1) for part in np.array_split(directions, _PARTS, axis=1))
    alike = (length - texts) / np.maximum(texts * (texts - 1.0), 1)
    several = texts * (texts > 1)
    usual = alike @ several / max(several.sum(), 1)
    if usual <= 0:
        return np.ones(len(texts), dtype=np.float32)
    smoothed = (texts * alike / usual + _SMOOTHING) / (texts + _SMOOTHING)
    factor: NDArray[np.float32] = np.sqrt(np.maximum(smoothed, _LEAST)).astype(np.float32)
    return factor
