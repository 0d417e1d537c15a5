"""Counting characters, character pairs and words into sparse matrices.

scikit-learn's character analysers walk every text in Python; here all texts
of a batch become one array of code points and are counted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["CharacterCounter", "Entries", "Spans", "Texts", "WordCounter", "places"]

_PAIR_SHIFT = np.uint64(21)  # a code point has at most 21 bits


@dataclass(frozen=True, eq=False)
class Texts:
    """Normalised texts and their words, laid out once for all counters.

    Parameters
    ----------
    strings : sequence of str
    words : sequence of list of str
        The words of each text, without punctuation.

    Examples
    --------
    >>> len(Texts(["路灯 不亮"], [["路灯", "不亮"]]))
    1
    """

    strings: Sequence[str]
    words: Sequence[list[str]]

    def __len__(self) -> int:
        return len(self.strings)

    @cached_property
    def characters(self) -> NDArray[np.uint64]:
        """Code points of all texts end to end; 0 for what is no letter, so that no pair spans it."""
        joined = "".join(self.strings).encode("utf-32-le", "surrogatepass")
        codes = np.frombuffer(joined, dtype="<u4")
        distinct, where = np.unique(codes, return_inverse=True)
        letter = np.fromiter((chr(code).isalnum() for code in distinct), dtype=bool, count=len(distinct))
        return np.where(letter, distinct, 0).astype(np.uint64)[where]

    @cached_property
    def document(self) -> NDArray[np.int64]:
        """The text that each of `characters` belongs to."""
        return np.repeat(np.arange(len(self)), [len(text) for text in self.strings])


@dataclass(frozen=True, slots=True)
class Entries:
    """Every countable entry met in some texts, known or not.

    Parameters
    ----------
    document : ndarray of int, shape (n_entries,)
    feature : ndarray of int, shape (n_entries,)
        Column of the vocabulary, -1 where the entry is unknown.
    """

    document: NDArray[np.int64]
    feature: NDArray[np.int64]

    def counts(self, n_texts: int, n_features: int) -> csr_matrix:
        """Sum the known entries into a matrix (n_texts, n_features)."""
        known = self.feature >= 0
        ones = np.ones(int(known.sum()), dtype=np.float32)
        return csr_matrix((ones, (self.document[known], self.feature[known])), shape=(n_texts, n_features))


class Spans(NamedTuple):
    """Places of one text that hold known entries.

    Parameters
    ----------
    start, end : ndarray of int, shape (n_places,)
        Offsets into the text, end exclusive.
    feature : ndarray of int, shape (n_places,)
        Column of the vocabulary.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    feature: NDArray[np.int64]


def places(text: str, words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and word for each of the words of `text`, in order.

    A foreign tokeniser may rewrite a word; such a word has no place to show.

    Examples
    --------
    >>> list(places("路灯,路灯", ["路灯", "路灯"]))
    [(0, 2, '路灯'), (3, 5, '路灯')]
    """
    at = 0
    for word in words:
        start = text.find(word, at)
        if start >= 0:
            at = start + len(word)
            yield start, at, word


class CharacterCounter:
    """Counts single characters, or pairs of adjacent ones.

    Parameters
    ----------
    order : {1, 2}
    min_df : int
        Entries of fewer texts than this are not learned.
    """

    def __init__(self, order: int, min_df: int = 1) -> None:
        self.order = order
        self.min_df = min_df
        self.keys: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)

    def __len__(self) -> int:
        return len(self.keys)

    def fit(self, texts: Texts) -> Self:
        """Learn the vocabulary."""
        keys, position = self._grams(texts)
        self.keys, feature = np.unique(keys, return_inverse=True)
        counts = Entries(texts.document[position], feature).counts(len(texts), len(self))
        frequency = np.bincount(counts.indices, minlength=len(self))
        self.keys = self.keys[frequency >= self.min_df]
        return self

    def entries(self, texts: Texts) -> Entries:
        """Look up every character or pair of `texts`."""
        keys, position = self._grams(texts)
        return Entries(texts.document[position], self._look_up(keys))

    def spans(self, text: str) -> Spans:
        """Say where one text holds known entries."""
        keys, position = self._grams(Texts([text], [[]]))
        feature = self._look_up(keys)
        known = feature >= 0
        start = position[known]
        return Spans(start, start + self.order, feature[known])

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs."""
        return {"order": self.order, "min_df": self.min_df, "keys": self.keys}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the fitted counter again."""
        counter = cls(state["order"], state["min_df"])
        counter.keys = state["keys"]
        return counter

    def _grams(self, texts: Texts) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        chars, document = texts.characters, texts.document
        if self.order == 1:
            position = np.flatnonzero(chars)
            return chars[position], position
        joined = (chars[:-1] > 0) & (chars[1:] > 0) & (document[:-1] == document[1:])
        position = np.flatnonzero(joined)
        return (chars[position] << _PAIR_SHIFT) | chars[position + 1], position

    def _look_up(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        if not len(self):
            return np.full(len(keys), -1)
        feature = np.minimum(np.searchsorted(self.keys, keys), len(self) - 1)
        return np.where(self.keys[feature] == keys, feature, -1)


class WordCounter:
    """Counts words.

    Parameters
    ----------
    min_df : int
        Words of fewer texts than this are not learned.
    """

    def __init__(self, min_df: int = 1) -> None:
        self.min_df = min_df
        self.index: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.index)

    def fit(self, texts: Texts) -> Self:
        """Learn the vocabulary."""
        frequency: dict[str, int] = {}
        for word in chain.from_iterable(map(set, texts.words)):
            frequency[word] = frequency.get(word, 0) + 1
        self._learn(sorted(word for word, count in frequency.items() if count >= self.min_df))
        return self

    def entries(self, texts: Texts) -> Entries:
        """Look up every word of `texts`."""
        lengths = [len(words) for words in texts.words]
        look_up = self.index.get
        found = (look_up(word, -1) for word in chain.from_iterable(texts.words))
        feature = np.fromiter(found, dtype=np.int64, count=sum(lengths))
        return Entries(np.repeat(np.arange(len(texts)), lengths), feature)

    def spans(self, text: str, words: Sequence[str]) -> Spans:
        """Say where one text, whose words are given, holds known entries."""
        found = [
            (start, end, self.index[word]) for start, end, word in places(text, words) if word in self.index
        ]
        columns = np.asarray(found, dtype=np.int64).reshape(-1, 3).T
        return Spans(*columns)

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs."""
        return {"min_df": self.min_df, "words": list(self.index)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the fitted counter again."""
        counter = cls(state["min_df"])
        counter._learn(state["words"])
        return counter

    def _learn(self, words: Sequence[str]) -> None:
        self.index = {word: at for at, word in enumerate(words)}
