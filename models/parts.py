"""The parts of a case, so that each request can speak for its own section."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Parts", "find_parts"]

_BREAKS = "。；！？!?;\n"
_IS_BREAK = np.zeros(max(map(ord, _BREAKS)) + 2, dtype=np.bool_)
_IS_BREAK[list(map(ord, _BREAKS))] = True
_LEAST = 6
"""Stretches of fewer letters are salutations and numbering."""


class Parts(NamedTuple):
    """The sentences and numbered requests in the bodies of some texts.

    Parameters
    ----------
    number : ndarray of int, shape (n_characters,)
        The part that each character belongs to, -1 outside parts.
    owner : ndarray of int, shape (n_parts,)
        The text that each part is of, in order.
    """

    number: NDArray[np.int32]
    owner: NDArray[np.int64]


def find_parts(
    codes: NDArray[np.uint32],
    letter: NDArray[np.bool_],
    in_body: NDArray[np.bool_],
    document: NDArray[np.int32],
) -> Parts:
    r"""Cut bodies at the ends of their sentences; a body of fewer than two parts has none.

    Parameters
    ----------
    codes : ndarray of int, shape (n_characters,)
        Code points of the texts, a line break after each.
    letter, in_body : ndarray of bool, shape (n_characters,)
    document : ndarray of int, shape (n_characters,)

    Examples
    --------
    >>> text = "修好北街的路灯。疏通菜市场下水道；谢谢。\n"
    >>> codes = np.array(list(map(ord, text)), dtype=np.uint32)
    >>> everywhere, first = np.ones(len(text), dtype=bool), np.zeros(len(text), dtype=np.int32)
    >>> parts = find_parts(codes, everywhere, everywhere, first)
    >>> [text[np.argmax(parts.number == part):][:4] for part in range(len(parts.owner))]
    ['修好北街', '疏通菜市']
    """
    inside = in_body & ~_IS_BREAK[np.minimum(codes, len(_IS_BREAK) - 1)]
    edges = np.flatnonzero(np.diff(inside, prepend=False))
    start, end = edges[::2], edges[1::2]  # a break ends the last text
    letters = np.concatenate([[0], np.cumsum(letter)])
    told = letters[end] - letters[start] >= _LEAST
    start, end = start[told], end[told]
    owner = document[start].astype(np.int64)
    told = np.bincount(owner, minlength=1)[owner] > 1
    start, end, owner = start[told], end[told], owner[told]
    number = np.full(len(codes), -1, dtype=np.int32)
    lengths = end - start
    behind = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    number[np.repeat(start, lengths) + behind] = np.repeat(np.arange(len(start)), lengths)
    return Parts(number, owner)
