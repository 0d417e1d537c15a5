"""Texts as blocks of TF-IDF features.

A text (`router.proposal.case_text`) is seen as a whole and by its title.
Each block is sublinear TF-IDF, L2-normalised by itself, and weighted, so
that a long block doesn't drown a short one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.utils.extmath import row_norms

from models.counting import CharacterCounter, Spans, Texts, WordCounter
from models.tokenizer import words
from router.interfaces import Tokenizer
from router.text import normalise

__all__ = ["BlockFeatures", "Features"]

View = Literal["text", "title"]


class Features(NamedTuple):
    """Feature rows of some texts.

    Parameters
    ----------
    matrix : csr_matrix of float32, shape (n_texts, n_features)
    known_share : ndarray, shape (n_texts,)
        Share of a text's words and character pairs that were in the training
        texts; 0 for a text without any.
    """

    matrix: csr_matrix
    known_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _View:
    """A batch of texts, whole and by title."""

    text: Texts
    title: Texts


class _Block:
    """One group of TF-IDF features over one view.

    Parameters
    ----------
    name : str
    view : {"text", "title"}
    counter : CharacterCounter or WordCounter
    weight : float
        What the block counts for in the kernel.
    """

    def __init__(self, name: str, view: View, counter: CharacterCounter | WordCounter, weight: float) -> None:
        self.name, self.view, self.counter, self.weight = name, view, counter, weight
        self.idf: NDArray[np.float32] = np.zeros(0, dtype=np.float32)

    def fit(self, view: _View) -> None:
        texts: Texts = getattr(view, self.view)
        self.counter.fit(texts)
        counts = self.counter.entries(texts).counts(len(texts), len(self.counter))
        frequency = np.bincount(counts.indices, minlength=len(self.counter))
        # smoothed inverse document frequency, as scikit-learn's TfidfTransformer defines it
        self.idf = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)

    def transform(self, view: _View) -> tuple[csr_matrix, NDArray[np.int64], NDArray[np.int64]]:
        """Return weighted rows, and per text how many entries were known and met."""
        texts: Texts = getattr(view, self.view)
        entries = self.counter.entries(texts)
        met = np.bincount(entries.document, minlength=len(texts))
        known = np.bincount(entries.document[entries.feature >= 0], minlength=len(texts))
        rows = entries.counts(len(texts), len(self.counter))
        rows.data = (1 + np.log(rows.data)) * self.idf[rows.indices]
        length = np.repeat(row_norms(rows), np.diff(rows.indptr))
        rows.data *= np.float32(np.sqrt(self.weight)) / length.astype(np.float32)
        return rows, known, met

    def spans(self, text: str, tokens: Sequence[str]) -> Spans:
        if isinstance(self.counter, WordCounter):
            return self.counter.spans(text, tokens)
        return self.counter.spans(text)


class BlockFeatures:
    r"""Characters, character pairs and words of text and title.

    Parameters
    ----------
    tokenizer : Tokenizer
    min_df : int
        Character pairs and words of fewer texts than this are not learned.

    Examples
    --------
    >>> from models.tokenizer import JiebaTokenizer
    >>> features = BlockFeatures(JiebaTokenizer()).fit(["路灯不亮\n", "道路破损\n"])
    >>> features.transform(["路灯不亮\n"]).matrix.shape == (1, features.width)
    True
    """

    def __init__(self, tokenizer: Tokenizer, min_df: int = 1) -> None:
        self.tokenizer = tokenizer
        self.blocks = [
            _Block("characters", "text", CharacterCounter(1), 1.0),
            _Block("pairs", "text", CharacterCounter(2, min_df), 1.0),
            _Block("words", "text", WordCounter(min_df), 1.0),
            _Block("title_characters", "title", CharacterCounter(1), 0.25),
            _Block("title_pairs", "title", CharacterCounter(2), 0.25),
            _Block("title_words", "title", WordCounter(), 0.5),
        ]

    @property
    def width(self) -> int:
        """Number of features of all blocks."""
        return sum(len(block.counter) for block in self.blocks)

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn vocabulary and IDF from labelled and unlabelled texts alike."""
        view = self._view(texts)
        for block in self.blocks:
            block.fit(view)
        return self

    def transform(self, texts: Sequence[str]) -> Features:
        """Return the feature rows of `texts`."""
        view = self._view(texts)
        parts = {block.name: block.transform(view) for block in self.blocks}
        matrix = hstack([rows for rows, _, _ in parts.values()], format="csr", dtype=np.float32)
        known = parts["pairs"][1] + parts["words"][1]
        met = parts["pairs"][2] + parts["words"][2]
        return Features(matrix, known / np.maximum(met, 1))

    def columns(self, name: str) -> slice:
        """Return where the block called `name` lies in the matrix."""
        start = 0
        for block in self.blocks:
            stop = start + len(block.counter)
            if block.name == name:
                return slice(start, stop)
            start = stop
        raise KeyError(name)

    def spans(self, folded: str) -> Spans:
        """Say where one normalised text holds known features of any block."""
        title = folded.partition("\n")[0]
        title_tokens, tokens = self._cut(folded)
        offset, parts = 0, []
        for block in self.blocks:
            of_title = block.view == "title"
            part = block.spans(title, title_tokens) if of_title else block.spans(folded, tokens)
            parts.append(part._replace(feature=part.feature + offset))
            offset += len(block.counter)
        return Spans(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def words_of(self, folded: str) -> list[str]:
        """Return the words of one normalised text, title first."""
        return self._cut(folded)[1]

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        return {
            block.name: {"counter": block.counter.state(), "idf": block.idf, "weight": block.weight}
            for block in self.blocks
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tokenizer: Tokenizer) -> Self:
        """Build the fitted features again."""
        features = cls(tokenizer)
        for block in features.blocks:
            kept = state[block.name]
            block.counter = type(block.counter).from_state(kept["counter"])
            block.idf, block.weight = kept["idf"], kept["weight"]
        return features

    def _view(self, texts: Sequence[str]) -> _View:
        folded = [normalise(text) for text in texts]
        cut = [self._cut(text) for text in folded]
        titles = Texts([text.partition("\n")[0] for text in folded], [title for title, _ in cut])
        return _View(Texts(folded, [tokens for _, tokens in cut]), titles)

    def _cut(self, folded: str) -> tuple[list[str], list[str]]:
        """Return the words of the title, and those of the whole text."""
        title, _, body = folded.partition("\n")
        title_words = words(self.tokenizer, title)
        return title_words, title_words + words(self.tokenizer, body)
