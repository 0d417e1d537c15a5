"""The text of a case cut into pieces, those that spoke for the lead marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from router.decision import Evidence

__all__ = ["Piece", "pieces"]

_STRONG, _MEDIUM = 0.66, 0.33


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `level` 0 is plain, 3 the strongest evidence."""

    text: str
    level: int = 0


def pieces(text: str, evidence: Iterable[Evidence]) -> list[Piece]:
    """Cut a text at its evidence.

    Parameters
    ----------
    text : str
    evidence : iterable of Evidence
        Of this text's field, in any order; what overlaps is shown once.

    Returns
    -------
    list of Piece
        Joined they are `text`.

    Examples
    --------
    >>> [(p.text, p.level) for p in pieces("修路灯吧", [Evidence("title", 1, 3, 1.0)])]
    [('修', 0), ('路灯', 3), ('吧', 0)]
    """
    found: list[Piece] = []
    at = 0
    for word in sorted(evidence, key=lambda e: (e.start, -e.end)):
        start, end = max(word.start, at), min(word.end, len(text))
        if start >= end:
            continue
        if start > at:
            found.append(Piece(text[at:start]))
        found.append(Piece(text[start:end], _level(word.weight)))
        at = end
    if at < len(text):
        found.append(Piece(text[at:]))
    return found


def _level(weight: float) -> int:
    return 3 if weight >= _STRONG else 2 if weight >= _MEDIUM else 1
