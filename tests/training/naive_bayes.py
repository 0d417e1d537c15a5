"""A classifier as other people write one: no leave-one-out, no explanations, scikit-learn inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB


class NaiveBayes:
    """Multinomial naive Bayes over single characters."""

    def fit(
        self,
        texts: Sequence[str],
        y: Sequence[str],
        *,
        descriptions: Sequence[tuple[str, str]] | None = None,
        unlabelled: Sequence[str] | None = None,
    ) -> Self:
        described = list(descriptions or ())
        learned = [*texts, *(text for _, text in described)]
        self._counter = CountVectorizer(analyzer="char").fit(learned)
        labels = [*y, *(label for label, _ in described)]
        self._model = MultinomialNB().fit(self._counter.transform(learned), labels)
        self.classes_ = self._model.classes_
        return self

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        probabilities: NDArray[np.float64] = self._model.predict_proba(self._counter.transform(texts))
        return probabilities

    def state(self) -> dict[str, Any]:
        return {
            "characters": self._counter.get_feature_names_out().tolist(),
            "classes": self.classes_.tolist(),
            "feature_log_prob": self._model.feature_log_prob_,
            "class_log_prior": self._model.class_log_prior_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        model = cls()
        model._counter = CountVectorizer(analyzer="char", vocabulary=state["characters"])
        model._model = MultinomialNB()
        model.classes_ = model._model.classes_ = np.asarray(state["classes"])
        model._model.feature_log_prob_ = state["feature_log_prob"]
        model._model.class_log_prior_ = state["class_log_prior"]
        model._model.n_features_in_ = len(state["characters"])
        return model
