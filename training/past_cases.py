"""The index of past cases that goes into a model, and from where on a case is like none of them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from models.classifier import RidgeTextClassifier
from models.similar import SAME_MATTER, SimilarityIndex
from router.decision import OtherCase
from router.interfaces import Classifier
from training.history import History

__all__ = ["index_past_cases"]

_LEAST_CASES = 100
"""With fewer past cases a new kind of case is nothing to wonder at."""

_LEAST_NEAR = 0.01
"""So many past cases are themselves like none of the others."""

_MOST_LOOKED_AT = 2_000


def index_past_cases(
    classifier: Classifier, history: History
) -> tuple[SimilarityIndex | None, dict[str, float]]:
    """Index the cases that a classifier learned.

    Parameters
    ----------
    classifier : Classifier
    history : History

    Returns
    -------
    index : SimilarityIndex or None
        None without a case, or where the classifier has no embedding of ours.
    thresholds : dict
        ``merge`` (from here on two cases are about the same matter) and,
        where there are enough cases, ``near`` (below it a case is like none).
    """
    if history.cases.empty or not isinstance(classifier, RidgeTextClassifier):
        return None, {}
    embedding = classifier.embedding_
    rows = embedding.features.transform(history.cases["text"].tolist())
    index = SimilarityIndex.build(embedding.features, rows, _others(history))
    thresholds = {"merge": SAME_MATTER}
    if len(index) >= _LEAST_CASES:
        thresholds["near"] = _near(index, rows)
    return index, thresholds


def _others(history: History) -> list[OtherCase]:
    cases = history.cases
    return [
        OtherCase(case_id, p.title, section, p.received_on.year if p.received_on else None, p.result)
        for case_id, section, p in zip(cases["case_id"], cases["section"], history.proposals, strict=True)
    ]


def _near(index: SimilarityIndex, rows: csr_matrix) -> float:
    """Return the similarity that nearly all past cases reach with their nearest other one."""
    looked_at = np.unique(np.linspace(0, len(index) - 1, _MOST_LOOKED_AT).astype(int))
    return float(np.quantile(index.nearest_other(rows, looked_at.tolist()), _LEAST_NEAR))
