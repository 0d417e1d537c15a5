"""Who should co-handle a case (会办): learned where past cases tell, read from the parts where not.

The probability that a section co-handles rests on the whole text, on how the
section axis sees it, and on how it sees each part alone: a request for
street lamps in a case about sewers speaks for the lamps' section.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from models.classifier import RidgeTextClassifier
from models.embedding import Embedded, TextEmbedding
from models.kernel_ridge import DUAL_LIMIT, Solution, solve_dual
from router.errors import TrainingError

__all__ = ["CoHandling", "highest_part"]

Matrix = NDArray[np.float64]

_LEAST_CASES = 30
"""With fewer co-handled cases there is nothing to learn from."""

_PENALTY = 0.3
_WHOLE_WEIGHT, _PART_WEIGHT = 6.0, 3.0
_FOLDS = 3
_THRESHOLDS = np.arange(0.3, 0.91, 0.05)
"""Below .3 a suggestion to co-handle would be wrong too often to be read."""


def highest_part(parts: Matrix, owner: NDArray[np.int64], n_texts: int) -> Matrix:
    """Return for each text the highest probability that any part gives each class.

    Parameters
    ----------
    parts : ndarray, shape (n_parts, n_classes)
        Section probabilities of the parts by themselves.
    owner : ndarray of int, shape (n_parts,)
        The text that each part is of, in order.
    n_texts : int

    Returns
    -------
    ndarray, shape (n_texts, n_classes)
        Zero for a text of one part.

    Examples
    --------
    >>> highest_part(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([1, 1]), 2).tolist()
    [[0.0, 0.0], [0.9, 0.6]]
    """
    highest = np.zeros((n_texts, parts.shape[1]))
    owners, first = np.unique(owner, return_index=True)
    if len(owners):
        highest[owners] = np.maximum.reduceat(parts, first, axis=0)
    return highest


class CoHandling:
    """One-against-rest ridge over text, section probabilities and part probabilities.

    Parameters
    ----------
    section : RidgeTextClassifier
        The fitted section axis, whose embedding is used.

    Attributes
    ----------
    classes_ : ndarray of str
        Labels that co-handled some past case.
    threshold_ : float
        Probability from which a section is named: where the sets named on
        held-out cases agreed best with those of the office.
    """

    def __init__(self, section: RidgeTextClassifier) -> None:
        self.section = section

    def fit(
        self,
        texts: Sequence[str],
        lead: Sequence[str],
        co_sections: Sequence[Sequence[str]],
        descriptions: Sequence[tuple[str, str]] = (),
    ) -> Self | None:
        """Learn from past cases.

        Parameters
        ----------
        texts : sequence of str
            The texts that `section` was trained on, in the same order.
        lead : sequence of str
        co_sections : sequence of sequence of str
        descriptions : sequence of (label, text)
            Those that `section` was trained with.

        Returns
        -------
        self or None
            None where too few cases were co-handled, or too many cases are
            given for an exact solution.
        """
        co_handled = [set(co) - {own} for co, own in zip(co_sections, lead, strict=True)]
        if sum(map(bool, co_handled)) < _LEAST_CASES or len(texts) > DUAL_LIMIT:
            return None
        self.classes_ = np.array(sorted({label for labels in co_handled for label in labels}), dtype=np.str_)
        wanted = np.array([[label in labels for label in self.classes_] for labels in co_handled])
        if wanted.all():  # the same sections every time: no case tells when they are not needed
            return None
        embedding = self.section.embedding_
        described = embedding.transform([text for _, text in descriptions], len(descriptions))
        cases = _Cases.of(embedding, texts)
        whole = self.section.held_out_proba_
        labels = [*lead, *(label for label, _ in descriptions)]
        of_section = _inputs(whole, self._held_out_parts(cases, described, labels))
        dense = np.hstack([cases.embedded.dense, of_section])
        target = np.where(wanted, 1.0, -1.0)
        solution = solve_dual(cases.embedded.sparse, dense, target, np.ones(len(texts)), _PENALTY)
        self._keep(solution, wanted, self.section.classes_[whole.argmax(axis=1)])
        return self

    def probabilities(self, rows: csr_matrix, whole: Matrix, parts: Matrix) -> Matrix:
        """Return the probability that each class co-handles.

        Parameters
        ----------
        rows : csr_matrix, shape (n_texts, n_features)
        whole : ndarray, shape (n_texts, n_section_classes)
            Section probabilities of the texts.
        parts : ndarray, shape (n_texts, n_section_classes)
            See `highest_part`.

        Returns
        -------
        ndarray, shape (n_texts, n_classes)
            Independent of each other; rows don't sum to one.
        """
        scores = rows @ self.text_weights_ + _inputs(whole, parts) @ self.section_weights_
        probabilities: Matrix = expit(self.slope_ * scores + self.offset_)
        return probabilities

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        return {
            "classes": self.classes_.tolist(),
            "slope": self.slope_,
            "offset": self.offset_,
            "threshold": self.threshold_,
            "text_weights": self.text_weights_,
            "section_weights": self.section_weights_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], section: RidgeTextClassifier) -> Self:
        """Build it again beside the section axis it was fitted with."""
        model = cls(section)
        model.classes_ = np.asarray(state["classes"], dtype=np.str_)
        model.slope_, model.offset_ = state["slope"], state["offset"]
        model.threshold_ = state["threshold"]
        model.text_weights_, model.section_weights_ = state["text_weights"], state["section_weights"]
        return model

    def _held_out_parts(self, cases: _Cases, described: Embedded, labels: Sequence[str]) -> Matrix:
        """Return part probabilities by models that never saw the case the part is of."""
        n_cases = len(labels) - described.sparse.shape[0]
        found = np.zeros((n_cases, len(self.section.classes_)))
        column = {label: at for at, label in enumerate(self.section.classes_.tolist())}
        of_descriptions = list(range(n_cases, len(labels)))
        for learn, judge in KFold(_FOLDS, shuffle=True, random_state=0).split(np.arange(n_cases)):
            fold = self.section.alike()
            known = [labels[at] for at in (*learn, *of_descriptions)]
            try:
                fold.fit_embedded(cases.embedded.of(learn).followed_by(described), known, len(learn))
            except TrainingError:
                continue  # the only case of a label, or with a word, is being judged
            fold.temperature_ = self.section.temperature_
            columns = [column[label] for label in fold.classes_.tolist()]
            judged = np.flatnonzero(np.isin(cases.part_owner, judge))
            parts = highest_part(fold.proba_of(cases.parts[judged]), cases.part_owner[judged], n_cases)
            found[np.ix_(judge, columns)] = parts[judge]
        return found

    def _keep(self, solution: Solution, wanted: NDArray[np.bool_], lead: NDArray[np.str_]) -> None:
        n_latent = len(solution.dense_weights) - 2 * len(self.section.classes_)
        latent, self.section_weights_ = np.split(solution.dense_weights, [n_latent])
        self.text_weights_ = self.section.embedding_.unfold(solution.sparse_weights, latent)
        scores = solution.held_out
        platt = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), wanted.ravel())
        self.slope_, self.offset_ = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        probabilities = expit(self.slope_ * scores + self.offset_)
        probabilities[lead[:, None] == self.classes_] = 0.0  # the lead never co-handles
        self.threshold_ = _best_threshold(probabilities, wanted)


@dataclass(frozen=True, eq=False, slots=True)
class _Cases:
    """Past cases as numbers, and the rows of their parts."""

    embedded: Embedded
    parts: csr_matrix
    part_owner: NDArray[np.int64]

    @classmethod
    def of(cls, embedding: TextEmbedding, texts: Sequence[str]) -> _Cases:
        rows: list[csr_matrix] = []
        parts: list[csr_matrix] = []
        owner: list[NDArray[np.int64]] = []
        for seen in embedding.features.batches(texts, parts=True):
            owner.append(seen.laid.parts.owner + sum(each.shape[0] for each in rows))
            rows.append(seen.matrix.copy())  # the original keeps the parts with it
            parts.append(seen.rows[len(seen.laid) :])
        whole = embedding.embed(vstack(rows, format="csr"))
        return cls(whole, vstack(parts, format="csr"), np.concatenate(owner))


def _inputs(whole: Matrix, parts: Matrix) -> NDArray[np.float32]:
    return np.hstack([_WHOLE_WEIGHT * whole, _PART_WEIGHT * parts]).astype(np.float32)


def _best_threshold(probabilities: Matrix, wanted: NDArray[np.bool_]) -> float:
    """Return the threshold at which the sets named agree best with the true ones, by mean F1."""
    return float(max(_THRESHOLDS, key=lambda threshold: _mean_f1(probabilities >= threshold, wanted)))


def _mean_f1(named: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> float:
    """Return the F1 of each row's set, averaged; two empty sets agree."""
    sizes = named.sum(axis=1) + wanted.sum(axis=1)
    hits = (named & wanted).sum(axis=1)
    return float(np.where(sizes > 0, 2 * hits / np.maximum(sizes, 1), 1.0).mean())
