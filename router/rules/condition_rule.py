"""A rule made of conditions that must all hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

from router.decision import Candidate, Vote
from router.proposal import Proposal
from router.rules.base import Effect
from router.rules.conditions import Condition, Trigger, Words
from router.rules.reading import Reading, WordFinder

__all__ = ["ConditionRule", "ReadingRule"]


@runtime_checkable
class ReadingRule(Protocol):
    """A rule that shares the one pass over the text with all others, as the built-ins do."""

    @property
    def words(self) -> frozenset[str]:
        """Folded words that must be looked for."""
        ...

    @property
    def trigger(self) -> Trigger | None:
        """Words without any of which it casts no vote; None where it must always be asked."""
        ...

    @property
    def whole_words(self) -> bool:
        """Whether it needs a tokenizer."""
        ...

    def votes(self, reading: Reading) -> Iterable[Vote]:
        """Return the votes on a case."""
        ...

    def why(self, reading: Reading) -> str:
        """Say in Chinese what the votes, or their absence, rest on."""
        ...


class ConditionRule:
    """Casts one vote where all its conditions hold.

    Parameters
    ----------
    effect : Effect
    conditions : sequence of Condition
        At least one.
    """

    def __init__(self, effect: Effect, conditions: Sequence[Condition]) -> None:
        self.name = effect.rule
        self.conditions = tuple(c for c in conditions if not (isinstance(c, Words) and c.is_empty))
        self._votes = (effect.vote(),)

    @cached_property
    def words(self) -> frozenset[str]:
        """Folded words that must be looked for."""
        return frozenset().union(*(condition.words for condition in self.conditions))

    @cached_property
    def trigger(self) -> Trigger | None:
        """Words without any of which it can't fire: of those in the title, else the fewest."""
        asked = [c.trigger for c in self.conditions if c.trigger is not None]
        return min(asked, key=lambda t: (t.within != "title", len(t.words))) if asked else None

    @property
    def whole_words(self) -> bool:
        """Whether it needs a tokenizer."""
        return any(isinstance(c, Words) and c.whole for c in self.conditions)

    def votes(self, reading: Reading) -> Iterable[Vote]:
        """Return one vote where all conditions hold."""
        for condition in self.conditions:
            if not condition.met(reading):
                return ()
        return self._votes

    def why(self, reading: Reading) -> str:
        """Say what each condition found."""
        return "；".join(filter(None, (c.why(reading) for c in self.conditions)))

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        """Return one vote where all conditions hold; a rule book asks `votes` instead."""
        return self.votes(Reading(proposal, candidates, self._finder))

    @cached_property
    def _finder(self) -> WordFinder:
        return WordFinder(self.words)
