"""Who should co-handle a case (会办): learned where past cases tell, read from the parts where not.

The probability that a section co-handles rests on the whole text, on how the
section axis sees it, and on how it sees each part alone: a request for
street lamps in a case about sewers speaks for the lamps' section.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from models.classifier import RidgeTextClassifier
from models.embedding import Embedded
from models.kernel_ridge import DUAL_LIMIT, Solution, solve_dual
from models.parts import split_parts
from router.errors import TrainingError
from router.proposal import case_text

__all__ = ["CoHandling", "part_probabilities"]

Matrix = NDArray[np.float64]

_LEAST_CASES = 30
"""With fewer co-handled cases there is nothing to learn from."""

_PENALTY = 0.3
_WHOLE_WEIGHT, _PART_WEIGHT = 6.0, 3.0
_FOLDS = 3
_THRESHOLDS = np.arange(0.3, 0.91, 0.05)
"""Below .3 a suggestion to co-handle would be wrong too often to be read."""


def part_probabilities(classifier: RidgeTextClassifier, texts: Sequence[str]) -> Matrix:
    """Return for each text the highest probability that any part gives each class.

    Parameters
    ----------
    classifier : RidgeTextClassifier
    texts : sequence of str

    Returns
    -------
    ndarray, shape (n_texts, n_classes)
        Zero for a text of one part.
    """
    highest = np.zeros((len(texts), len(classifier.classes_)))
    owned = [(at, case_text("", part)) for at, text in enumerate(texts) for part in split_parts(text)]
    if owned:
        owner = np.array([at for at, _ in owned])
        np.maximum.at(highest, owner, classifier.predict_proba([part for _, part in owned]))
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
        embedded = self.section.embedding_.transform(texts)
        whole = self.section.held_out_proba_
        dense = _inputs(embedded, whole, self._held_out_parts(texts, lead, descriptions))
        target = np.where(wanted, 1.0, -1.0)
        solution = solve_dual(embedded.sparse, dense, target, np.ones(len(texts)), _PENALTY)
        self._keep(solution, wanted, self.section.classes_[whole.argmax(axis=1)])
        return self

    def probabilities(self, texts: Sequence[str], embedded: Embedded, whole: Matrix) -> Matrix:
        """Return the probability that each class co-handles.

        Parameters
        ----------
        texts : sequence of str
        embedded : Embedded
            Of `texts`.
        whole : ndarray, shape (n_texts, n_section_classes)
            Section probabilities of `texts`.

        Returns
        -------
        ndarray, shape (n_texts, n_classes)
            Independent of each other; rows don't sum to one.
        """
        dense = _inputs(embedded, whole, part_probabilities(self.section, texts))
        scores = embedded.sparse @ self.sparse_weights_ + dense @ self.dense_weights_
        probabilities: Matrix = expit(self.slope_ * scores + self.offset_)
        return probabilities

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        return {
            "classes": self.classes_.tolist(),
            "slope": self.slope_,
            "offset": self.offset_,
            "threshold": self.threshold_,
            "sparse_weights": self.sparse_weights_,
            "dense_weights": self.dense_weights_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], section: RidgeTextClassifier) -> Self:
        """Build it again beside the section axis it was fitted with."""
        model = cls(section)
        model.classes_ = np.asarray(state["classes"], dtype=np.str_)
        model.slope_, model.offset_ = state["slope"], state["offset"]
        model.threshold_ = state["threshold"]
        model.sparse_weights_, model.dense_weights_ = state["sparse_weights"], state["dense_weights"]
        return model

    def _held_out_parts(
        self, texts: Sequence[str], lead: Sequence[str], descriptions: Sequence[tuple[str, str]]
    ) -> Matrix:
        """Return part probabilities by models that never saw the case the part is of."""
        found = np.zeros((len(texts), len(self.section.classes_)))
        column = {label: at for at, label in enumerate(self.section.classes_.tolist())}
        for learn, judge in KFold(_FOLDS, shuffle=True, random_state=0).split(texts):
            fold = self.section.alike()
            try:
                fold.fit([texts[i] for i in learn], [lead[i] for i in learn], descriptions=descriptions)
            except TrainingError:
                continue  # the only case of a label, or with a word, is being judged
            columns = [column[label] for label in fold.classes_.tolist()]
            found[np.ix_(judge, columns)] = part_probabilities(fold, [texts[i] for i in judge])
        return found

    def _keep(self, solution: Solution, wanted: NDArray[np.bool_], lead: NDArray[np.str_]) -> None:
        self.sparse_weights_, self.dense_weights_ = solution.sparse_weights, solution.dense_weights
        scores = solution.held_out
        platt = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), wanted.ravel())
        self.slope_, self.offset_ = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        probabilities = expit(self.slope_ * scores + self.offset_)
        probabilities[lead[:, None] == self.classes_] = 0.0  # the lead never co-handles
        self.threshold_ = _best_threshold(probabilities, wanted)


def _inputs(embedded: Embedded, whole: Matrix, parts: Matrix) -> NDArray[np.float32]:
    dense = np.hstack([embedded.dense, _WHOLE_WEIGHT * whole, _PART_WEIGHT * parts])
    return dense.astype(np.float32)


def _best_threshold(probabilities: Matrix, wanted: NDArray[np.bool_]) -> float:
    """Return the threshold at which the sets named agree best with the true ones, by mean F1."""
    return float(max(_THRESHOLDS, key=lambda threshold: _mean_f1(probabilities >= threshold, wanted)))


def _mean_f1(named: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> float:
    """Return the F1 of each row's set, averaged; two empty sets agree."""
    sizes = named.sum(axis=1) + wanted.sum(axis=1)
    hits = (named & wanted).sum(axis=1)
    return float(np.where(sizes > 0, 2 * hits / np.maximum(sizes, 1), 1.0).mean())
