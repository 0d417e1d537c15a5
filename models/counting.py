"""Vocabularies of characters, character pairs and words, and counting them into sparse rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.laid_out import LaidOut

__all__ = ["UNKNOWN", "Counted", "Met", "Vocabulary", "count_rows", "in_order"]

UNKNOWN = -1
_NO_WORD = -2

_SORTED_BITS = 63
"""Of a number, beside its sign."""

_FEW_PAIRS = 5_000
"""Up to so many are looked for one by one; for more it pays that scipy checks its whole matrix first."""


class Met(NamedTuple):
    """The entries of one kind that some texts hold, known or not, in order of their place.

    Parameters
    ----------
    start : ndarray of int, shape (n_met,)
        Place in `LaidOut.joined`; -1 for a word that a tokeniser rewrote.
    length : ndarray of int, shape (n_met,)
    document : ndarray of int, shape (n_met,)
    in_title : ndarray of bool, shape (n_met,)
    column : ndarray of int, shape (n_met,)
        Of the vocabulary, -1 where training never met it.
    """

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    document: NDArray[np.int32]
    in_title: NDArray[np.bool_]
    column: NDArray[np.int64]

    def only(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Met:
        """Return some of them."""
        return Met(
            self.start[kept], self.length[kept], self.document[kept], self.in_title[kept], self.column[kept]
        )


class Vocabulary:
    r"""Characters, pairs of adjacent characters, and words.

    Examples
    --------
    >>> from models.tokenizer import JiebaTokenizer
    >>> laid = LaidOut.read(["道路破损\n"], JiebaTokenizer())
    >>> vocabulary = Vocabulary.learn([laid])
    >>> vocabulary.sizes
    {'characters': 4, 'pairs': 3, 'words': 2}
    >>> vocabulary.meet(laid)["words"].column.tolist()
    [1, 0]
    """

    def __init__(
        self, characters: NDArray[np.uint32], pairs: NDArray[np.int64], words: Sequence[str]
    ) -> None:
        """Take code points, pairs (first character's column times their number plus the second's), words."""
        self._characters, self._pairs, self._words = characters, pairs, words
        # Column of each code point; what lies beyond the last known one shares the last, unknown, place.
        self._column_of_code = np.full(int(characters.max(initial=0)) + 2, UNKNOWN, dtype=np.int32)
        self._column_of_code[characters] = np.arange(len(characters), dtype=np.int32)
        # scipy finds many entries of a sorted sparse matrix at once, and faster than a sorted array does
        first, second = np.divmod(pairs, max(len(characters), 1))
        starts = np.searchsorted(first, np.arange(len(characters) + 1))
        numbers = np.arange(1, len(pairs) + 1, dtype=np.int32)
        size = max(len(characters), 1)
        if not len(characters):
            starts = np.zeros(2, dtype=np.int64)
        self._column_of_pair = csr_matrix((numbers, second, starts), shape=(size, size))
        self._column_of_word = _WordColumns(zip(words, range(len(words)), strict=False))

    @property
    def sizes(self) -> dict[str, int]:
        """How many entries of each kind there are."""
        return {
            "characters": len(self._characters),
            "pairs": len(self._pairs),
            "words": len(self._words),
        }

    @classmethod
    def learn(cls, batches: Sequence[LaidOut], min_df: int = 1) -> Self:
        """Learn what some texts hold.

        Parameters
        ----------
        batches : sequence of LaidOut
        min_df : int
            Pairs and words of fewer texts than this are not learned.
        """
        empty = np.zeros(0, dtype=np.uint32)
        characters = np.unique(
            np.concatenate([empty, *(np.unique(laid.codes[laid.letter]) for laid in batches)])
        )
        alone = cls(characters, np.zeros(0, dtype=np.int64), ())
        pairs, pair_df = _united(_pair_frequencies(laid, alone) for laid in batches)
        frequencies: dict[str, int] = {}
        for laid in batches:
            _add_word_frequencies(frequencies, laid)
        words = sorted(word for word, df in frequencies.items() if df >= min_df and _is_word(word))
        return cls(characters, pairs[pair_df >= min_df], words)

    def meet(self, laid: LaidOut) -> dict[str, Met]:
        """Look up every character, pair and word of some texts."""
        letter = laid.letter
        column = self._of_codes(laid.codes)
        single = np.flatnonzero(letter)
        pair = np.flatnonzero(letter[:-1] & letter[1:])
        return {
            "characters": _met(laid, single, 1, column[single]),
            "pairs": _met(laid, pair, 2, self._of_pairs(column[pair], column[pair + 1])),
            "words": self.meet_words(laid),
        }

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs."""
        return {"characters": self._characters, "pairs": self._pairs, "words": list(self._words)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the vocabulary again."""
        return cls(state["characters"], state["pairs"], state["words"])

    def _of_codes(self, codes: NDArray[np.uint32]) -> NDArray[np.int32]:
        last = len(self._column_of_code) - 1
        found: NDArray[np.int32] = self._column_of_code[np.minimum(codes, last)]
        return found

    def _of_pairs(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int64]:
        found = np.full(len(first), UNKNOWN, dtype=np.int64)
        both = np.flatnonzero((first >= 0) & (second >= 0))
        if not len(both) or not len(self._pairs):
            return found
        if len(both) < _FEW_PAIRS:
            keys = first[both].astype(np.int64) * len(self._characters) + second[both]
            at = np.minimum(np.searchsorted(self._pairs, keys), len(self._pairs) - 1)
            found[both] = np.where(self._pairs[at] == keys, at, UNKNOWN)
        else:
            found[both] = np.asarray(self._column_of_pair[first[both], second[both]]).ravel() - 1
        return found

    def meet_words(self, laid: LaidOut) -> Met:
        """Look up the words of some texts; marks are none."""
        found = map(self._column_of_word.__getitem__, laid.words)
        column = np.fromiter(found, dtype=np.int64, count=len(laid.words))
        met = Met(laid.word_start, laid.word_length, laid.word_document, laid.word_in_title, column)
        return met.only(column > _NO_WORD)


class _WordColumns(dict[str, int]):
    """Word -> column; tells words that are unknown from marks that are none."""

    def __missing__(self, word: str) -> int:
        column = UNKNOWN if _is_word(word) else _NO_WORD
        if len(word) == 1:  # every other token is one, and there are not endlessly many
            self[word] = column
        return column


class Counted(NamedTuple):
    """Entries counted into rows.

    Parameters
    ----------
    rows : csr_matrix of float32, shape (n_rows, n_features)
        In order of their columns, without duplicates.
    order : ndarray of int, shape (n_entries,)
        The entries in the order in which ``rows.data`` counts them.
    first : ndarray of int, shape (n_values + 1,)
        Where in `order` those begin that each of ``rows.data`` counts.
    """

    rows: csr_matrix
    order: NDArray[np.int64]
    first: NDArray[np.int64]


def count_rows(row: NDArray[Any], column: NDArray[np.int64], shape: tuple[int, int]) -> Counted:
    """Count known entries into a matrix; sorting them is much faster than what scipy does.

    Parameters
    ----------
    row, column : ndarray of int, shape (n_entries,)
    shape : (n_rows, n_features)

    Examples
    --------
    >>> counted = count_rows(np.array([1, 0, 1]), np.array([0, 2, 0]), (2, 3))
    >>> counted.rows.toarray().tolist()
    [[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]]
    >>> counted.order.tolist(), counted.first.tolist()
    ([1, 0, 2], [0, 1, 3])
    """
    bits = max(shape[1] - 1, 1).bit_length()
    keys = (row.astype(np.int64) << bits) | column
    order = in_order(keys)
    keys = keys[order]
    begins = np.ones(len(keys) + 1, dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:-1])
    first = np.flatnonzero(begins)
    counts = (first[1:] - first[:-1]).astype(np.float32)
    kept = keys[first[:-1]]
    starts = np.searchsorted(kept, np.arange(shape[0] + 1, dtype=np.int64) << bits)
    columns = (kept & ((1 << bits) - 1)).astype(np.int32)
    return Counted(csr_matrix((counts, columns, starts.astype(np.int32)), shape=shape), order, first)


def in_order(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what sorts some keys of at least 0, equal ones in the order they have.

    Examples
    --------
    >>> in_order(np.array([7, 0, 7])).tolist()
    [1, 0, 2]
    """
    bits = len(keys).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits > _SORTED_BITS:  # a text as long as a library
        return np.argsort(keys, kind="stable")
    # sorting numbers behind their keys is much faster than sorting them by their keys
    return np.sort((keys << bits) | np.arange(len(keys))) & ((1 << bits) - 1)


def _met(laid: LaidOut, start: NDArray[np.int64], length: int, column: NDArray[Any]) -> Met:
    lengths = np.full(len(start), length)
    return Met(start, lengths, laid.document[start], laid.in_title[start], column.astype(np.int64))


def _pair_frequencies(laid: LaidOut, alone: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that a batch holds, and in how many of its texts each stands."""
    letter = laid.letter
    at = np.flatnonzero(letter[:-1] & letter[1:])
    column = alone._of_codes(laid.codes).astype(np.int64)
    keys = column[at] * alone.sizes["characters"] + column[at + 1]
    pairs, inverse = np.unique(keys, return_inverse=True)
    once = np.unique(inverse * len(laid) + laid.document[at])
    return pairs, np.bincount(once // max(len(laid), 1), minlength=len(pairs))


def _united(
    found: Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add up the frequencies of several batches."""
    none = np.zeros(0, dtype=np.int64)
    keys, frequencies = (np.concatenate(parts) for parts in zip((none, none), *found, strict=True))
    united, inverse = np.unique(keys, return_inverse=True)
    return united, np.bincount(inverse, weights=frequencies, minlength=len(united)).astype(np.int64)


def _add_word_frequencies(frequencies: dict[str, int], laid: LaidOut) -> None:
    start = 0
    for n_words in laid.n_words:
        for word in set(laid.words[start : start + n_words]):
            frequencies[word] = frequencies.get(word, 0) + 1
        start += n_words


def _is_word(token: str) -> bool:
    return any(map(str.isalnum, token))
