"""A case as the rules read it: folded once, all their words looked up in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import TypeVar, cast

from ahocorasick_rs import BytesAhoCorasick, Implementation

from router.decision import Candidate
from router.interfaces import Tokenizer
from router.proposal import Proposal
from router.text import FoldedOrigin, fold, normalise

__all__ = ["WITHIN", "Hit", "Reading", "WordFinder", "utf8"]

T = TypeVar("T")

WITHIN = ("text", "title", "body")
"""Parts of a case that a rule may look at; ``text`` is both."""

Hit = tuple[int, int, int]
"""Number of a word, and the bytes where it starts and ends in title, line break, body."""

MOST_IN_TABLE = 2_000
"""So many words make a full table of steps, twice as fast as a compact one, of some ten MB at most."""

_NO_WORDS: frozenset[str] = frozenset()


class WordFinder:
    """Finds many words in one pass over a text, however many they are.

    It reads UTF-8, which costs less than telling characters apart.

    Parameters
    ----------
    words : iterable of str
        Folded by `router.text.fold`.

    Examples
    --------
    >>> finder = WordFinder(["路灯", "灯"])
    >>> [(finder.words[number], start) for number, start, end in finder.hits("路灯不亮".encode())]
    [('路灯', 0), ('灯', 3)]
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(sorted(set(words)))
        patterns = [utf8(word) for word in self.words]
        kind = Implementation.DFA if len(patterns) <= MOST_IN_TABLE else None
        self._automaton = BytesAhoCorasick(patterns, implementation=kind) if patterns else None

    def hits(self, text: bytes) -> Sequence[Hit]:
        """Return every occurrence of every word, those inside others too."""
        if self._automaton is None:
            return ()
        return self._automaton.find_matches_as_indexes(text, overlapping=True)


def utf8(text: str) -> bytes:
    """Encode a text, also one with half a surrogate pair that some program left behind."""
    return text.encode("utf-8", "replace")


class Reading:
    """One case, prepared for all rules at once.

    Parameters
    ----------
    proposal : Proposal
    candidates : sequence of Candidate
    finder : WordFinder
        Knows every word that the rules ask for.
    tokenizer : Tokenizer, optional
        For rules that ask for whole words.
    """

    def __init__(
        self,
        proposal: Proposal,
        candidates: Sequence[Candidate],
        finder: WordFinder,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        self.proposal = proposal
        self.candidates = candidates
        self.finder = finder
        self._tokenizer = tokenizer
        title = proposal.title.replace("\n", " ")
        self.utf8 = utf8(fold(f"{title}\n{proposal.body}"))
        self.title_end = self.utf8.index(b"\n")
        self.hits = finder.hits(self.utf8)
        self._words: dict[str, frozenset[str]] = {}
        self._remembered: dict[object, object] = {}

    def words(self, within: str) -> frozenset[str]:
        """Return the words found in a part of the case."""
        found = self._words.get(within)
        if found is None:
            known, end = self.finder.words, self.title_end
            if within == "text":
                found = frozenset([known[number] for number, _, _ in self.hits])
            else:
                title = within == "title"
                found = frozenset([known[number] for number, start, _ in self.hits if (start < end) is title])
            self._words[within] = found
        return found

    def whole_words(self, within: str) -> frozenset[str]:
        """Return the words found in a part that begin and end where a token does."""
        if not self.words(within):  # cutting a text into tokens costs more than all rules together
            return _NO_WORDS
        return self.remembered(("whole", within), lambda: self._whole_words(within))

    def part(self, within: str) -> bytes:
        """Return a part of the case, folded, as UTF-8."""
        if within == "title":
            return self.utf8[: self.title_end]
        return self.utf8[self.title_end + 1 :] if within == "body" else self.utf8

    def remembered(self, key: object, make: Callable[[], T]) -> T:
        """Return what `make` gives, asking it once a case."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return cast(T, self._remembered[key])

    def _whole_words(self, within: str) -> frozenset[str]:
        part, shift = self.part(within), self.title_end + 1 if within == "body" else 0
        starts, ends = self._token_bounds(part.decode())
        known, last = self.finder.words, shift + len(part)
        return frozenset(
            known[number]
            for number, start, end in self.hits
            if shift <= start < last and start - shift in starts and end - shift in ends
        )

    def _token_bounds(self, part: str) -> tuple[set[int], set[int]]:
        """Return the bytes where tokens start and end in a folded text."""
        if self._tokenizer is None:
            raise LookupError("no tokenizer")
        normal, origin = normalise(part), FoldedOrigin(part)
        byte_at = [0, *accumulate(len(char.encode()) for char in part)]
        starts, ends, at = set(), set(), 0
        for token in self._tokenizer.tokenize(normal):
            found = normal.find(token, at) if token else -1
            if found >= 0:
                at = found + len(token)
                start, end = origin.span(found, at)
                starts.add(byte_at[start])
                ends.add(byte_at[end])
        return starts, ends
