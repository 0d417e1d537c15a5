"""Normalising text the same way everywhere, with a way back to the original.

Full-width and compatibility forms become plain ones (NFKC), letters become
lower case, and each run of Latin letters and digits becomes one `MASK`:
numbers, plate numbers and building codes say nothing about a section, and
the two jieba implementations agree on what is left.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache

__all__ = ["MASK", "FoldedOrigin", "fold", "normalise", "percent"]

MASK = "□"
"""Stands for a run of Latin letters and digits; no tokeniser joins it to a word."""

_LATIN_RUN = re.compile(r"[0-9a-z]+")


class _Folding(dict[int, str]):
    """Character -> its NFKC, lower-case form; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        self[code] = folded
        return folded


_FOLDING = _Folding()
_FREQUENT = tuple((sign, _FOLDING[ord(sign)]) for sign in "，：；？！（）％…")
_FOLDS = re.compile("[^\x00-@\\[-\x7f\u2014\u2018-\u201d\u3001\u3002\u3008-\u3011\u4e00-\u9fff]+")
"""Whatever may change when it is folded; most texts hold none of it but the frequent signs."""


def _folded_run(match: re.Match[str]) -> str:
    return match[0].translate(_FOLDING)


@lru_cache(maxsize=8)  # every keyword rule asks for the same text in turn
def fold(text: str) -> str:
    """Bring letters and signs into one width and case; numbers and Latin words stay readable.

    What a person asks for in a rule is compared in this form: masked, "3号楼"
    would be found in "5号楼".

    Examples
    --------
    >>> fold("ＬＥＤ灯，３号楼")
    'led灯,3号楼'
    """
    for sign, plain in _FREQUENT:  # a few searches are many times faster than a look at each character
        text = text.replace(sign, plain)
    return _FOLDS.sub(_folded_run, text)


def normalise(text: str) -> str:
    """Fold `text` into the form that tokenisers and features read.

    Folding goes character by character, so that every character of the
    result has one origin; see `FoldedOrigin`.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> normalise("Ａ区3号楼２单元，停水")
    '□区□号楼□单元,停水'
    """
    return _LATIN_RUN.sub(MASK, fold(text))


class FoldedOrigin:
    """The way back from a normalised text to the original.

    Parameters
    ----------
    text : str
        The original.

    Examples
    --------
    >>> normalise("请修A12座"), FoldedOrigin("请修A12座").span(2, 4)
    ('请修□座', (2, 6))
    """

    def __init__(self, text: str) -> None:
        folded = fold(text)
        self._at: list[int] | None = None
        if len(folded) != len(text):  # no character folds to nothing, so equal lengths mean one for one
            self._at = [at for at, char in enumerate(text) for _ in _FOLDING[ord(char)]]
        self._masks: list[int] = []
        self._ends: list[int] = []
        hidden = 0
        for run in _LATIN_RUN.finditer(folded):
            self._masks.append(run.start() - hidden)
            self._ends.append(run.end())
            hidden += run.end() - run.start() - 1

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the normalised text stands in the original; a `MASK` spans its run."""
        if self._at is None and not self._masks:
            return start, end
        first, last = self._folded(start)[0], self._folded(end - 1)[1]
        return (first, last) if self._at is None else (self._at[first], self._at[last - 1] + 1)

    def _folded(self, place: int) -> tuple[int, int]:
        """Return start and end in the folded text of one normalised character."""
        before = bisect_right(self._masks, place) - 1
        if before < 0:
            return place, place + 1
        behind = place - self._masks[before]
        end = self._ends[before]
        if behind:
            return end + behind - 1, end + behind
        return place + self._hidden_before(before), end

    def _hidden_before(self, number: int) -> int:
        """Return how many characters the masks before one of them leave out."""
        return self._ends[number - 1] - self._masks[number - 1] - 1 if number else 0


def percent(probability: float) -> str:
    """Return a probability for people; a guess is never called certain.

    Examples
    --------
    >>> percent(0.874), percent(0.9999), percent(0.0004)
    ('87%', '99%', '<1%')
    """
    return "<1%" if probability < 0.005 else f"{min(probability, 0.99):.0%}"
