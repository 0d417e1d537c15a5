"""The built-in text classifier, registered as ``fenban.classifiers`` plugin ``ridge``.

One-against-rest ridge regression over blocks of TF-IDF features. Compared
with the usual word pipelines it keeps its accuracy with very few cases,
learns from descriptions of the labels as if they were cases, and gives
leave-one-out scores from which its probabilities are calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import KFold
from sklearn.utils import check_consistent_length

from models.calibration import fit_temperature, to_probabilities
from models.embedding import Embedded, TextEmbedding
from models.explain import evidence
from models.kernel_ridge import DUAL_LIMIT, Solution, solve_dual, solve_primal
from models.self_training import GUESS_WEIGHT, surest, tells_enough
from models.tokenizer import default_tokenizer
from router.decision import Evidence
from router.errors import TrainingError
from router.interfaces import Tokenizer

__all__ = ["RidgeTextClassifier"]

_FEW_CASES = 600
"""Up to so many cases more is done with them: texts without labels are learned too,
and without such texts the probabilities are calibrated on folds that refit everything.
"""
_MANY_UNLABELLED = 1_000
"""From fewer texts without labels it can't be told what words mean."""
_MOST_GUESSED = 8_000
"""More texts without labels aren't looked at to learn from."""

_FOLDS = 5
_HEAVIEST_DESCRIPTION = 3.0
"""One description never counts for more cases than this."""


class RidgeTextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    r"""Ridge on ±1 over character, pair, word and latent features.

    Parameters
    ----------
    penalty : float
        Strength of the L2 penalty, above 0.
    balance : float
        0 gives every case the same weight, 1 every class.
    description_weight : float
        Total weight of the descriptions of one class, in cases; above 0.
    latent_dimensions : int
        Per latent block; 0 for none.
    tokenizer : Tokenizer or None
        jieba where None.
    embedding : TextEmbedding or None
        A fitted one to use instead of learning an own, so that classifiers of
        several axes share it.

    Attributes
    ----------
    classes_ : ndarray of str
    embedding_ : TextEmbedding
    temperature_ : float
        Factor from scores to log-odds.
    held_out_proba_ : ndarray, shape (n_texts, n_classes)
        Probabilities of the training texts, each by a model that never
        learned it. With more than 600, with a given embedding, or with many
        texts without labels, its words were in the embedding.

    Examples
    --------
    >>> texts = ["路灯不亮\n", "路灯坏了\n", "下水道堵\n", "污水管堵\n"]
    >>> model = RidgeTextClassifier().fit(texts, ["lamp", "lamp", "drain", "drain"])
    >>> model.predict(["整条街路灯不亮\n"]).tolist()
    ['lamp']
    """

    def __init__(
        self,
        penalty: float = 0.5,
        balance: float = 0.75,
        description_weight: float = 30.0,
        latent_dimensions: int = 200,
        tokenizer: Tokenizer | None = None,
        embedding: TextEmbedding | None = None,
    ) -> None:
        self.penalty = penalty
        self.balance = balance
        self.description_weight = description_weight
        self.latent_dimensions = latent_dimensions
        self.tokenizer = tokenizer
        self.embedding = embedding

    def fit(
        self,
        texts: Sequence[str],
        y: Sequence[str],
        *,
        descriptions: Sequence[tuple[str, str]] | None = None,
        unlabelled: Sequence[str] | None = None,
    ) -> Self:
        """Learn from cases, descriptions of the labels, and texts without labels.

        Parameters
        ----------
        texts : sequence of str, shape (n_texts,)
        y : sequence of str, shape (n_texts,)
        descriptions : sequence of (label, text), optional
            What labels mean; enough on its own when there are no texts.
        unlabelled : sequence of str, optional
            Texts of the same kind; vocabulary and latent dimensions come
            from them too.

        Returns
        -------
        self

        Raises
        ------
        TrainingError
            If there are fewer than two labels, or no text holds a word.
        ValueError
            If there aren't as many labels as texts, or a parameter is out of
            its range.
        """
        check_consistent_length(texts, y)
        if min(self.penalty, self.description_weight) <= 0:
            raise ValueError("penalty and description_weight must be above 0")
        described, background = list(descriptions or ()), list(unlabelled or ())
        learned = [*texts, *(text for _, text in described)]
        labels = [*y, *(label for label, _ in described)]
        embedded = self._embed(learned, background, len(described))
        left_out = self.fit_embedded(embedded, labels, len(texts))
        known = set(texts)  # past cases may be among the texts without labels: they have theirs
        guessable = [text for text in background if text not in known][:_MOST_GUESSED]
        if len(texts) <= _FEW_CASES and tells_enough(len(guessable), len(self.classes_)):
            more = self.embedding_.transform(guessable)
            left_out = self._self_trained(embedded, labels, len(texts), more)
        elif self.embedding is None and len(texts) <= _FEW_CASES:
            left_out = self._cross_fitted(texts, y, described, background, left_out)
        target = np.searchsorted(self.classes_, np.asarray(y, dtype=np.str_))
        self.temperature_ = fit_temperature(left_out, target)
        self.held_out_proba_ = to_probabilities(left_out, self.temperature_)
        return self

    def fit_embedded(
        self, embedded: Embedded, labels: Sequence[str], n_cases: int, n_guessed: int = 0
    ) -> NDArray[np.float64]:
        """Learn everything but the temperature from texts that are embedded already.

        Parameters
        ----------
        embedded : Embedded
            Cases first, descriptions after them.
        labels : sequence of str
        n_cases : int
        n_guessed : int
            How many of the last ones are texts whose labels were guessed.

        Returns
        -------
        ndarray, shape (n_cases, n_classes)
            Scores of the cases, each by a model that didn't learn it.
        """
        self.classes_, target = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
        if len(self.classes_) < 2:
            raise TrainingError("至少要有两个不同的标签才能训练", hint="请补充其他股室的案件，或给出标签说明")
        if not embedded.sparse.nnz:
            raise TrainingError("训练文本里没有可用的文字", hint="请检查标题和正文两列是否读对")
        solution = self._solve(embedded, target, self._weights(target, n_cases, n_guessed))
        self.weights_ = self.embedding_.unfold(solution.sparse_weights, solution.dense_weights)
        self.mean_weights_ = self.weights_.mean(axis=1)
        return solution.held_out[:n_cases]

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_texts, n_classes)."""
        return self.proba_of(self.embedding_.features.transform(texts))

    def proba_of(self, rows: csr_matrix) -> NDArray[np.float64]:
        """Return calibrated probabilities of texts that are feature rows already."""
        return to_probabilities(self._scores(rows), self.temperature_)

    def known_share(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of each text's words and pairs that training has seen."""
        return np.concatenate(
            [np.zeros(0), *(s.known_share for s in self.embedding_.features.batches(texts))]
        )

    def evidence(self, text: str, labels: Sequence[str]) -> list[tuple[Evidence, ...]]:
        """Return the words of `text` that spoke for each of `labels`, strongest first."""
        known = self.classes_.tolist()
        columns = np.array([known.index(label) for label in labels], dtype=np.int64)
        return evidence(self, self.embedding_.features.see([text]), [text], columns[None, :])[0]

    def predict(self, texts: Sequence[str]) -> NDArray[np.str_]:
        """Return the most probable label of each text."""
        best: NDArray[np.str_] = self.classes_[self.predict_proba(texts).argmax(axis=1)]
        return best

    def alike(self) -> RidgeTextClassifier:
        """Return a classifier of the same settings over the fitted embedding, to be fitted on other texts."""
        other = self._unfitted(self.embedding_)
        other.embedding_ = self.embedding_
        return other

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        return {
            "params": {
                "penalty": self.penalty,
                "balance": self.balance,
                "description_weight": self.description_weight,
                "latent_dimensions": self.latent_dimensions,
            },
            "classes": self.classes_.tolist(),
            "temperature": self.temperature_,
            "embedding": self.embedding_.state(),
            "weights": self.weights_,
            "mean_weights": self.mean_weights_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the fitted classifier again; see `state`.

        The tokeniser isn't part of the state: whoever loads it puts it back
        under the key ``tokenizer``. ``embedding`` may be one that another
        axis has built already.
        """
        tokenizer = state.get("tokenizer") or default_tokenizer()
        embedding = state["embedding"]
        model = cls(**state["params"], tokenizer=tokenizer)
        model.classes_ = np.asarray(state["classes"], dtype=np.str_)
        model.temperature_ = state["temperature"]
        if not isinstance(embedding, TextEmbedding):
            embedding = TextEmbedding.from_state(embedding, tokenizer)
        model.embedding_ = embedding
        model.weights_, model.mean_weights_ = state["weights"], state["mean_weights"]
        return model

    def _self_trained(
        self, embedded: Embedded, labels: Sequence[str], n_cases: int, more: Embedded
    ) -> NDArray[np.float64]:
        """Learn the texts that it is surest of too; return scores of the cases by folds that do the same."""
        self._learn_surest(embedded, labels, n_cases, more)
        scores = np.full((n_cases, len(self.classes_)), -1.0)  # what a ridge on ±1 says of an unknown class
        if n_cases < 2:
            return scores
        # many folds: with a tenth of few cases left out a model is nearly as good as with all
        n_folds = min(n_cases, 2 * _FOLDS)
        described = np.arange(n_cases, len(labels))
        for learn, judge in KFold(n_folds, shuffle=True, random_state=0).split(np.arange(n_cases)):
            rows = np.concatenate([learn, described])
            fold = self.alike()
            try:
                fold.fit_embedded(embedded.of(rows), [labels[at] for at in rows], len(learn))
                fold._learn_surest(embedded.of(rows), [labels[at] for at in rows], len(learn), more)
            except TrainingError:
                continue  # the only case of a label is being judged
            columns = np.searchsorted(self.classes_, fold.classes_)
            scores[np.ix_(judge, columns)] = fold._scores(embedded.sparse[judge])
        return scores

    def _learn_surest(self, embedded: Embedded, labels: Sequence[str], n_cases: int, more: Embedded) -> None:
        """Learn once more, with the texts that it is surest of now."""
        text, label = surest(self._scores(more.sparse))
        guessed = [*labels, *self.classes_[label].tolist()]
        self.fit_embedded(embedded.followed_by(more.of(text)), guessed, n_cases, len(text))

    def _cross_fitted(
        self,
        texts: Sequence[str],
        y: Sequence[str],
        described: Sequence[tuple[str, str]],
        unlabelled: Sequence[str],
        left_out: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return scores by folds that never saw a text, not even its words.

        Leaving one out of the ridge leaves its words in the embedding. With
        few cases that matters: a new text has words nobody has seen.
        """
        scores = left_out.copy()
        if len(texts) < _FOLDS:
            return scores
        for learn, judge in KFold(_FOLDS, shuffle=True, random_state=0).split(texts):
            fold = self._unfitted(None)
            some = [*(texts[i] for i in learn), *(text for _, text in described)]
            labels = [*(y[i] for i in learn), *(label for label, _ in described)]
            try:
                fold.fit_embedded(fold._embed(some, unlabelled, len(described)), labels, len(learn))
            except TrainingError:
                continue  # the only case of a label, or with a word, is being judged
            scores[judge] = -1.0  # what a ridge on ±1 says of a class that a fold never saw
            columns = np.searchsorted(self.classes_, fold.classes_)
            judged = fold.embedding_.features.transform([texts[i] for i in judge])
            scores[np.ix_(judge, columns)] = fold._scores(judged)
        return scores

    def _unfitted(self, embedding: TextEmbedding | None) -> RidgeTextClassifier:
        return RidgeTextClassifier(
            self.penalty,
            self.balance,
            self.description_weight,
            self.latent_dimensions,
            self.tokenizer,
            embedding,
        )

    def _embed(self, learned: Sequence[str], unlabelled: Sequence[str], n_descriptions: int) -> Embedded:
        """Return the learned texts as numbers, by the given embedding or one fitted on all texts."""
        if self.embedding is not None:
            self.embedding_ = self.embedding
            return self.embedding_.transform(learned, n_descriptions)
        dimensions = self.latent_dimensions if len(learned) <= DUAL_LIMIT else 0
        n_cases = len(learned) - n_descriptions
        few_among_many = n_cases <= _FEW_CASES and len(unlabelled) >= _MANY_UNLABELLED
        tokenizer = self.tokenizer or default_tokenizer()
        self.embedding_ = TextEmbedding(tokenizer, dimensions, with_meanings=few_among_many)
        return self.embedding_.fit_transform([*learned, *unlabelled], n_cases, n_descriptions)

    def _weights(self, target: NDArray[np.int64], n_cases: int, n_guessed: int) -> NDArray[np.float64]:
        """Return sample weights: cases by how rare their class is, descriptions by total weight."""
        n_classes = len(self.classes_)
        cases, descriptions = target[:n_cases], target[n_cases : len(target) - n_guessed]
        balanced = (n_cases / (n_classes * np.bincount(cases, minlength=n_classes)[cases])) ** self.balance
        share = self.description_weight / np.bincount(descriptions, minlength=n_classes)[descriptions]
        guessed = np.full(n_guessed, GUESS_WEIGHT)
        return np.concatenate([balanced, np.minimum(share, _HEAVIEST_DESCRIPTION), guessed])

    def _solve(self, embedded: Embedded, target: NDArray[np.int64], weights: NDArray[np.float64]) -> Solution:
        signs = np.where(target[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        if len(target) <= DUAL_LIMIT:
            return solve_dual(embedded.sparse, embedded.dense, signs, weights, self.penalty)
        return solve_primal(embedded.sparse, embedded.dense, signs, weights, self.penalty)

    def _scores(self, rows: csr_matrix) -> NDArray[np.float64]:
        return np.asarray(rows @ self.weights_, dtype=np.float64)
