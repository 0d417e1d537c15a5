"""From places in a masked text back to the text as it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.readers.masking import ID_MARK, PHONE_MARK

__all__ = ["Origin"]

_MARK = re.compile(f"{re.escape(PHONE_MARK)}|{re.escape(ID_MARK)}")
_SHORTEST_NUMBER = 7


class Origin:
    """Where each stretch of a screened text stood in the text that was sent.

    Screening replaces numbers by marks and drops control characters; all
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
        for char in stretch:  # what was dropped never equals what was kept
            found = sent.find(char, at)
            starts.append(found if found >= 0 else len(sent) - 1)
            at = starts[-1] + 1
    return starts


def _stretches(screened: str) -> Iterator[str]:
    """Cut into marks and what stands between them."""
    return (part for part in re.split(f"({_MARK.pattern})", screened) if part)
