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
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import KFold

from models.calibration import fit_temperature, to_probabilities
from models.embedding import Embedded, TextEmbedding
from models.explain import evidence
from models.kernel_ridge import DUAL_LIMIT, Solution, solve_dual, solve_primal
from models.tokenizer import default_tokenizer
from router.decision import Evidence
from router.errors import TrainingError
from router.interfaces import Tokenizer

__all__ = ["RidgeTextClassifier"]

_FEW_CASES = 600
"""Up to so many cases the probabilities are calibrated on folds that refit everything.

With more, or with more texts without labels, a single text adds too little to
the embedding to matter, and refitting takes long.
"""

_FOLDS = 5
_HEAVIEST_DESCRIPTION = 3.0
"""One description never counts for more cases than this."""


class RidgeTextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    r"""Ridge on ±1 over character, pair, word and latent features.

    Parameters
    ----------
    penalty : float
        Strength of the L2 penalty.
    balance : float
        0 gives every case the same weight, 1 every class.
    description_weight : float
        Total weight of the descriptions of one class, in cases.
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
        learned it; with more than 600 its words were in the embedding.

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
        """
        described, background = list(descriptions or ()), list(unlabelled or ())
        left_out = self._learn(texts, y, described, background)
        target = np.searchsorted(self.classes_, np.asarray(y, dtype=np.str_))
        if self.embedding is None and len(texts) <= _FEW_CASES and len(background) <= _FEW_CASES:
            left_out = self._cross_fitted(texts, y, described, background, left_out)
        self.temperature_ = fit_temperature(left_out, target)
        self.held_out_proba_ = to_probabilities(left_out, self.temperature_)
        return self

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_texts, n_classes)."""
        return self.proba_of(self.embedding_.transform(texts))

    def proba_of(self, embedded: Embedded) -> NDArray[np.float64]:
        """Return calibrated probabilities of texts that are embedded already."""
        return to_probabilities(self._scores(embedded), self.temperature_)

    def known_share(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of each text's words and pairs that training has seen."""
        return self.embedding_.transform(texts).known_share

    def evidence(self, text: str, labels: Sequence[str]) -> list[tuple[Evidence, ...]]:
        """Return the words of `text` that spoke for each of `labels`, strongest first."""
        return evidence(self, text, labels)

    def predict(self, texts: Sequence[str]) -> NDArray[np.str_]:
        """Return the most probable label of each text."""
        best: NDArray[np.str_] = self.classes_[self.predict_proba(texts).argmax(axis=1)]
        return best

    def alike(self) -> RidgeTextClassifier:
        """Return an unfitted classifier of the same settings over the fitted embedding."""
        return self._unfitted(self.embedding_)

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
            "sparse_weights": self.sparse_weights_,
            "dense_weights": self.dense_weights_,
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
        model.sparse_weights_ = state["sparse_weights"]
        model.dense_weights_ = state["dense_weights"]
        return model

    def _learn(
        self,
        texts: Sequence[str],
        y: Sequence[str],
        described: Sequence[tuple[str, str]],
        unlabelled: Sequence[str],
    ) -> NDArray[np.float64]:
        """Learn everything but the temperature, and return the leave-one-out scores of `texts`."""
        labels = np.asarray([*y, *(label for label, _ in described)], dtype=np.str_)
        self.classes_, target = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise TrainingError("至少要有两个不同的标签才能训练", hint="请补充其他股室的案件，或给出标签说明")
        learned = [*texts, *(text for _, text in described)]
        embedded = self._embed(learned, unlabelled)
        solution = self._solve(embedded, target, self._weights(target, len(texts)))
        self.sparse_weights_, self.dense_weights_ = solution.sparse_weights, solution.dense_weights
        return solution.held_out[: len(texts)]

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
            try:
                fold._learn([texts[i] for i in learn], [y[i] for i in learn], described, unlabelled)
            except TrainingError:
                continue  # the only case of a label, or with a word, is being judged
            scores[judge] = -1.0  # what a ridge on ±1 says of a class that a fold never saw
            columns = np.searchsorted(self.classes_, fold.classes_)
            judged = fold.embedding_.transform([texts[i] for i in judge])
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

    def _embed(self, learned: Sequence[str], unlabelled: Sequence[str]) -> Embedded:
        """Return the learned texts as numbers, by the given embedding or one fitted on all texts."""
        if self.embedding is not None:
            self.embedding_ = self.embedding
        else:
            dimensions = self.latent_dimensions if len(learned) <= DUAL_LIMIT else 0
            tokenizer = self.tokenizer or default_tokenizer()
            self.embedding_ = TextEmbedding(tokenizer, dimensions).fit([*learned, *unlabelled])
        embedded = self.embedding_.transform(learned)
        if not embedded.sparse.nnz:
            raise TrainingError("训练文本里没有可用的文字", hint="请检查标题和正文两列是否读对")
        return embedded

    def _weights(self, target: NDArray[np.int64], n_texts: int) -> NDArray[np.float64]:
        """Return sample weights: cases by how rare their class is, descriptions by total weight."""
        weights = np.empty(len(target))
        n_classes = len(self.classes_)
        cases = np.bincount(target[:n_texts], minlength=n_classes)
        described = np.bincount(target[n_texts:], minlength=n_classes)
        weights[:n_texts] = (n_texts / (n_classes * cases[target[:n_texts]])) ** self.balance
        share = self.description_weight / described[target[n_texts:]]
        weights[n_texts:] = np.minimum(share, _HEAVIEST_DESCRIPTION)
        return weights

    def _solve(self, embedded: Embedded, target: NDArray[np.int64], weights: NDArray[np.float64]) -> Solution:
        signs = np.where(target[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        if len(target) <= DUAL_LIMIT:
            return solve_dual(embedded.sparse, embedded.dense, signs, weights, self.penalty)
        return solve_primal(embedded.sparse, signs, weights, self.penalty)

    def _scores(self, embedded: Embedded) -> NDArray[np.float64]:
        scores = embedded.sparse @ self.sparse_weights_ + embedded.dense @ self.dense_weights_
        return np.asarray(scores, dtype=np.float64)
