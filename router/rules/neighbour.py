"""A rule that says a case belongs to a unit outside the bureau."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.decision import Candidate, Vote
from router.proposal import Proposal
from router.rules.keyword import KeywordRule
from router.site import is_outside

__all__ = ["NeighbourRule"]


class NeighbourRule:
    """Requires an ``out:`` unit where its words occur.

    A case that another unit leads and that reached us for an opinion
    (``role`` is ``co``) is ours to answer, whatever its words say.

    Parameters
    ----------
    name, target, reason : str
        `target` is an ``out:`` id, `reason` goes on the return slip.
    any, all, none, within
        As for `router.rules.keyword.KeywordRule`.

    Examples
    --------
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
        all: Sequence[str] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
    ) -> None:
        if not is_outside(target):
            raise ValueError(f"target 应是 out: 开头的外单位，现为 {target!r}")
        self.name = name
        self._words = KeywordRule(name, "require", target, reason, any=any, all=all, none=none, within=within)

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        """Return one vote where the words are there and the case was not sent for an opinion."""
        return [] if proposal.role == "co" else self._words.evaluate(proposal, candidates)
