"""Texts as blocks of TF-IDF features.

A text (`router.proposal.case_text`) is seen as a whole and by its title.
Each block is sublinear TF-IDF, L2-normalised by itself, and weighted, so
that a long block doesn't drown a short one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from models.counting import UNKNOWN, Counted, Met, Vocabulary, count_rows
from models.laid_out import LaidOut, portions
from router.interfaces import Tokenizer

__all__ = ["BlockFeatures", "Entries", "Seen"]

_KINDS = ("characters", "pairs", "words")
_WEIGHTS = {
    "characters": 1.0,
    "pairs": 1.0,
    "words": 1.0,
    "title_characters": 0.25,
    "title_pairs": 0.25,
    "title_words": 0.5,
}
"""What each block counts for in the kernel."""


class Entries(NamedTuple):
    """Known entries of some texts with their columns in the matrix of all blocks.

    Parameters
    ----------
    start, length : ndarray of int, shape (n_entries,)
        Place in `LaidOut.joined`; a start of -1 has none.
    document : ndarray of int, shape (n_entries,)
    column : ndarray of int, shape (n_entries,)
    """

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    document: NDArray[np.int32]
    column: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Seen:
    """Some texts as feature rows, and what the rows were counted from.

    Parameters
    ----------
    laid : LaidOut
    entries : Entries
        Of the texts.
    rows : csr_matrix of float32, shape (n_texts + n_parts, n_features)
        Of the texts, and behind them of the parts of their bodies, in the
        order of ``laid.parts``, where those were asked for.
    order, first : ndarray of int
        Which of `entries` each value of `matrix` was counted from; see
        `models.counting.Counted`.
    known_share : ndarray, shape (n_texts,)
        Share of a text's words and character pairs that were in the training
        texts; 0 for a text without any.
    """

    laid: LaidOut
    entries: Entries
    rows: csr_matrix
    order: NDArray[np.int64]
    first: NDArray[np.int64]
    known_share: NDArray[np.float64]

    @cached_property
    def matrix(self) -> csr_matrix:
        """Rows of the texts alone, csr_matrix of float32, shape (n_texts, n_features)."""
        n_texts, n_features = len(self.laid), self.rows.shape[1]
        if self.rows.shape[0] == n_texts:
            return self.rows
        end = self.rows.indptr[n_texts]
        arrays = (self.rows.data[:end], self.rows.indices[:end], self.rows.indptr[: n_texts + 1])
        return csr_matrix(arrays, shape=(n_texts, n_features), copy=False)


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
    >>> features = BlockFeatures(JiebaTokenizer())
    >>> rows = features.fit_transform(["路灯不亮\n", "道路破损\n"])
    >>> rows.shape == (2, features.width)
    True
    """

    def __init__(self, tokenizer: Tokenizer, min_df: int = 1) -> None:
        self.tokenizer = tokenizer
        self.min_df = min_df

    @property
    def width(self) -> int:
        """Number of features of all blocks."""
        return int(self._offsets[-1])

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """Learn vocabulary and IDF from labelled and unlabelled texts alike, and return their rows."""
        known: dict[str, str] = {}
        batches = [_sharing(LaidOut.read(texts[some], self.tokenizer), known) for some in portions(texts)]
        counts = self._learn_columns(batches)
        frequency = sum(
            (np.bincount(each.indices, minlength=self.width) for each in counts), np.zeros(self.width)
        )
        # smoothed inverse document frequency, as scikit-learn's TfidfTransformer defines it
        self._idf = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        return vstack([self._no_rows(), *map(self._weighed, counts)], format="csr")

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the feature rows of `texts`."""
        return vstack([self._no_rows(), *(seen.matrix for seen in self.batches(texts))], format="csr")

    def batches(self, texts: Sequence[str], *, parts: bool = False) -> Iterator[Seen]:
        """See many texts, some at a time, to keep memory flat."""
        for some in portions(texts):
            yield self.see(texts[some], parts=parts)

    def see(self, texts: Sequence[str], *, parts: bool = False) -> Seen:
        """Return the feature rows of a batch together with what they were counted from.

        Parameters
        ----------
        texts : sequence of str
        parts : bool
            Whether the parts of the bodies get rows as well, which they would
            have as bodies of their own.
        """
        laid = LaidOut.read(texts, self.tokenizer)
        met = self._vocabulary.meet(laid)
        entries = self._entries(met)
        counted = self._count_with_parts(entries, laid) if parts else self._count(entries, len(laid))
        whole = len(entries.column)
        known = _known_share(met, len(laid))
        return Seen(laid, entries, self._weighed(counted.rows), counted.order[:whole], counted.first, known)

    def words(self, texts: Sequence[str]) -> Iterator[Met]:
        """Find the words of many texts, some texts at a time."""
        for some in portions(texts):
            yield self._vocabulary.meet_words(LaidOut.read(texts[some], self.tokenizer))

    def columns(self, name: str) -> slice:
        """Return where the block called `name` lies in the matrix."""
        at = list(_WEIGHTS).index(name)
        return slice(int(self._offsets[at]), int(self._offsets[at + 1]))

    def emphasise(self, factor: NDArray[np.float32], rows: csr_matrix) -> csr_matrix:
        """Weigh each feature `factor` times as much from now on, and return `rows` of before so weighed.

        Parameters
        ----------
        factor : ndarray of float32, shape (width,)
        rows : csr_matrix
        """
        self._idf *= factor
        weighed = rows.copy()
        weighed.data *= factor[rows.indices]
        return self._evened(weighed)

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        return {"vocabulary": self._vocabulary.state(), "in_titles": self._in_titles, "idf": self._idf}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tokenizer: Tokenizer) -> Self:
        """Build the fitted features again."""
        features = cls(tokenizer)
        features._arrange(Vocabulary.from_state(state["vocabulary"]), state["in_titles"])
        features._idf = state["idf"]
        return features

    def _learn_columns(self, batches: Sequence[LaidOut]) -> list[csr_matrix]:
        """Learn the vocabulary and which of it titles hold; return the counts of each batch."""
        # copies, because a batch keeps every array that was ever asked of it
        vocabulary = Vocabulary.learn(list(map(replace, batches)), self.min_df)
        self._arrange(vocabulary, {kind: np.arange(size) for kind, size in vocabulary.sizes.items()})
        counts = [
            self._count(self._entries(vocabulary.meet(laid)), len(laid)).rows
            for laid in map(replace, batches)
        ]
        held = np.zeros(self.width, dtype=np.bool_)
        held[: self._offsets[len(_KINDS)]] = True
        for each in counts:
            held[each.indices] = True
        self._arrange(
            vocabulary, {kind: np.flatnonzero(held[self.columns(f"title_{kind}")]) for kind in _KINDS}
        )
        column = np.cumsum(held, dtype=np.int32) - 1
        return [
            csr_matrix((each.data, column[each.indices], each.indptr), shape=(each.shape[0], self.width))
            for each in counts
        ]

    def _arrange(self, vocabulary: Vocabulary, in_titles: Mapping[str, NDArray[np.int64]]) -> None:
        """Lay the blocks side by side."""
        self._vocabulary, self._in_titles = vocabulary, in_titles
        sizes = [*vocabulary.sizes.values(), *(len(in_titles[kind]) for kind in _KINDS)]
        self._offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._block = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self._title_column = np.full(sum(vocabulary.sizes.values()), UNKNOWN, dtype=np.int64)
        for kind, whole, title in zip(_KINDS, self._offsets, self._offsets[len(_KINDS) :], strict=False):
            self._title_column[whole + in_titles[kind]] = title + np.arange(len(in_titles[kind]))

    def _entries(self, met: Mapping[str, Met]) -> Entries:
        """Return what is known of the whole texts, and once more what is known of their titles."""
        start, length, document, in_title = (
            np.concatenate([getattr(met[kind], name) for kind in _KINDS])
            for name in ("start", "length", "document", "in_title")
        )
        found = [
            np.where(met[kind].column >= 0, met[kind].column + offset, UNKNOWN)
            for kind, offset in zip(_KINDS, self._offsets, strict=False)
        ]
        column = np.concatenate(found)
        known = np.flatnonzero(column >= 0)
        inside = known[in_title[known]]
        titled = self._title_column[column[inside]]
        inside, titled = inside[titled >= 0], titled[titled >= 0]
        kept = np.concatenate([known, inside])
        return Entries(start[kept], length[kept], document[kept], np.concatenate([column[known], titled]))

    def _count(self, entries: Entries, n_texts: int) -> Counted:
        return count_rows(entries.document, entries.column, (n_texts, self.width))

    def _count_with_parts(self, entries: Entries, laid: LaidOut) -> Counted:
        """Count the entries of the texts, and those of their parts once more in rows of their own."""
        n_texts = len(laid)
        part = laid.parts.number[entries.start]
        inside = np.flatnonzero((part >= 0) & (entries.start >= 0))
        row = np.concatenate([entries.document, n_texts + part[inside]])
        column = np.concatenate([entries.column, entries.column[inside]])
        return count_rows(row, column, (n_texts + len(laid.parts.owner), self.width))

    def _weighed(self, rows: csr_matrix) -> csr_matrix:
        """Turn counts into TF-IDF in place, each block of each row as long as the root of its weight."""
        rows.data = (1 + np.log(rows.data)) * self._idf[rows.indices]
        return self._evened(rows)

    def _evened(self, rows: csr_matrix) -> csr_matrix:
        n_blocks = len(_WEIGHTS)
        text = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        group = text * n_blocks + self._block[rows.indices]
        length = np.sqrt(np.bincount(group, weights=rows.data**2, minlength=rows.shape[0] * n_blocks))
        root = np.sqrt(np.tile(list(_WEIGHTS.values()), rows.shape[0]))
        scale = np.divide(root, length, out=np.zeros_like(length), where=length > 0)
        rows.data *= scale.astype(np.float32)[group]
        return rows

    def _no_rows(self) -> csr_matrix:
        return csr_matrix((0, self.width), dtype=np.float32)


def _sharing(laid: LaidOut, known: dict[str, str]) -> LaidOut:
    """Return a batch whose words are those of `known` where they are equal: most words come often."""
    return replace(laid, words=[known.setdefault(word, word) for word in laid.words])


def _known_share(met: Mapping[str, Met], n_texts: int) -> NDArray[np.float64]:
    both = [met["pairs"], met["words"]]
    all_met = sum(np.bincount(each.document, minlength=n_texts) for each in both)
    known = sum(np.bincount(each.document[each.column >= 0], minlength=n_texts) for each in both)
    return known / np.maximum(all_met, 1)
