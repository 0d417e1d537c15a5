"""A rule that fires on a regular expression.

Patterns run in RE2, whose time grows with the length of the text and never
with the tricks of a pattern: neither can hold the service up. What RE2 can't
promise that for (back references, look-around) it refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from router.rules.base import Effect, WrongKeyError, one_of
from router.rules.condition_rule import ConditionRule
from router.rules.conditions import Words
from router.rules.reading import WITHIN, Reading
from router.text import fold

if TYPE_CHECKING:
    import re2

__all__ = ["Pattern", "RegexRule"]

LONGEST_PATTERN = 1000


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that must be found in a part of the case.

    Parameters
    ----------
    written : str
        As it stands in the file.
    compiled : object
        RE2's own.
    within : {"text", "title", "body"}
    """

    written: str
    compiled: Any
    within: str = "text"
    words: frozenset[str] = field(default=frozenset(), init=False)
    trigger: None = field(default=None, init=False)

    @classmethod
    def parse(cls, pattern: object, within: str) -> Self:
        """Check a pattern as it stands in a rule file.

        Raises
        ------
        WrongKeyError
        """
        if not isinstance(pattern, str) or not pattern:
            raise WrongKeyError("pattern", "缺少 pattern（正则表达式）")
        if len(pattern) > LONGEST_PATTERN:
            raise WrongKeyError("pattern", f"pattern 超过 {LONGEST_PATTERN} 个字符")
        return cls(pattern, _compile(pattern), one_of("within", within, WITHIN))

    def met(self, reading: Reading) -> bool:
        """Say whether the pattern is found."""
        return self.compiled.search(reading.part(self.within)) is not None

    def why(self, reading: Reading) -> str:
        """Say what the pattern found."""
        found = self.compiled.search(reading.part(self.within))
        if found is None:
            return f"没有合于 {self.written} 的文字"
        return f"“{found.group().decode('utf-8', 'replace')}”合于 {self.written}"


def _compile(pattern: str) -> re2._Regexp:
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(_narrow(pattern), options)
    except (re2.error, UnicodeEncodeError) as error:
        told = error.args[0] if isinstance(error, re2.error) else "含有无法编码的字符"
        text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise WrongKeyError("pattern", f"pattern 写法有误：{text}（不能用反向引用和前后查找）") from error
    if compiled.search(b"") is not None:
        raise WrongKeyError("pattern", f"pattern {pattern} 什么文字都合，等于没写")
    return compiled


def _narrow(pattern: str) -> str:
    r"""Write full-width signs as they stand in folded text, escaped: ``（`` becomes ``\(``.

    Examples
    --------
    >>> print(_narrow("Ａ座（[一二]）"))
    a座\([一二]\)
    """
    return "".join(char if char.isascii() else _escaped(char) for char in pattern)


def _escaped(char: str) -> str:
    return "".join(f"\\{c}" if c.isascii() and not c.isalnum() and c != " " else c for c in fold(char))


class RegexRule(ConditionRule):
    r"""Fires where a regular expression is found, and the words asked for beside it.

    Parameters
    ----------
    name : str
    effect, target, reason : str
        What happens then; see `router.rules.base.Effect`.
    pattern : str
        In RE2's syntax; width and case don't matter.
    any, all, none, within, match
        As for `router.rules.keyword.KeywordRule`; no word need be given.

    Examples
    --------
    >>> from router.proposal import Proposal
    >>> rule = RegexRule("幢号", "flag", "building", "写明了楼栋", pattern=r"\d+号楼")
    >>> [vote.target for vote in rule.evaluate(Proposal(title="３号楼停水"), ())]
    ['building']
    """

    def __init__(
        self,
        name: str = "",
        effect: str = "",
        target: str = "",
        reason: str = "",
        *,
        pattern: str = "",
        any: Sequence[str] = (),  # noqa: A002  # the word a rule file uses
        all: Sequence[str | Sequence[str]] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
        match: str = "substring",
    ) -> None:
        parsed = Effect.parse(name, effect, target, reason)
        words = Words.parse(any, all, none, within, match)
        super().__init__(parsed, [words, Pattern.parse(pattern, within)])
