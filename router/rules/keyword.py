"""A rule that fires on words of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from router.decision import Candidate, Vote
from router.proposal import Proposal
from router.rules.base import Effect, word_list
from router.text import fold

__all__ = ["KeywordRule"]

_FIELDS: dict[str, Callable[[Proposal], str]] = {
    "title": lambda proposal: proposal.title,
    "body": lambda proposal: proposal.body,
    "text": lambda proposal: proposal.text,
}


class KeywordRule:
    """Fires where the text holds the words asked for.

    Parameters
    ----------
    name : str
    effect, target, reason : str
        What happens then; see `router.rules.base.Effect`.
    any, all, none : sequence of str
        At least one of, every one of, and not one of these must occur, in
        whatever width and case.
    within : {"text", "title", "body"}

    Examples
    --------
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
        all: Sequence[str] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
    ) -> None:
        self.name = name
        self._effect = Effect.parse(name, effect, target, reason)
        if within not in _FIELDS:
            raise ValueError(f"within {within!r} 不是 {'、'.join(_FIELDS)} 之一")
        self._field = _FIELDS[within]
        self._any = [fold(word) for word in word_list("any", any)]
        self._all = [fold(word) for word in word_list("all", all)]
        self._none = [fold(word) for word in word_list("none", none)]
        if not self._any and not self._all:
            raise ValueError("any 和 all 至少要写一个")

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:  # noqa: ARG002
        """Return one vote where the words are there."""
        text = fold(self._field(proposal))
        if self._any and not any(word in text for word in self._any):
            return []
        if not all(word in text for word in self._all) or any(word in text for word in self._none):
            return []
        return [self._effect.vote()]
