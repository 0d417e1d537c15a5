"""A trained model as the router uses it: one classifier per axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from router.decision import Candidate, Evidence
from router.interfaces import AxisPrediction, Classifier, ModelOutput
from router.proposal import Proposal

__all__ = ["Explains", "RoutingModel", "TellsKnownShare"]

_EXPLAINED = 3
"""Evidence is looked up for so many of the first candidates."""


@runtime_checkable
class Explains(Protocol):
    """A classifier that can say which words spoke for a label."""

    def evidence(self, text: str, label: str) -> tuple[Evidence, ...]:
        """Return the words that spoke for `label`."""
        ...


@runtime_checkable
class TellsKnownShare(Protocol):
    """A classifier that can say how much of a text it has seen before."""

    def known_share(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the known share of each text, 0 to 1."""
        ...


@dataclass
class RoutingModel:
    """Classifiers for section and topic, with what belongs to them.

    Parameters
    ----------
    section : Classifier
    topic : Classifier or None
        None where the training cases and the site know no topics.
    version : str
        The store's name for it; empty before it is stored.
    thresholds : mapping of str to float
        ``accept``, ``not_ours``, ``set`` ...: found on held-out cases of this
        very model, because a threshold is worth nothing with another one.
    """

    section: Classifier
    topic: Classifier | None = None
    version: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def predict(self, proposals: Sequence[Proposal], *, explain: bool = True) -> list[ModelOutput]:
        """Predict section and topic for each case; see `router.interfaces.Model`."""
        if not proposals:
            return []
        texts = [proposal.text for proposal in proposals]
        sections = _axis(self.section, texts, explain=explain)
        topics = _axis(self.topic, texts, explain=False) if self.topic else [None] * len(texts)
        shares = self._known_shares(texts)
        return [
            ModelOutput(section, topic, float(share))
            for section, topic, share in zip(sections, topics, shares, strict=True)
        ]

    def _known_shares(self, texts: Sequence[str]) -> NDArray[np.float64]:
        if isinstance(self.section, TellsKnownShare):
            return self.section.known_share(texts)
        return np.ones(len(texts))


def _axis(classifier: Classifier, texts: Sequence[str], *, explain: bool) -> list[AxisPrediction]:
    probabilities = classifier.predict_proba(texts)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    labels = classifier.classes_.tolist()
    explainer = classifier if explain and isinstance(classifier, Explains) else None
    predictions = []
    for text, row, columns in zip(texts, probabilities.tolist(), order.tolist(), strict=True):
        candidates = [
            Candidate(
                labels[column],
                row[column],
                explainer.evidence(text, labels[column]) if explainer and rank < _EXPLAINED else (),
            )
            for rank, column in enumerate(columns)
        ]
        predictions.append(AxisPrediction(tuple(candidates)))
    return predictions
