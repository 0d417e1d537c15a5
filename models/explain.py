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
from scipy.sparse import csr_matrix

from models.counting import Spans, places
from models.latent import LatentBlock
from router.decision import Evidence
from router.text import normalise_with_offsets

if TYPE_CHECKING:
    from models.classifier import RidgeTextClassifier

__all__ = ["character_weights", "evidence"]

_MOST_SPANS = 8
_LEAST_SHARE = 0.15
"""Words with less than this share of the strongest word's weight aren't shown."""


def evidence(classifier: RidgeTextClassifier, text: str, labels: Sequence[str]) -> list[tuple[Evidence, ...]]:
    """Return the words that spoke for each of some labels, strongest first.

    Parameters
    ----------
    classifier : RidgeTextClassifier
        Fitted.
    text : str
        `router.proposal.case_text` of the case.
    labels : sequence of str
        Of the classifier's classes.

    Returns
    -------
    list of tuple of Evidence
        At most eight for each label; offsets into the original title and body.
    """
    weights = character_weights(classifier, text, labels)
    folded, origin = normalise_with_offsets(text)
    words = [
        (start, end) for start, end, _ in places(folded, classifier.embedding_.features.words_of(folded))
    ]
    if not words:
        return [() for _ in labels]
    sums = np.vstack([np.zeros(len(labels)), np.cumsum(weights, axis=0)])
    start, end = np.array(words).T
    spoken = sums[end] - sums[start]
    break_at = text.index("\n")
    found = []
    for column in range(len(labels)):
        strongest = np.argsort(-spoken[:, column], kind="stable")[:_MOST_SPANS]
        top = spoken[strongest[0], column]
        shown = [at for at in strongest if top > 0 and spoken[at, column] >= _LEAST_SHARE * top]
        found.append(
            tuple(
                _span(origin[start[at]][0], origin[end[at] - 1][1], spoken[at, column] / top, break_at)
                for at in shown
            )
        )
    return found


def character_weights(
    classifier: RidgeTextClassifier, text: str, labels: Sequence[str]
) -> NDArray[np.float64]:
    """Return what each character of the normalised text adds to each label's lead.

    The lead of a label is its score less the mean score of all labels.

    Returns
    -------
    ndarray, shape (n_characters, n_labels)
        Each column sums to that label's lead.
    """
    embedding = classifier.embedding_
    contrast = _contrast(classifier.classes_, labels)
    row = embedding.features.transform([text]).matrix
    per_feature = row.data[:, None] * (classifier.sparse_weights_[row.indices] @ contrast)
    at = 0
    for block in embedding.latent:
        stop = at + block.components.shape[1]
        per_feature += _latent_share(block, row, classifier.dense_weights_[at:stop] @ contrast)
        at = stop
    folded, _ = normalise_with_offsets(text)
    return _lay_out(embedding.features.spans(folded), row.indices, per_feature, len(folded))


def _contrast(classes: NDArray[np.str_], labels: Sequence[str]) -> NDArray[np.float32]:
    contrast = np.full((len(classes), len(labels)), -1 / len(classes), dtype=np.float32)
    for column, label in enumerate(labels):
        contrast[np.flatnonzero(classes == label)[0], column] += 1
    return contrast


def _latent_share(block: LatentBlock, row: csr_matrix, direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what each feature of the row adds through one latent block."""
    inside = (row.indices >= block.columns.start) & (row.indices < block.columns.stop)
    components = block.components[row.indices[inside] - block.columns.start]
    length = float(np.linalg.norm(row.data[inside] @ components))
    share = np.zeros((len(row.data), direction.shape[1]), dtype=np.float32)
    if length > 0:
        scale = np.sqrt(block.weight) / length
        share[inside] = row.data[inside, None] * (components @ direction) * scale
    return share


def _lay_out(
    spans: Spans, columns: NDArray[np.int32], per_feature: NDArray[np.float64], n_characters: int
) -> NDArray[np.float64]:
    """Spread each feature's weight evenly over all characters it was read from."""
    steps = np.zeros((n_characters + 1, per_feature.shape[1]))
    if len(spans.feature):
        order = np.argsort(columns)
        weight = per_feature[order[np.searchsorted(columns, spans.feature, sorter=order)]]
        times = np.bincount(spans.feature)[spans.feature]
        share = weight / (times * (spans.end - spans.start))[:, None]
        np.add.at(steps, spans.start, share)
        np.add.at(steps, spans.end, -share)
    return np.cumsum(steps, axis=0)[:n_characters]


def _span(start: int, end: int, weight: float, break_at: int) -> Evidence:
    weight = round(float(weight), 4)
    if end <= break_at:
        return Evidence("title", start, end, weight)
    return Evidence("body", start - break_at - 1, end - break_at - 1, weight)
