"""Normalising text the same way everywhere, with a way back to the original.

Full-width and compatibility forms become plain ones (NFKC), letters become
lower case, and each run of Latin letters and digits becomes one `MASK`:
numbers, plate numbers and building codes say nothing about a section, and
the two jieba implementations agree on what is left.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["MASK", "fold", "normalise", "normalise_with_offsets", "percent"]

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
    return text.translate(_FOLDING)


def normalise(text: str) -> str:
    """Fold `text` into the form that tokenisers and features read.

    Folding goes character by character, so that every character of the
    result has one origin; see `normalise_with_offsets`.

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


def normalise_with_offsets(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Fold `text` and say where each character of the result came from.

    Parameters
    ----------
    text : str

    Returns
    -------
    folded : str
        The same as ``normalise(text)``.
    spans : list of (int, int)
        For each character of `folded`, the start and end of its origin in
        `text`; a `MASK` spans its whole run.

    Examples
    --------
    >>> normalise_with_offsets("A12座")
    ('□座', [(0, 3), (3, 4)])
    """
    pieces = [(char, at) for at, original in enumerate(text) for char in _FOLDING[ord(original)]]
    folded = "".join(char for char, _ in pieces)
    origin = [at for _, at in pieces]
    parts, spans = [], []
    for part, start, end in _runs(folded):
        parts.append(part)
        if part == MASK and end > start:
            spans.append((origin[start], origin[end - 1] + 1))
        else:
            spans += [(origin[i], origin[i] + 1) for i in range(start, end)]
    return "".join(parts), spans


def _runs(folded: str) -> Iterator[tuple[str, int, int]]:
    """Cut into masked runs and the stretches between them."""
    at = 0
    for run in _LATIN_RUN.finditer(folded):
        if run.start() > at:
            yield folded[at : run.start()], at, run.start()
        yield MASK, run.start(), run.end()
        at = run.end()
    if at < len(folded):
        yield folded[at:], at, len(folded)


def percent(probability: float) -> str:
    """Return a probability for people; a guess is never called certain.

    Examples
    --------
    >>> percent(0.874), percent(0.9999), percent(0.0004)
    ('87%', '99%', '<1%')
    """
    return "<1%" if probability < 0.005 else f"{min(probability, 0.99):.0%}"
