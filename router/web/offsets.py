"""From places in a masked text back to the text as it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.readers.masking import ID_MARK, PHONE_MARK
from router.readers.screening import UNFIT

__all__ = ["Origin"]

_MARK = re.compile(f"{re.escape(PHONE_MARK)}|{re.escape(ID_MARK)}")
_BLANK = re.compile(f" |{UNFIT.pattern}")
_SHORTEST_NUMBER = 7


class Origin:
    """Where each stretch of a screened text stood in the text that was sent.

    Screening replaces numbers by marks and control characters by blanks; all
    else stays in order.

    Parameters
    ----------
    sent, screened : str

    Examples
    --------
    >>> origin = Origin("电话13800000000，路灯不亮", "电话〔电话〕，路灯不亮")
    >>> origin.span(7, 9)
    (14, 16)
    """

    def __init__(self, sent: str, screened: str) -> None:
        self._starts = None if sent == screened else _starts(sent, screened)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``screened[start:end]`` stood; `end` is exclusive."""
        if self._starts is None or end <= start:
            return start, end
        return self._starts[start], self._starts[end - 1] + 1


def _starts(sent: str, screened: str) -> list[int]:
    """Return for each character of `screened` its place in `sent`."""
    starts: list[int] = []
    at = 0
    for stretch in _stretches(screened):
        if _MARK.fullmatch(stretch) and not sent.startswith(stretch, at):
            starts += [min(at, len(sent) - 1)] * len(stretch)
            at += _SHORTEST_NUMBER
            continue
        for char in stretch:
            starts.append(_found(char, sent, at))
            at = starts[-1] + 1
    return starts


def _found(char: str, sent: str, at: int) -> int:
    if char != " ":
        found = sent.find(char, at)
    else:
        blank = _BLANK.search(sent, at)
        found = blank.start() if blank else -1
    return found if found >= 0 else len(sent) - 1


def _stretches(screened: str) -> Iterator[str]:
    """Cut into marks and what stands between them."""
    return (part for part in re.split(f"({_MARK.pattern})", screened) if part)
