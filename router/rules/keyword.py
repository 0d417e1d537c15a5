"""A rule that fires on words of the text."""

from __future__ import annotations

from collections.abc import Sequence

from router.rules.base import Effect, WrongKeyError
from router.rules.condition_rule import ConditionRule
from router.rules.conditions import Words

__all__ = ["KeywordRule"]


class KeywordRule(ConditionRule):
    """Fires where the text holds the words asked for.

    Parameters
    ----------
    name : str
    effect, target, reason : str
        What happens then; see `router.rules.base.Effect`.
    any, all, none : sequence of str
        At least one of, every one of, and not one of these must occur, in
        whatever width and case. A list within ``all`` stands for one of its
        words.
    within : {"text", "title", "body"}
    match : {"substring", "word"}
        Whether a word may stand inside another.

    Examples
    --------
    >>> from router.proposal import Proposal
    >>> rule = KeywordRule("集镇污水", "prefer", "drainage", "集镇污水归排水所", any=["集镇污水"])
    >>> [vote.target for vote in rule.evaluate(Proposal(title="集镇污水直排"), ())]
    ['drainage']
    """

    def __init__(
        self,
        name: str = "",
        effect: str = "",
        target: str = "",
        reason: str = "",
        *,
        any: Sequence[str] = (),  # noqa: A002  # the word a rule file uses
        all: Sequence[str | Sequence[str]] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
        match: str = "substring",
    ) -> None:
        parsed = Effect.parse(name, effect, target, reason)
        words = Words.parse(any, all, none, within, match)
        if not words.asks:
            raise WrongKeyError("any", "any 和 all 至少要写一个")
        super().__init__(parsed, [words])
