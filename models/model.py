"""A trained model as the router uses it: one classifier per axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.classifier import RidgeTextClassifier
from models.co_handling import CoHandling, part_probabilities
from models.embedding import Embedded
from models.similar import SAME_MATTER, SimilarityIndex, of_the_batch, without_itself
from router.decision import Candidate, Evidence, SimilarCase
from router.interfaces import AxisPrediction, Classifier, ModelOutput
from router.proposal import Proposal

__all__ = ["Explains", "RoutingModel", "TellsKnownShare"]

Matrix = NDArray[np.float64]
_EXPLAINED = 3
"""Evidence is looked up for so many of the first candidates."""
_MOST_SIMILAR = 5


@runtime_checkable
class Explains(Protocol):
    """A classifier that can say which words spoke for a label."""

    def evidence(self, text: str, labels: Sequence[str]) -> Sequence[tuple[Evidence, ...]]:
        """Return the words that spoke for each of `labels`."""
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
    co : CoHandling or None
        None where too few past cases tell who co-handled; then the parts of
        a case speak for themselves.
    version : str
        The store's name for it; empty before it is stored.
    thresholds : mapping of str to float
        ``accept``, ``not_ours``, ``set`` ...: found on held-out cases of this
        very model, because a threshold is worth nothing with another one.
    similar : SimilarityIndex or None
        None where no past case was learned, or by a classifier without an
        embedding.
    """

    section: Classifier
    topic: Classifier | None = None
    co: CoHandling | None = None
    version: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    similar: SimilarityIndex | None = None

    def predict(
        self, proposals: Sequence[Proposal], *, explain: bool = True, similar: bool = True
    ) -> list[ModelOutput]:
        """Predict section and topic for each case; see `router.interfaces.Model`."""
        if not proposals:
            return []
        texts = [proposal.text for proposal in proposals]
        embedded = self._embedded(texts)
        section, topic, co, known = self._probabilities(texts, embedded)
        sections = _candidates(self.section.classes_, section)
        if explain and isinstance(self.section, Explains):
            sections = [_explained(self.section, t, c) for t, c in zip(texts, sections, strict=True)]
        topics: Sequence[AxisPrediction | None] = [None] * len(texts)
        if self.topic is not None and topic is not None:
            topics = [AxisPrediction(candidates) for candidates in _candidates(self.topic.classes_, topic)]
        together = [()] * len(texts) if co is None else _candidates(self._co_labels, co)
        outputs = [
            ModelOutput(AxisPrediction(candidates), of_topic, share, co_handling)
            for candidates, of_topic, share, co_handling in zip(
                sections, topics, known.tolist(), together, strict=True
            )
        ]
        if similar and embedded is not None and self.similar is not None:
            return self._with_similar(outputs, proposals, embedded, self.similar)
        return outputs

    @property
    def _co_labels(self) -> NDArray[np.str_]:
        return self.co.classes_ if self.co else self.section.classes_

    def _with_similar(
        self,
        outputs: Sequence[ModelOutput],
        proposals: Sequence[Proposal],
        embedded: Embedded,
        index: SimilarityIndex,
    ) -> list[ModelOutput]:
        """Add the cases that are like each."""
        found = index.search(embedded.sparse, _MOST_SIMILAR + 1)
        past = [without_itself(p, cases)[:_MOST_SIMILAR] for p, cases in zip(proposals, found, strict=True)]
        same: list[tuple[SimilarCase, ...]] = [()] * len(outputs)
        if len(proposals) > 1:
            least = self.thresholds.get("merge", SAME_MATTER)
            same = of_the_batch(proposals, index.pairs(embedded.sparse, least))
        return [
            replace(output, similar=similar, same_batch=batch)
            for output, similar, batch in zip(outputs, past, same, strict=True)
        ]

    def _embedded(self, texts: Sequence[str]) -> Embedded | None:
        """Return the texts as numbers, once for all that reads them; None with a foreign classifier."""
        section = self.section
        return section.embedding_.transform(texts) if isinstance(section, RidgeTextClassifier) else None

    def _probabilities(
        self, texts: Sequence[str], embedded: Embedded | None
    ) -> tuple[Matrix, Matrix | None, Matrix | None, Matrix]:
        """Return probabilities of section, topic and co-handling, and the known share of each text."""
        section, topic = self.section, self.topic
        if embedded is None or not isinstance(section, RidgeTextClassifier):
            known = (
                section.known_share(texts) if isinstance(section, TellsKnownShare) else np.ones(len(texts))
            )
            return section.predict_proba(texts), topic.predict_proba(texts) if topic else None, None, known
        whole = section.proba_of(embedded)
        co = self.co.probabilities(texts, embedded, whole) if self.co else part_probabilities(section, texts)
        of_topic = None
        if isinstance(topic, RidgeTextClassifier) and topic.embedding_ is section.embedding_:
            of_topic = topic.proba_of(embedded)
        elif topic is not None:
            of_topic = topic.predict_proba(texts)
        return whole, of_topic, co, embedded.known_share


def _candidates(classes: NDArray[np.str_], probabilities: Matrix) -> list[tuple[Candidate, ...]]:
    """Return each row's labels, most probable first."""
    labels = classes.tolist()
    order = np.argsort(-probabilities, axis=1, kind="stable").tolist()
    rows = zip(order, probabilities.tolist(), strict=True)
    return [tuple(Candidate(labels[at], row[at]) for at in columns) for columns, row in rows]


def _explained(explainer: Explains, text: str, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    first = candidates[:_EXPLAINED]
    evidence = explainer.evidence(text, [candidate.label for candidate in first])
    told = [replace(c, evidence=e) for c, e in zip(first, evidence, strict=True)]
    return (*told, *candidates[_EXPLAINED:])
