"""A rule that says a case belongs to a unit outside the bureau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from router.rules.base import Effect, WrongKeyError
from router.rules.condition_rule import ConditionRule
from router.rules.conditions import Condition, Words
from router.rules.place import PLACES, PlaceTest
from router.rules.reading import Reading
from router.rules.regex import Pattern
from router.site import is_outside

__all__ = ["NeighbourRule"]


@dataclass(frozen=True, slots=True)
class _NotForAnOpinion:
    """The case was not sent for an opinion."""

    words: frozenset[str] = field(default=frozenset(), init=False)
    trigger: None = field(default=None, init=False)

    def met(self, reading: Reading) -> bool:
        return reading.proposal.role != "co"

    def why(self, reading: Reading) -> str:
        return "" if self.met(reading) else "本局只是会办（role 为 co），不能退"


class NeighbourRule(ConditionRule):
    """Requires an ``out:`` unit where its words occur.

    A case that another unit leads and that reached us for an opinion
    (``role`` is ``co``) is ours to answer, whatever its words say.

    Parameters
    ----------
    name, target : str
        `target` is an ``out:`` id.
    reason : str
        Goes on the return slip; a site fills in the unit's ``return_reason``
        where it is left out.
    any, all, none, within, match
        As for `router.rules.keyword.KeywordRule`.
    pattern : str, optional
        As for `router.rules.regex.RegexRule`.
    place, places : optional
        As for `router.rules.place.PlaceRule`.

    Examples
    --------
    >>> from router.proposal import Proposal
    >>> rule = NeighbourRule("村道", "out:transport", "村道由交通运输局管养", any=["村道"])
    >>> [vote.kind.value for vote in rule.evaluate(Proposal(title="村道破损"), ())]
    ['require']
    """

    def __init__(
        self,
        name: str = "",
        target: str = "",
        reason: str = "",
        *,
        any: Sequence[str] = (),  # noqa: A002  # the word a rule file uses
        all: Sequence[str | Sequence[str]] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
        match: str = "substring",
        pattern: str = "",
        place: str = "",
        places: Mapping[str, Sequence[str]] = PLACES,
    ) -> None:
        if not is_outside(target):
            raise WrongKeyError("target", f"target 应是 out: 开头的外单位，现为 {target!r}")
        effect = Effect.parse(name, "require", target, reason)
        words = Words.parse(any, all, none, within, match)
        conditions: list[Condition] = [_NotForAnOpinion(), words]
        conditions += [Pattern.parse(pattern, within)] if pattern else []
        if not words.asks and not pattern:
            raise WrongKeyError("any", "any 和 all 至少要写一个（或者写 pattern）")
        conditions += [PlaceTest.parse(place, places)] if place else []
        super().__init__(effect, conditions)
