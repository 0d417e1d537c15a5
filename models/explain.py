"""Which words of a text spoke for a label.

The score of a linear model is a sum over features. Each feature's share is
laid on the characters it was read from, so the weights of all characters add
up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.features import Entries, Seen
from router.decision import Evidence
from router.text import FoldedOrigin

if TYPE_CHECKING:
    from models.classifier import RidgeTextClassifier

__all__ = ["character_weights", "evidence"]

Matrix = NDArray[np.float64]

_MOST_SPANS = 8
_LEAST_SHARE = 0.15
"""Words with less than this share of the strongest word's weight aren't shown."""
_DECIMALS = 9
"""Beyond them is what rounding leaves of weights that were added and taken away again."""


def evidence(
    classifier: RidgeTextClassifier, seen: Seen, texts: Sequence[str], labels: NDArray[np.int64]
) -> list[list[tuple[Evidence, ...]]]:
    """Return the words that spoke for some labels of each text, strongest first.

    Parameters
    ----------
    classifier : RidgeTextClassifier
        Fitted.
    seen : Seen
        The texts as its embedding's features see them.
    texts : sequence of str
        The same as they were given; `router.proposal.case_text`.
    labels : ndarray of int, shape (n_texts, n_labels)
        Columns of the classifier's classes, for each text its own.

    Returns
    -------
    list of list of tuple of Evidence
        For each text and label at most eight words; offsets into the original
        title and body.
    """
    laid = seen.laid
    weights = character_weights(classifier, seen, labels)
    sums = np.vstack([np.zeros(labels.shape[1]), np.cumsum(weights, axis=0)])
    shown = _telling(seen)
    start = laid.word_start[shown]
    spoken = np.round(sums[start + laid.word_length[shown]] - sums[start], _DECIMALS)
    ends = np.searchsorted(laid.word_document[shown], np.arange(len(laid) + 1)).tolist()
    found = []
    for at, text in enumerate(texts):
        own = slice(ends[at], ends[at + 1])
        words = shown[own]
        places = np.column_stack([laid.word_start[words] - laid.start[at], laid.word_length[words]])
        found.append(_strongest(text, places, spoken[own]))
    return found


def character_weights(classifier: RidgeTextClassifier, seen: Seen, labels: NDArray[np.int64]) -> Matrix:
    """Return what each character adds to the lead of some labels.

    The lead of a label is its score less the mean score of all labels.

    Parameters
    ----------
    classifier : RidgeTextClassifier
    seen : Seen
    labels : ndarray of int, shape (n_texts, n_labels)
        Columns of the classifier's classes, for each text its own.

    Returns
    -------
    ndarray, shape (n_characters, n_labels)
        For each of ``seen.laid.codes``; over a text each column sums to the
        label's lead, less what words without a place add.
    """
    rows = seen.matrix
    text = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    per_feature = classifier.weights_[rows.indices[:, None], labels[text]].astype(np.float64)
    per_feature -= classifier.mean_weights_[rows.indices, None]
    per_feature *= rows.data[:, None]
    return _lay_out(seen.entries, rows, per_feature, len(seen.laid.codes))


def _telling(seen: Seen) -> NDArray[np.int64]:
    """Return which tokens have a place and hold a letter."""
    laid = seen.laid
    letters = np.concatenate([[0], np.cumsum(laid.letter)])
    placed = np.flatnonzero(laid.word_start >= 0)
    start = laid.word_start[placed]
    telling: NDArray[np.int64] = placed[letters[start + laid.word_length[placed]] > letters[start]]
    return telling


def _lay_out(entries: Entries, rows: csr_matrix, per_feature: Matrix, n_characters: int) -> Matrix:
    """Spread each feature's weight evenly over all characters it was read from."""
    feature = _feature_of(entries, rows)
    times = np.bincount(feature, minlength=len(rows.data))
    placed = np.flatnonzero(entries.start >= 0)
    feature, start, length = feature[placed], entries.start[placed], entries.length[placed]
    share = per_feature[feature] / (times[feature] * length)[:, None]
    ends = start + length
    columns = [
        np.bincount(start, weights=column, minlength=n_characters + 1)
        - np.bincount(ends, weights=column, minlength=n_characters + 1)
        for column in share.T
    ]
    steps = np.column_stack(columns) if columns else np.zeros((n_characters + 1, 0))
    return np.cumsum(steps, axis=0)[:n_characters]


def _feature_of(entries: Entries, rows: csr_matrix) -> NDArray[np.int64]:
    """Return for each entry the place in ``rows.data`` that it was counted into."""
    keys = entries.document.astype(np.int64) * rows.shape[1] + entries.column
    order = np.argsort(keys)  # rows are sorted by column and hold nothing but these entries
    feature = np.empty_like(order)
    feature[order] = np.cumsum(np.diff(keys[order], prepend=-1) > 0) - 1
    return feature


def _strongest(text: str, places: NDArray[np.int64], spoken: Matrix) -> list[tuple[Evidence, ...]]:
    """Pick the words of one text that spoke loudest for each label."""
    if not len(places):
        return [() for _ in spoken.T]
    origin = FoldedOrigin(text)
    break_at = len(text.partition("\n")[0])
    order = np.argsort(-spoken, axis=0, kind="stable")[:_MOST_SPANS]
    weights = spoken[order, np.arange(spoken.shape[1])].T.tolist()
    found = []
    for words, spoke in zip(places[order.T].tolist(), weights, strict=True):
        least = _LEAST_SHARE * spoke[0]
        shown = [(start, start + length) for start, length in words]
        found.append(
            tuple(
                _evidence(*origin.span(start, end), one / spoke[0], break_at)
                for (start, end), one in zip(shown, spoke, strict=True)
                if one >= least and one > 0
            )
        )
    return found


def _evidence(start: int, end: int, weight: float, break_at: int) -> Evidence:
    if end <= break_at:
        return Evidence("title", start, end, round(weight, 4))
    behind = break_at + 1
    return Evidence("body", start - behind, end - behind, round(weight, 4))
