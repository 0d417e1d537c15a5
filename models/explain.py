"""Which words of a text spoke for a label.

The score of a linear model is a sum over features. Each feature's share is
laid on the characters it was read from, so the weights of all characters add
up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from models.features import Seen
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
    spoken = _Spoken.of(seen, character_weights(classifier, seen, labels))
    return _for_each(texts, _strongest(spoken, len(texts)), labels.shape[1])


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
    rows, n_labels = seen.matrix, len(classifier.classes_)
    text = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    at = rows.indices[:, None] * np.int64(n_labels) + labels[text]
    per_feature = classifier.weights_.reshape(-1).take(at)
    per_feature -= classifier.mean_weights_[rows.indices, None]
    per_feature *= rows.data[:, None]
    return _lay_out(seen, per_feature)


def _telling(seen: Seen) -> NDArray[np.int64]:
    """Return which tokens have a place and hold a letter."""
    laid = seen.laid
    letters = np.concatenate([[0], np.cumsum(laid.letter)])
    placed = np.flatnonzero(laid.word_start >= 0)
    start = laid.word_start[placed]
    telling: NDArray[np.int64] = placed[letters[start + laid.word_length[placed]] > letters[start]]
    return telling


def _lay_out(seen: Seen, per_feature: Matrix) -> Matrix:
    """Spread each feature's weight evenly over all characters it was read from."""
    order, first = seen.order, seen.first[: len(per_feature) + 1].astype(np.int32)
    start, length = seen.entries.start[order], seen.entries.length[order]
    times = first[1:] - first[:-1]
    share = 1 / (length * np.repeat(times, times))
    share[start < 0] = 0
    # a weight lies from the start of a stretch to its end: one step up, one down, and a running sum
    steps, at = np.empty((len(order), 2)), np.empty((len(order), 2), dtype=np.int32)
    steps[:, 0], steps[:, 1] = share, -share
    at[:, 0], at[:, 1] = np.maximum(start, 0), np.maximum(start + length, 0)
    n_characters = len(seen.laid.codes)
    shape = (n_characters + 1, len(per_feature))
    changes = csc_matrix((steps.ravel(), at.ravel(), 2 * first), shape=shape) @ per_feature
    laid_out: Matrix = np.cumsum(changes, axis=0)[:n_characters]
    return laid_out


class _Spoken(NamedTuple):
    """Words that may be shown, and what each spoke for each label.

    Parameters
    ----------
    document : ndarray of int, shape (n_words,)
    start, length : ndarray of int, shape (n_words,)
        Place in its own normalised text.
    weight : ndarray, shape (n_words, n_labels)
    """

    document: NDArray[np.int32]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    weight: Matrix

    @classmethod
    def of(cls, seen: Seen, weights: Matrix) -> Self:
        """Add up the weights of each word's characters."""
        laid, shown = seen.laid, _telling(seen)
        sums = np.vstack([np.zeros(weights.shape[1]), np.cumsum(weights, axis=0)])
        start, length, document = laid.word_start[shown], laid.word_length[shown], laid.word_document[shown]
        weight = np.round(sums[start + length] - sums[start], _DECIMALS)
        return cls(document, start - laid.start[document], length, weight)


class _Shown(NamedTuple):
    """The words to show, by text and label, the strongest first; the columns of one table."""

    group: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    weight: NDArray[np.float64]


def _strongest(spoken: _Spoken, n_texts: int) -> _Shown:
    """Pick the words of each text that spoke loudest for each label."""
    n_labels = spoken.weight.shape[1]
    loudest = np.zeros((n_texts, n_labels))
    np.maximum.at(loudest, spoken.document, spoken.weight)
    own = loudest[spoken.document]
    word, label = np.nonzero((spoken.weight >= _LEAST_SHARE * own) & (spoken.weight > 0))
    weight, group = spoken.weight[word, label], spoken.document[word] * n_labels + label
    order = np.lexsort((word, -weight, group))
    word, group, weight = word[order], group[order], (weight / own[word, label])[order]
    rank = np.arange(len(group)) - np.searchsorted(group, group)
    word, group, weight = (column[rank < _MOST_SPANS] for column in (word, group, weight))
    start = spoken.start[word]
    return _Shown(group, start, start + spoken.length[word], np.round(weight, 4))


def _for_each(texts: Sequence[str], shown: _Shown, n_labels: int) -> list[list[tuple[Evidence, ...]]]:
    """Lead the words back to the original texts."""
    ends = np.searchsorted(shown.group, np.arange(len(texts) * n_labels + 1)).tolist()
    start, end, weight = shown.start.tolist(), shown.end.tolist(), shown.weight.tolist()
    found = []
    for at, text in enumerate(texts):
        bounds = ends[at * n_labels : (at + 1) * n_labels + 1]
        own = slice(bounds[0], bounds[-1])
        words = _in_original(text, zip(start[own], end[own], weight[own], strict=True))
        found.append([tuple(words[a - own.start : b - own.start]) for a, b in pairwise(bounds)])
    return found


def _in_original(text: str, words: Iterable[tuple[int, int, float]]) -> list[Evidence]:
    span, behind = FoldedOrigin(text).span, len(text.partition("\n")[0]) + 1
    found = []
    for start, end, weight in words:
        start, end = span(start, end)
        if end < behind:
            found.append(Evidence("title", start, end, weight))
        else:
            found.append(Evidence("body", start - behind, end - behind, weight))
    return found
