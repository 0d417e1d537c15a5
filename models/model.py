"""A trained model as the router uses it: one classifier per axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from models.classifier import RidgeTextClassifier
from models.co_handling import CoHandling, highest_part
from models.explain import evidence
from models.features import Seen
from models.held_out import HeldOutCases
from models.laid_out import portions
from models.requests import asks
from models.similar import SAME_MATTER, SimilarityIndex, of_the_batch, without_itself
from router.decision import Evidence, OtherCase, SimilarCase
from router.interfaces import AxisPrediction, Classifier, ModelOutput, Tokenizer
from router.proposal import Proposal

__all__ = ["Explains", "RoutingModel", "TellsKnownShare", "ranked"]

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
    held_out : HeldOutCases or None
        What its cases got from models that had not learned them; None for a
        model of before that was kept.
    """

    section: Classifier
    topic: Classifier | None = None
    co: CoHandling | None = None
    version: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    similar: SimilarityIndex | None = None
    held_out: HeldOutCases | None = None

    @property
    def tokenizer(self) -> Tokenizer | None:
        """What cut the texts it learned from; None with a foreign classifier that has none."""
        return getattr(self.section, "tokenizer", None)

    def predict(
        self, proposals: Sequence[Proposal], *, explain: bool = True, similar: bool = True
    ) -> list[ModelOutput]:
        """Predict section and topic for each case; see `router.interfaces.Model`."""
        outputs: list[ModelOutput] = []
        rows: list[csr_matrix] = []
        whole = [proposal.text for proposal in proposals]
        for some in portions(whole):
            texts = whole[some]
            if isinstance(self.section, RidgeTextClassifier):
                seen = self.section.embedding_.features.see(texts, parts=True)
                rows.append(seen.matrix)
                outputs += self._predict(self.section, texts, seen, explain=explain)
            else:
                outputs += self._predict_foreign(texts, explain=explain)
        if similar and rows and self.similar is not None:
            joined = vstack(rows, format="csr") if len(rows) > 1 else rows[0]
            return self._with_similar(outputs, proposals, joined, self.similar)
        return outputs

    def named(self, cases: Sequence[OtherCase]) -> list[OtherCase]:
        """Return past cases with their titles; see `router.interfaces.Model`."""
        return self.similar.named(cases) if self.similar else list(cases)

    def _predict(
        self, section: RidgeTextClassifier, texts: Sequence[str], seen: Seen, *, explain: bool
    ) -> list[ModelOutput]:
        """Predict by classifiers of ours, of which the first has seen the texts."""
        topic, matrix = self.topic, seen.matrix
        whole, parts = np.split(section.proba_of(seen.rows), [len(texts)])
        order = np.argsort(-whole, axis=1, kind="stable")
        sections = ranked(section.classes_, whole, order)
        if explain:
            told = evidence(section, seen, texts, order[:, :_EXPLAINED])
            sections = [axis._replace(evidence=tuple(e)) for axis, e in zip(sections, told, strict=True)]
        topics: Sequence[AxisPrediction | None] = [None] * len(texts)
        if isinstance(topic, RidgeTextClassifier) and topic.embedding_ is section.embedding_:
            topics = ranked(topic.classes_, topic.proba_of(matrix))
        elif topic is not None:
            topics = ranked(topic.classes_, topic.predict_proba(texts))
        owner = seen.laid.parts.owner
        highest = highest_part(parts, owner, len(texts))
        if self.co is None:
            together = _by_label(section.classes_, highest)
        else:
            together = _by_label(self.co.classes_, self.co.probabilities(matrix, whole, highest))
        asked = asks(parts, owner, len(texts), section.classes_.tolist())
        rows = zip(sections, topics, seen.known_share.tolist(), together, asked, strict=True)
        return [
            ModelOutput(of_section, of_topic, share, co, asks=parts)
            for of_section, of_topic, share, co, parts in rows
        ]

    def _predict_foreign(self, texts: Sequence[str], *, explain: bool) -> list[ModelOutput]:
        """Predict by classifiers that may know less than ours do."""
        section, topic = self.section, self.topic
        sections = ranked(section.classes_, section.predict_proba(texts))
        if explain and isinstance(section, Explains):
            sections = [
                axis._replace(evidence=tuple(section.evidence(text, list(axis.labels[:_EXPLAINED]))))
                for axis, text in zip(sections, texts, strict=True)
            ]
        topics: Sequence[AxisPrediction | None] = [None] * len(texts)
        if topic is not None:
            topics = ranked(topic.classes_, topic.predict_proba(texts))
        known = section.known_share(texts) if isinstance(section, TellsKnownShare) else np.ones(len(texts))
        return list(map(ModelOutput, sections, topics, known.tolist()))

    def _with_similar(
        self,
        outputs: Sequence[ModelOutput],
        proposals: Sequence[Proposal],
        rows: csr_matrix,
        index: SimilarityIndex,
    ) -> list[ModelOutput]:
        """Add the cases that are like each."""
        found = index.search(rows, _MOST_SIMILAR + 1)
        past = [without_itself(p, cases)[:_MOST_SIMILAR] for p, cases in zip(proposals, found, strict=True)]
        same: list[tuple[SimilarCase, ...]] = [()] * len(outputs)
        if len(proposals) > 1:
            least = self.thresholds.get("merge", SAME_MATTER)
            same = of_the_batch(proposals, index.pairs(rows, least))
        return [
            replace(output, similar=similar, same_batch=batch)
            for output, similar, batch in zip(outputs, past, same, strict=True)
        ]


def ranked(
    classes: NDArray[np.str_], probabilities: Matrix, order: NDArray[np.int64] | None = None
) -> list[AxisPrediction]:
    """Return each row's labels, most probable first.

    Parameters
    ----------
    classes : ndarray of str, shape (n_labels,)
    probabilities : ndarray, shape (n_texts, n_labels)
    order : ndarray of int, shape (n_texts, n_labels), optional
        The columns by probability, where they are known.

    Examples
    --------
    >>> ranked(np.array(["a", "b"]), np.array([[0.25, 0.75]]))[0].labels
    ('b', 'a')
    """
    if order is None:
        order = np.argsort(-probabilities, axis=1, kind="stable")
    label = classes.tolist().__getitem__
    ranked = probabilities[np.arange(len(order))[:, None], order].tolist()
    rows = zip(order.tolist(), ranked, strict=True)
    return [AxisPrediction(tuple(map(label, columns)), tuple(row)) for columns, row in rows]


def _by_label(classes: NDArray[np.str_], probabilities: Matrix) -> list[dict[str, float]]:
    labels = classes.tolist()
    return [dict(zip(labels, row, strict=True)) for row in probabilities.tolist()]
