"""Chinese words: jieba, and rjieba, which gives the same words faster.

jieba is the reference and always there. rjieba (Rust) is used when it is
installed; a test holds the two equal on normalised text, user dictionary
included, so a trained model doesn't care which of them ran.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from router.errors import PluginError
from router.installation import reinstalling
from router.interfaces import Tokenizer
from router.plugins import make_plugin
from router.scratch import scratch_folder

__all__ = ["JiebaTokenizer", "RjiebaTokenizer", "default_tokenizer", "words"]

USER_WORD_FREQUENCY = 20_000
"""High enough that no split of a user word is more likely than the word.

Both implementations are given this number instead of computing their own,
because they compute it differently.
"""

_RARE = re.compile("([\u3400-\u4dbf\u9fd6-\u9fff\ud800-\udfff\uf900-\ufaff\U00020000-\U0003ffff])")
"""Characters that jieba doesn't know and leaves alone, while rjieba joins them to others.

Among them are halves of surrogate pairs, which rjieba can't be given at all.
"""


class JiebaTokenizer:
    """The reference tokeniser.

    Parameters
    ----------
    user_words : sequence of str
        Terms of the field that must stay whole.

    Raises
    ------
    PluginError
        If jieba's dictionary can't be read.

    Examples
    --------
    >>> JiebaTokenizer(["加装电梯"]).tokenize("老楼加装电梯")
    ['老楼', '加装电梯']
    """

    name = "jieba"

    def __init__(self, user_words: Sequence[str] = ()) -> None:
        import jieba

        self._user_words = tuple(user_words)
        jieba.setLogLevel(logging.WARNING)
        self._jieba = jieba.Tokenizer()
        _read_dictionary(self._jieba, Path(jieba.__file__).with_name("dict.txt"))
        for word in sorted(set(user_words)):
            known = self._jieba.FREQ.get(word, 0)
            self._jieba.add_word(word, USER_WORD_FREQUENCY)
            self._jieba.total -= known  # jieba counts a known word twice, rjieba doesn't

    def tokenize(self, text: str) -> list[str]:
        """Return the words of normalised `text` in order."""
        words: list[str] = self._jieba.lcut(text)
        return words

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._user_words,)


class RjiebaTokenizer:
    """The same words from the Rust implementation.

    Parameters
    ----------
    user_words : sequence of str
        Terms of the field that must stay whole.
    """

    name = "rjieba"

    def __init__(self, user_words: Sequence[str] = ()) -> None:
        import rjieba

        self._user_words = tuple(user_words)
        self._jieba = rjieba.Jieba()
        for word in sorted(set(user_words)):
            self._jieba.add_word(word, USER_WORD_FREQUENCY, None)

    def tokenize(self, text: str) -> list[str]:
        """Return the words of normalised `text` in order."""
        words: list[str] = []
        for at, part in enumerate(_RARE.split(text)):  # every other part is a rare character
            words += (part,) if at % 2 else self._jieba.cut(part)
        return words

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._user_words,)


def default_tokenizer(user_words: Sequence[str] = (), name: str = "") -> Tokenizer:
    """Build the tokeniser called `name`, or the fastest of the two jieba.

    Parameters
    ----------
    user_words : sequence of str
        Terms that must stay whole.
    name : str, optional
        Name of a ``fenban.tokenizers`` plugin.

    Returns
    -------
    Tokenizer
    """
    if name in ("", "jieba", "rjieba"):  # the same words: whichever is installed
        name = "rjieba" if find_spec("rjieba") else "jieba"
    tokenizer: Tokenizer = make_plugin("tokenizers", name, user_words)
    return tokenizer


def words(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the tokens of normalised `text` that hold a letter or character.

    Examples
    --------
    >>> words(JiebaTokenizer(), "路灯,不亮!")
    ['路灯', '不亮']
    """
    return [word for word in tokenizer.tokenize(text) if any(map(str.isalnum, word))]


def _read_dictionary(tokenizer: Any, dictionary: Path) -> None:
    """Read jieba's own dictionary, or what was made of it before.

    jieba caches it as marshal data, which whoever can write to the shared
    temporary folder could replace: use a private folder. It never looks
    whether the dictionary is still the same: one cache for each content.
    """
    try:
        folder = _private_cache()
        name = f"jieba-{hashlib.sha256(dictionary.read_bytes()).hexdigest()[:16]}.cache"
        if not (folder / name).exists():
            for old in folder.glob("jieba*.cache"):
                old.unlink(missing_ok=True)
        tokenizer.tmp_dir, tokenizer.cache_file = str(folder), name
        tokenizer.initialize()
    except (OSError, ValueError) as error:
        raise PluginError("jieba 的词典坏了", where=str(dictionary), hint=reinstalling("jieba")) from error
    if not tokenizer.total:
        raise PluginError("jieba 的词典是空的", where=str(dictionary), hint=reinstalling("jieba"))


def _private_cache() -> Path:
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        place = base / "fenban"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only, or a container's user without a home
        return scratch_folder("jieba")
    return place
