"""A batch of texts laid end to end, with every word at its place.

scikit-learn's analysers walk every text in Python; here all texts of a batch
are one array of code points, so that they are counted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.closings import without_closing
from models.parts import Parts, find_parts
from router.interfaces import Tokenizer
from router.text import normalise

__all__ = ["LaidOut", "is_letter", "places", "portions"]

_BREAK = "\n"
"""Stands between title and body, and after each text; no word or pair reaches over it."""

_MOST_TEXTS, _MOST_CHARACTERS = 500, 500_000
"""So much is laid out together; more takes more memory and is no faster."""

_LETTERS_END = 0x40000
"""No letter or character has a code point beyond."""


@dataclass(frozen=True, eq=False)
class LaidOut:
    r"""Normalised texts in one string, and their words.

    Parameters
    ----------
    strings : sequence of str
        Normalised; title, line break, body.
    words : sequence of str
        The tokens of all texts in order, marks and breaks included.
    n_words : sequence of int
        How many tokens each text has.
    n_title_words : sequence of int
        How many of them are the title's.

    Examples
    --------
    >>> from models.tokenizer import JiebaTokenizer
    >>> laid = LaidOut.read(["道路破损\n请修"], JiebaTokenizer())
    >>> laid.words, laid.word_start.tolist()
    (['道路', '破损', '\n', '请修', '\n'], [0, 2, 4, 5, 7])
    """

    strings: Sequence[str]
    words: Sequence[str]
    n_words: Sequence[int]
    n_title_words: Sequence[int]

    @classmethod
    def read(cls, texts: Sequence[str], tokenizer: Tokenizer) -> Self:
        """Normalise texts in the form of `router.proposal.case_text`, and cut them into words.

        Title and body are cut apart: no word spans them. A text of one line
        is a title. Greetings, signatures and contact lines at the end of a
        body are blanked out.
        """
        folded = (normalise(text if _BREAK in text else text + _BREAK) for text in texts)
        strings = list(map(without_closing, folded))
        words: list[str] = []
        n_words, n_title_words = [], []
        for string in strings:
            title, _, body = string.partition(_BREAK)
            of_title, of_body = tokenizer.tokenize(title), tokenizer.tokenize(body)
            words += of_title
            words.append(_BREAK)
            words += of_body
            words.append(_BREAK)
            n_title_words.append(len(of_title))
            n_words.append(len(of_title) + len(of_body) + 2)
        return cls(strings, words, n_words, n_title_words)

    def __len__(self) -> int:
        return len(self.strings)

    @cached_property
    def joined(self) -> str:
        """All texts, a line break after each."""
        return "".join(chain.from_iterable((string, _BREAK) for string in self.strings))

    @cached_property
    def codes(self) -> NDArray[np.uint32]:
        """Code points of `joined`."""
        return np.frombuffer(self.joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")

    @cached_property
    def letter(self) -> NDArray[np.bool_]:
        """Whether each of `codes` is a letter or character, and no mark."""
        return is_letter(self.codes)

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Where in `joined` each text begins; one more than there are texts."""
        lengths = np.fromiter(map(len, self.strings), dtype=np.int64, count=len(self))
        return np.concatenate([[0], np.cumsum(lengths + 1)])

    @cached_property
    def document(self) -> NDArray[np.int32]:
        """The text that each of `codes` belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))

    @cached_property
    def in_title(self) -> NDArray[np.bool_]:
        """Whether each of `codes` stands in a title."""
        lengths = [len(string.partition(_BREAK)[0]) for string in self.strings]
        return np.arange(len(self.codes)) < (self.start[:-1] + lengths)[self.document]

    @cached_property
    def word_document(self) -> NDArray[np.int32]:
        """The text that each of `words` belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.n_words)

    @cached_property
    def word_in_title(self) -> NDArray[np.bool_]:
        """Whether each of `words` stands in a title."""
        first = np.cumsum(self.n_words) - self.n_words
        return np.arange(len(self.words)) < (first + self.n_title_words)[self.word_document]

    @cached_property
    def word_start(self) -> NDArray[np.int64]:
        """Where in `joined` each of `words` begins; -1 for one that a tokeniser rewrote."""
        if "".join(self.words) == self.joined:
            return np.cumsum(self.word_length) - self.word_length
        return np.fromiter(self._word_places(), dtype=np.int64, count=len(self.words))

    @cached_property
    def word_length(self) -> NDArray[np.int64]:
        """Characters of each of `words`."""
        return np.fromiter(map(len, self.words), dtype=np.int64, count=len(self.words))

    @cached_property
    def parts(self) -> Parts:
        """The sentences and numbered requests of the bodies."""
        return find_parts(self.codes, self.letter, ~self.in_title, self.document)

    def _word_places(self) -> Iterator[int]:
        """Look for the words of each title and each body in it alone: no word may be found in another."""
        last = 0
        texts = zip(self.strings, self.start.tolist(), self.n_words, self.n_title_words, strict=False)
        for string, start, n_words, n_title_words in texts:
            first, last = last, last + n_words
            body = first + n_title_words + 1
            title_end, end = start + len(string.partition(_BREAK)[0]), start + len(string)
            yield from places(self.joined, self.words[first : body - 1], start, title_end)
            yield title_end
            yield from places(self.joined, self.words[body : last - 1], title_end + 1, end)
            yield end


def portions(texts: Sequence[str]) -> Iterator[slice]:
    r"""Yield which of many texts to lay out together, so that memory stays flat.

    Examples
    --------
    >>> list(portions(["路灯\n", "道路\n" * 200_000, "污水\n"]))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    first = characters = 0
    for at, text in enumerate(texts):
        if at > first and (at - first == _MOST_TEXTS or characters + len(text) > _MOST_CHARACTERS):
            yield slice(first, at)
            first, characters = at, 0
        characters += len(text)
    if first < len(texts):
        yield slice(first, len(texts))


def places(text: str, words: Sequence[str], start: int, end: int) -> Iterator[int]:
    """Yield for each of the words where in a stretch of `text` it begins.

    A foreign tokeniser may rewrite a word; such a word has no place to show,
    which -1 stands for.

    Examples
    --------
    >>> list(places("路灯,路灯", ["路灯", "lamp", "路灯"], 0, 5))
    [0, -1, 3]
    """
    at = start
    for word in words:
        start = text.find(word, at, end)
        if start >= 0:
            at = start + len(word)
        yield start


@cache
def _letters() -> NDArray[np.bool_]:
    table = np.fromiter((chr(code).isalnum() for code in range(_LETTERS_END)), dtype=bool, count=_LETTERS_END)
    return np.append(table, False)


def is_letter(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Say which code points are letters or characters, and no marks.

    Examples
    --------
    >>> is_letter(np.array([ord("路"), ord("，")], dtype=np.uint32)).tolist()
    [True, False]
    """
    return _letters()[np.minimum(codes, _LETTERS_END)]
