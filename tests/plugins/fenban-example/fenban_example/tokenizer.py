"""Words without a dictionary: every character is one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.text import normalise

__all__ = ["CharacterTokenizer"]


class CharacterTokenizer:
    """Cuts a text into characters; user words stay whole.

    Nothing is lost or changed: the words put together are the text, so that
    fenban can show where each of them stands.

    Parameters
    ----------
    user_words : sequence of str
        The site's user dictionary.

    Examples
    --------
    >>> CharacterTokenizer(["加装电梯"]).tokenize("老楼加装电梯")
    ['老', '楼', '加装电梯']
    """

    def __init__(self, user_words: Sequence[str] = ()) -> None:
        # normalised as the texts are; the longest first, or 电梯 would cut 加装电梯 in two
        words = sorted({normalise(word) for word in user_words} - {""}, key=lambda word: (-len(word), word))
        self._whole = re.compile(f"({'|'.join(map(re.escape, words))})" if words else "(?!)")

    def tokenize(self, text: str) -> list[str]:
        """Return the words of normalised `text` in order."""
        words: list[str] = []
        for at, piece in enumerate(self._whole.split(text)):
            words += [piece] if at % 2 else piece
        return words
