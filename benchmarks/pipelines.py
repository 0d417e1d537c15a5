"""The pipelines of the tutorials, which fenban is measured against.

Words are those of jieba, one-character words included; probabilities of a
support vector machine, which has none, are the softmax of its scores.
"""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.svm import LinearSVC

from models.tokenizer import JiebaTokenizer

__all__ = ["FastText", "Tutorial", "cut", "cut_seconds", "first_pipeline", "tutorials"]

Matrix = NDArray[np.float64]
Cut = Callable[[str], str]

_WORD = r"(?u)\b\w+\b"
"""scikit-learn's own pattern silently drops words of one character."""

_cut_texts: dict[str, tuple[str, float]] = {}


def cut(text: str) -> str:
    """Return the words of `text` with spaces between, as jieba cuts them."""
    return " ".join(_jieba().tokenize(text))


def cut_once(text: str) -> str:
    """Return what `cut` returns, from memory where the text was cut before; see `cut_seconds`."""
    if text not in _cut_texts:
        started = time.process_time()
        words = cut(text)
        _cut_texts[text] = words, time.process_time() - started
    return _cut_texts[text][0]


def cut_seconds(texts: Sequence[str]) -> float:
    """Return what cutting `texts` took; folds cut each text once and every pipeline is charged for it."""
    for text in texts:
        cut_once(text)
    return sum(_cut_texts[text][1] for text in texts)


class Tutorial:
    """A vectoriser and a classifier of scikit-learn, fitted like any tutorial does.

    Parameters
    ----------
    pipeline : Pipeline
        Takes bare texts.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    @property
    def classes(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`."""
        labels: list[str] = self.pipeline.classes_.tolist()
        return labels

    def fit(self, texts: Sequence[str], y: Sequence[str]) -> Self:
        """Learn from labelled texts."""
        self.pipeline.fit(texts, y)
        return self

    def predict_proba(self, texts: Sequence[str]) -> Matrix:
        """Return probabilities, shape (n_texts, n_classes)."""
        if hasattr(self.pipeline, "predict_proba"):
            probabilities: Matrix = self.pipeline.predict_proba(texts)
            return probabilities
        scores: Matrix = self.pipeline.decision_function(texts)
        if scores.ndim == 1:
            one = expit(scores)
            return np.column_stack([1 - one, one])
        soft: Matrix = softmax(scores, axis=1)
        return soft

    def size(self) -> int:
        """Return the bytes of the pickled pipeline."""
        return len(pickle.dumps(self.pipeline))


class FastText:
    """fastText's supervised classifier on jieba words, longer than by default, for few cases."""

    def fit(self, texts: Sequence[str], y: Sequence[str]) -> Self:
        """Learn from labelled texts."""
        import fasttext  # type: ignore[import-not-found,import-untyped,unused-ignore]  # no dependency

        self.classes = sorted(set(y))
        column = {label: at for at, label in enumerate(self.classes)}
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.writelines(
                f"__label__{column[label]} {_one_line(text)}\n" for text, label in zip(texts, y, strict=True)
            )
            file.flush()
            self._model = fasttext.train_supervised(
                file.name, epoch=100, lr=1.0, wordNgrams=2, bucket=200_000, thread=1, seed=0, verbose=0
            )
        return self

    def predict_proba(self, texts: Sequence[str]) -> Matrix:
        """Return probabilities, shape (n_texts, n_classes)."""
        probabilities = np.zeros((len(texts), len(self.classes)))
        found = self._model.predict([_one_line(text) for text in texts], k=len(self.classes))
        for row, (labels, shares) in enumerate(zip(*found, strict=True)):
            columns = [int(label.removeprefix("__label__")) for label in labels]
            probabilities[row, columns] = shares
        return probabilities

    def size(self) -> int:
        """Return the bytes of the saved model."""
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            self._model.save_model(file.name)
            return Path(file.name).stat().st_size


def first_pipeline(cut_text: Cut = cut) -> Tutorial:
    """Return the pipeline every tutorial begins with: jieba, TF-IDF, logistic regression."""
    return Tutorial(make_pipeline(_words(cut_text), LogisticRegression(max_iter=1000)))


def tutorials() -> dict[str, Callable[[], Tutorial | FastText]]:
    """Return what makes each pipeline afresh; fastText only where it is installed."""
    found: dict[str, Callable[[], Tutorial | FastText]] = {
        "MultinomialNB": lambda: Tutorial(make_pipeline(_words(cut_once), MultinomialNB())),
        "LogisticRegression": lambda: first_pipeline(cut_once),
        "LinearSVC": lambda: Tutorial(make_pipeline(_words(cut_once), LinearSVC())),
        "word 1-2 SVC": lambda: Tutorial(make_pipeline(_word_pairs(), LinearSVC(class_weight="balanced"))),
        "char 1-2 + word SVC": lambda: Tutorial(
            make_pipeline(
                make_union(_character_pairs(), _words(cut_once, sublinear_tf=True)),
                LinearSVC(class_weight="balanced"),
            )
        ),
    }
    if find_spec("fasttext"):
        found["fastText"] = FastText
    return found


def _words(cut_text: Cut, **settings: Any) -> TfidfVectorizer:
    return TfidfVectorizer(preprocessor=cut_text, token_pattern=_WORD, **settings)


def _word_pairs() -> TfidfVectorizer:
    return _words(cut_once, ngram_range=(1, 2), sublinear_tf=True)


def _character_pairs() -> TfidfVectorizer:
    return TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)


def _one_line(text: str) -> str:
    return " ".join(cut_once(text).split())


@cache
def _jieba() -> JiebaTokenizer:
    return JiebaTokenizer()
