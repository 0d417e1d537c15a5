"""Which words of a text spoke for a label.

The score of a linear model is a sum over features. Each feature's share is
laid on the characters it was read from, latent dimensions included, so the
weights of all characters add up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.features import BlockFeatures
from models.latent import LatentBlock
from router.decision import Evidence
from router.text import normalise_with_offsets

if TYPE_CHECKING:
    from models.classifier import RidgeTextClassifier

__all__ = ["character_weights", "evidence"]

_MOST_SPANS = 8
_LEAST_SHARE = 0.15
"""Words with less than this share of the strongest word's weight aren't shown."""


def evidence(classifier: RidgeTextClassifier, text: str, label: str) -> tuple[Evidence, ...]:
    """Return the words that spoke for `label`, strongest first.

    Parameters
    ----------
    classifier : RidgeTextClassifier
        Fitted.
    text : str
        `router.proposal.case_text` of the case.
    label : str
        One of the classifier's classes.

    Returns
    -------
    tuple of Evidence
        At most eight; offsets into the original title and body.
    """
    weights = character_weights(classifier, text, label)
    folded, origin = normalise_with_offsets(text)
    words = _word_spans(classifier.features_, folded)
    scored = [(float(weights[start:end].sum()), start, end) for start, end in words]
    scored = [entry for entry in sorted(scored, reverse=True)[:_MOST_SPANS] if entry[0] > 0]
    if not scored:
        return ()
    strongest = scored[0][0]
    break_at = text.index("\n")
    return tuple(
        _span(origin[start][0], origin[end - 1][1], weight / strongest, break_at)
        for weight, start, end in scored
        if weight >= _LEAST_SHARE * strongest
    )


def character_weights(classifier: RidgeTextClassifier, text: str, label: str) -> NDArray[np.float64]:
    """Return what each character of the normalised text adds to the label's lead.

    The lead of a label is its score less the mean score of all labels.

    Returns
    -------
    ndarray, shape (n_characters,)
        Sums to that lead.
    """
    folded, _ = normalise_with_offsets(text)
    row = classifier.features_.transform([text]).matrix
    contrast = _contrast(classifier, label)
    per_feature = row.data * (classifier.sparse_weights_[row.indices] @ contrast)
    at = 0
    for block in classifier.latent_:
        stop = at + block.components.shape[1]
        per_feature += _latent_share(block, row, classifier.dense_weights_[at:stop] @ contrast)
        at = stop
    return _lay_out(classifier.features_, text, len(folded), dict(zip(row.indices, per_feature, strict=True)))


def _contrast(classifier: RidgeTextClassifier, label: str) -> NDArray[np.float32]:
    n_classes = len(classifier.classes_)
    contrast = np.full(n_classes, -1 / n_classes, dtype=np.float32)
    contrast[np.flatnonzero(classifier.classes_ == label)[0]] += 1
    return contrast


def _latent_share(block: LatentBlock, row: object, direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what each feature of the row adds through one latent block."""
    indices: NDArray[np.int32] = row.indices  # type: ignore[attr-defined]  # scipy has no types
    values: NDArray[np.float32] = row.data  # type: ignore[attr-defined]
    inside = (indices >= block.columns.start) & (indices < block.columns.stop)
    components = block.components[indices[inside] - block.columns.start]
    length = float(np.linalg.norm(values[inside] @ components))
    share = np.zeros(len(values), dtype=np.float32)
    if length > 0:
        share[inside] = values[inside] * (components @ direction) / length
    return share


def _lay_out(
    features: BlockFeatures, text: str, n_characters: int, per_feature: dict[int, float]
) -> NDArray[np.float64]:
    """Spread each feature's weight evenly over all characters it was read from."""
    occurrences = list(features.occurrences(text))
    start = np.array([o.start for o in occurrences], dtype=np.int64)
    end = np.array([o.end for o in occurrences], dtype=np.int64)
    column = np.array([o.feature for o in occurrences], dtype=np.int64)
    if not len(column):
        return np.zeros(n_characters)
    times = np.bincount(column)[column]
    share = np.array([per_feature.get(c, 0.0) for c in column.tolist()]) / (times * (end - start))
    steps = np.zeros(n_characters + 1)
    np.add.at(steps, start, share)
    np.add.at(steps, end, -share)
    return np.cumsum(steps)[:n_characters]


def _word_spans(features: BlockFeatures, folded: str) -> Sequence[tuple[int, int]]:
    spans, at = [], 0
    for word in features.words_of(folded):
        start = folded.find(word, at)
        if start >= 0:
            at = start + len(word)
            spans.append((start, at))
    return spans


def _span(start: int, end: int, weight: float, break_at: int) -> Evidence:
    if end <= break_at:
        return Evidence("title", start, end, round(weight, 4))
    return Evidence("body", start - break_at - 1, end - break_at - 1, round(weight, 4))
