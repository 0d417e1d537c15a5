"""A text classifier made of two parts of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from fenban_example.tokenizer import CharacterTokenizer
from router.errors import TrainingError
from router.interfaces import Tokenizer
from router.text import normalise

__all__ = ["BayesClassifier"]


class BayesClassifier:
    r"""Multinomial naive Bayes over words and pairs of them.

    Parameters
    ----------
    tokenizer : Tokenizer, optional
        fenban gives the one that the site names, because there is a
        parameter of this name.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_classes,)
    tokenizer : Tokenizer

    Examples
    --------
    >>> texts = ["路灯不亮\n", "路灯坏了\n", "下水道堵\n", "污水管堵\n"]
    >>> model = BayesClassifier().fit(texts, ["lamp", "lamp", "drain", "drain"])
    >>> again = BayesClassifier.from_state(model.state())
    >>> again.classes_[again.predict_proba(["整条街路灯不亮\n"]).argmax()].item()
    'lamp'
    """

    classes_: NDArray[np.str_]

    def __init__(self, tokenizer: Tokenizer | None = None) -> None:
        self.tokenizer = tokenizer or CharacterTokenizer()

    def fit(
        self,
        texts: Sequence[str],
        y: Sequence[str],
        *,
        descriptions: Sequence[tuple[str, str]] | None = None,
        unlabelled: Sequence[str] | None = None,  # nothing for Bayes to learn
    ) -> Self:
        """Learn from cases and from descriptions of the labels, each of which counts as a case.

        Parameters
        ----------
        texts, y : sequence of str, shape (n_texts,)
            May be empty where there are descriptions.
        descriptions : sequence of (label, text), optional
        unlabelled : sequence of str, optional

        Returns
        -------
        self

        Raises
        ------
        TrainingError
            If there are fewer than two labels, or not a single word.
        """
        described = list(descriptions or ())
        learned = [*texts, *(text for _, text in described)]
        labels = [*y, *(label for label, _ in described)]
        if len(set(labels)) < 2:
            raise TrainingError("至少要有两个不同的标签才能训练")
        if not any(map(self._words, learned)):
            raise TrainingError("训练文本里没有可用的字词")
        counter = self._new_counter()
        bayes = MultinomialNB(alpha=0.1).fit(counter.fit_transform(learned), labels)
        self.classes_ = bayes.classes_.astype(np.str_)
        self._learn(counter.get_feature_names_out().tolist(), bayes.feature_log_prob_, bayes.class_log_prior_)
        return self

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_texts, n_classes), in the order of `classes_`."""
        scores = self._counter.transform(texts) @ self._word_scores.T + self._prior
        probabilities: NDArray[np.float64] = softmax(scores, axis=1)
        return probabilities

    def known_share(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of each text's words that training has seen, shape (n_texts,).

        Not part of the protocol: fenban asks where it exists, and sends a
        text of mostly unknown words to a person.
        """
        cut = [self._words(text) for text in texts]
        return np.array([sum(word in self._columns for word in words) / max(len(words), 1) for words in cut])

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs: arrays and lists of strings, no object."""
        return {
            "classes": self.classes_.tolist(),
            "vocabulary": list(self._columns),
            "word_scores": self._word_scores,
            "prior": self._prior,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the fitted classifier again; fenban adds the tokenizer to its state."""
        model = cls(state.get("tokenizer"))
        model.classes_ = np.asarray(state["classes"], dtype=np.str_)
        model._learn(state["vocabulary"], state["word_scores"], state["prior"])
        return model

    def _learn(
        self, vocabulary: Sequence[str], word_scores: NDArray[np.float64], prior: NDArray[np.float64]
    ) -> None:
        self._columns = {word: column for column, word in enumerate(vocabulary)}
        self._counter = self._new_counter(self._columns)
        self._word_scores, self._prior = word_scores, prior

    def _new_counter(self, vocabulary: Mapping[str, int] | None = None) -> CountVectorizer:
        return CountVectorizer(
            tokenizer=self._words,
            token_pattern=None,  # the default one would drop words of one character
            lowercase=False,
            ngram_range=(1, 2),
            vocabulary=vocabulary,
        )

    def _words(self, text: str) -> list[str]:
        return [word for word in self.tokenizer.tokenize(normalise(text)) if any(map(str.isalnum, word))]
