"""What a built-in rule can ask of a case: words, a pattern, a field, the place it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

from router.rules.base import WrongKeyError, one_of, word_list
from router.rules.reading import WITHIN, Reading, utf8
from router.text import fold

__all__ = ["MATCHES", "Condition", "Trigger", "Words"]

MATCHES = ("substring", "word")
"""Whether a word may stand inside another (桥 in 天桥) or only by itself."""

_PARTS = {"text": "文中", "title": "案由中", "body": "正文中"}


class Trigger(NamedTuple):
    """Words without any of which something can't hold.

    Parameters
    ----------
    within : {"text", "title", "body"}
        Where one of them must stand.
    words : frozenset of str
        Folded.
    """

    within: str
    words: frozenset[str]


class Condition(Protocol):
    """One thing that must hold for a rule to fire."""

    @property
    def words(self) -> frozenset[str]:
        """Folded words that must be looked for."""
        ...

    @property
    def trigger(self) -> Trigger | None:
        """Words without any of which it can't hold; None where it can hold without words."""
        ...

    def met(self, reading: Reading) -> bool:
        """Say whether it holds for a case."""
        ...

    def why(self, reading: Reading) -> str:
        """Say in Chinese what was found or missing."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """Words that must, and must not, stand in a part of the case.

    Parameters
    ----------
    any : frozenset of str
        At least one; empty where none is asked for.
    all : tuple of frozenset of str
        One of each.
    none : frozenset of str
    within : {"text", "title", "body"}
    whole : bool
        Whether they must be words of their own.
    barred : tuple of (str, bytes)
        `none` with its UTF-8.
    """

    any: frozenset[str]
    all: tuple[frozenset[str], ...]
    none: frozenset[str]
    within: str = "text"
    whole: bool = False
    barred: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def parse(
        cls,
        any: Sequence[str],  # noqa: A002  # the words a rule file uses
        all: Sequence[str | Sequence[str]],  # noqa: A002
        none: Sequence[str],
        within: str,
        match: str,
    ) -> Self:
        """Check the keys of a rule file.

        Raises
        ------
        WrongKeyError
        """
        part, how = one_of("within", within, WITHIN), one_of("match", match, MATCHES)
        out = frozenset(map(fold, word_list("none", none)))
        asked = cls(
            frozenset(map(fold, word_list("any", any))),
            tuple(frozenset(map(fold, group)) for group in _groups(all)),
            out,
            part,
            how == "word",
            tuple((word, utf8(word)) for word in out),
        )
        latin = [word for word in sorted(asked.words | asked.none) if any_latin(word)]
        if asked.whole and latin:
            raise WrongKeyError("match", f"match 为 word 时，词里不能有字母和数字：{'、'.join(latin)}")
        return asked

    @property
    def words(self) -> frozenset[str]:
        """What the one pass must find; words ruled out are looked for when the others are there."""
        return self.any.union(self.none if self.whole else (), *self.all)

    @property
    def trigger(self) -> Trigger | None:
        """Words without any of which the rule can't fire."""
        words = min([self.any] if self.any else self.all, key=len, default=frozenset())
        return Trigger(self.within, words) if words else None

    @property
    def asks(self) -> bool:
        """Whether any word must be there."""
        return bool(self.any or self.all)

    @property
    def is_empty(self) -> bool:
        """Whether every case meets it."""
        return not self.asks and not self.none

    def met(self, reading: Reading) -> bool:
        """Say whether the words are there and the others aren't."""
        found = self._found(reading)
        if self.any and found.isdisjoint(self.any):
            return False
        return not any(map(found.isdisjoint, self.all)) and not self._barred(reading)

    def why(self, reading: Reading) -> str:
        """Say which words were found, and which were missing or in the way."""
        found, part = self._found(reading), _PARTS[self.within]
        parts = []
        if here := sorted(found & self.any.union(*self.all)):
            parts.append(f"{part}有{_quoted(here)}")
        if self.any and found.isdisjoint(self.any):
            parts.append(f"{part}没有{_quoted(sorted(self.any))}中的任何一个")
        parts += [f"{part}缺少{_quoted(sorted(group))}" for group in self.all if found.isdisjoint(group)]
        if barred := sorted(self._barred(reading)):
            parts.append(f"{part}有不该有的{_quoted(barred)}")
        return "，".join(parts)

    def _barred(self, reading: Reading) -> frozenset[str]:
        """Return the words that are there and shouldn't be."""
        if not self.none:
            return self.none
        if self.whole:
            return self.none & self._found(reading)
        part = reading.part(self.within)
        return frozenset([word for word, written in self.barred if written in part])

    def _found(self, reading: Reading) -> frozenset[str]:
        return reading.whole_words(self.within) if self.whole else reading.words(self.within)


def any_latin(word: str) -> bool:
    """Say whether a folded word holds a Latin letter or digit, which tokenisers don't see."""
    return any(char.isascii() and char.isalnum() for char in word)


def _groups(listed: Sequence[str | Sequence[str]]) -> list[tuple[str, ...]]:
    """Return what ``all`` asks for: a word, or a list of which one is enough."""
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        return [word_list("all", listed)]
    groups = [word_list("all", item if isinstance(item, Sequence) else [item]) for item in listed]
    if not all(groups):
        raise WrongKeyError("all", "all 里有空的一组")
    return groups


_SHOWN = 8


def _quoted(words: Sequence[str]) -> str:
    shown = "、".join(f"“{word}”" for word in words[:_SHOWN])
    return f"{shown}等 {len(words)} 个词" if len(words) > _SHOWN else shown
