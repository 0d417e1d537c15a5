"""What words mean, told by the words they stand together with.

Positive pointwise mutual information of words within a stretch of about sixty
words, shifted, then a singular value decomposition. A narrow window tells
which words can replace each other in a sentence; sixty words tell what a text
is about.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, vstack
from sklearn.utils.extmath import randomized_svd

from models.counting import Met

__all__ = ["word_vectors"]

_STRETCH = 60
_SHIFT = 3.0
_SMOOTHING = 0.75
_LEAST_COUNT = 3
_WORDS_AT_ONCE = 2_000


def word_vectors(words: Iterable[Met], n_words: int, dimensions: int) -> NDArray[np.float32]:
    """Return a vector for each word.

    Parameters
    ----------
    words : iterable of Met
        The words of some texts, batch by batch, in order of their place.
    n_words : int
        Size of the vocabulary.
    dimensions : int

    Returns
    -------
    ndarray of float32, shape (n_words, at most dimensions)
        Zero for a word that occurs fewer than three times.

    References
    ----------
    Levy and Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", NIPS 2014;
    Levy, Goldberg and Dagan, "Improving Distributional Similarity", TACL 2015 (smoothing, shift).
    """
    counts = vstack([csr_matrix((0, n_words), dtype=np.float32), *(_stretches(m, n_words) for m in words)])
    kept = np.flatnonzero(np.asarray(counts.sum(axis=0)).ravel() >= _LEAST_COUNT)
    information = _information(counts.tocsr()[:, kept])
    dimensions = min(dimensions, len(kept) - 1)
    if dimensions < 1 or not information.nnz:
        return np.zeros((n_words, 0), dtype=np.float32)
    left, singular, _ = randomized_svd(information, dimensions, n_iter=3, random_state=0)
    vectors = np.zeros((n_words, dimensions), dtype=np.float32)
    vectors[kept] = left * np.sqrt(singular)
    return vectors


def _stretches(met: Met, n_words: int) -> csr_matrix:
    """Count the known words of each stretch; a text is cut into stretches of about equal length."""
    known = met.column >= 0
    document, column = met.document[known], met.column[known]
    length = np.bincount(document, minlength=1)
    pieces = np.maximum(1, np.rint(length / _STRETCH)).astype(np.int64)
    place = np.arange(len(document)) - (np.cumsum(length) - length)[document]
    row = (np.cumsum(pieces) - pieces)[document] + place * pieces[document] // length[document]
    ones = np.ones(len(row), dtype=np.float32)
    return csr_matrix((ones, (row, column)), shape=(int(pieces.sum()), n_words))


def _information(counts: csr_matrix) -> csr_matrix:
    """Return the shifted positive pointwise mutual information of words."""
    n_words = counts.shape[1]
    by_word = counts.T.tocsr()
    total = (
        by_word @ counts.sum(axis=1, dtype=np.float64).A1 - by_word.power(2).sum(axis=1, dtype=np.float64).A1
    )
    context = total**_SMOOTHING
    context /= max(context.sum(), 1)
    found = [csr_matrix((0, n_words), dtype=np.float32)]
    for first in range(0, n_words, _WORDS_AT_ONCE):  # most pairs tell nothing: all together take much memory
        pairs = (by_word[first : first + _WORDS_AT_ONCE] @ counts).tocoo()
        others = pairs.row + first != pairs.col
        row, column, times = pairs.row[others], pairs.col[others], pairs.data[others]
        information = np.log(times / (total[row + first] * context[column])) - np.log(_SHIFT)
        told = information > 0
        entries = (information[told].astype(np.float32), (row[told], column[told]))
        found.append(coo_matrix(entries, shape=pairs.shape).tocsr())
    return vstack(found, format="csr")
