"""How each rule did on past cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from models.card import Estimate
from router.decision import Status, Vote, VoteKind
from router.rules.base import EFFECT_NAMES
from router.rules.book import RuleBook
from router.rules.building import BookRule
from training.backtest.cases import CaseId, Outcome, TriedCase
from training.card import share_estimate

__all__ = ["CoHandled", "Contribution", "RuleFigures", "rule_figures"]

_ON_LEAD = frozenset({VoteKind.REQUIRE, VoteKind.PREFER, VoteKind.FORBID})

_Fired = list[tuple[TriedCase, list[Vote]]]
"""The cases a rule voted on, with its votes."""


@dataclass(frozen=True, slots=True)
class CoHandled:
    """How a rule did that names who should co-handle.

    Parameters
    ----------
    right, wrong : int
        Sections named that did co-handle, and that did not.
    led : int
        Named, and led the case; neither right nor wrong.
    precision : Estimate or None
    """

    right: int
    wrong: int
    led: int
    precision: Estimate | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What all rules together have thanks to one: with it, less without it.

    Parameters
    ----------
    right : int
        Cases whose lead is right.
    accuracy : float
        The same as a share.
    covered, covered_wrong : int
        Cases with status ``suggested``, and those of them whose lead is wrong.
    """

    right: int
    accuracy: float
    covered: int
    covered_wrong: int


@dataclass(frozen=True)
class RuleFigures:
    """How one rule did.

    Parameters
    ----------
    rule, where : str
        Its name, and where it is written.
    kinds : tuple of str
        The kinds of its votes.
    fired : int
        Cases it voted on.
    right, wrong : int
        Cases on whose lead it voted rightly and wrongly.
    precision : Estimate or None
    better, worse, neither : int
        What it does by itself: leads of the model it puts right, spoils, or
        changes for another wrong one.
    model_errors : int
        Cases it fired on whose lead the model had wrong.
    error_share : Estimate or None
        The same as a share.
    lift : float or None
        How many times more that is than in all cases.
    sent, sent_wrong : int
        Cases the model would have ``suggested`` that the rule sends to a
        person, and those of them that were wrong.
    co_handled : CoHandled or None
        None where it names nobody to co-handle, or no case tells who did.
    contribution : Contribution
    wrong_cases : tuple of CaseId
        Where it voted wrongly.
    planned : bool
        Whether it isn't valid yet.
    failed : int
        Cases it raised on.
    """

    rule: str
    where: str
    kinds: tuple[str, ...]
    fired: int
    right: int
    wrong: int
    precision: Estimate | None
    better: int
    worse: int
    neither: int
    model_errors: int
    error_share: Estimate | None
    lift: float | None
    sent: int
    sent_wrong: int
    co_handled: CoHandled | None
    contribution: Contribution
    wrong_cases: tuple[CaseId, ...]
    planned: bool = False
    failed: int = 0

    @property
    def votes_on_lead(self) -> bool:
        """Whether it says who leads, or who doesn't."""
        return not _ON_LEAD.isdisjoint(self.kinds)

    @property
    def tells(self) -> bool:
        """Whether it flags cases or sends them to a person."""
        return not {VoteKind.FLAG, VoteKind.REVIEW}.isdisjoint(self.kinds)


def rule_figures(
    book: RuleBook, cases: Sequence[TriedCase], planned: frozenset[str]
) -> tuple[RuleFigures, ...]:
    """Tell how each rule did, those that never fired too.

    Parameters
    ----------
    book : RuleBook
    cases : sequence of TriedCase
        At least one.
    planned : frozenset of str
        Rules that aren't valid yet.
    """
    fired: defaultdict[str, _Fired] = defaultdict(list)
    moved: defaultdict[str, list[TriedCase]] = defaultdict(list)
    failed: Counter[str] = Counter()
    for one in cases:
        for name, votes in one.by_rule().items():
            fired[name].append((one, votes))
        for name in one.alone:
            moved[name].append(one)
        failed.update(one.failed)
    errors = sum(one.model.lead != one.true for one in cases)
    whole = _Whole(len(cases), errors / len(cases), any(one.co_sections for one in cases))
    return tuple(
        replace(
            _of_rule(rule, fired[rule.name], moved[rule.name], whole),
            planned=rule.name in planned,
            failed=failed[rule.name],
        )
        for rule in book.rules
    )


class _Whole(NamedTuple):
    """All cases: how many, the share that the model has wrong, whether it is known who co-handled."""

    n: int
    error_share: float
    co_known: bool


def _of_rule(rule: BookRule, fired: _Fired, moved: Sequence[TriedCase], whole: _Whole) -> RuleFigures:
    named = [(one, [v for v in votes if v.kind in _ON_LEAD]) for one, votes in fired]
    rightly = [all(_is_right(vote, one) for vote in votes) for one, votes in named if votes]
    errors = [one.model.lead != one.true for one, _ in fired]
    error_share = _estimate(errors)
    alone = [(one, one.alone[rule.name]) for one in moved]
    changed = [(one, now) for one, now in alone if now.lead != one.model.lead]
    sent = [one for one, now in alone if _held_back(one.model, now)]
    return RuleFigures(
        rule=rule.name,
        where=rule.table.where(),
        kinds=_kinds(rule, [vote for _, votes in fired for vote in votes]),
        fired=len(fired),
        right=sum(rightly),
        wrong=len(rightly) - sum(rightly),
        precision=_estimate(rightly),
        better=sum(now.lead == one.true for one, now in changed),
        worse=sum(one.model.lead == one.true for one, _ in changed),
        neither=sum(one.true not in (one.model.lead, now.lead) for one, now in changed),
        model_errors=sum(errors),
        error_share=error_share,
        lift=error_share.value / whole.error_share if error_share and whole.error_share else None,
        sent=len(sent),
        sent_wrong=sum(one.model.lead != one.true for one in sent),
        co_handled=_co_handled(fired) if whole.co_known else None,
        contribution=_contribution(rule.name, moved, whole.n),
        wrong_cases=_wrong_cases(fired, whole),
    )


def _estimate(right: Sequence[bool]) -> Estimate | None:
    return share_estimate(np.array(right)) if right else None


def _is_right(vote: Vote, one: TriedCase) -> bool:
    return (vote.target == one.true) is (vote.kind is not VoteKind.FORBID)


def _held_back(before: Outcome, after: Outcome) -> bool:
    return before.status is Status.SUGGESTED and after.status is Status.REVIEW


def _kinds(rule: BookRule, votes: Sequence[Vote]) -> tuple[str, ...]:
    """Return the kinds of votes a rule casts; of one that cast none, the kind its table tells."""
    written = str(rule.table.params.get("effect", ""))
    declared = EFFECT_NAMES.get(written, written)
    found = {str(vote.kind) for vote in votes} or {str(declared)}
    return tuple(kind.value for kind in VoteKind if kind.value in found)


def _co_handled(fired: _Fired) -> CoHandled | None:
    named = [(one, v.target) for one, votes in fired for v in votes if v.kind is VoteKind.CO_HANDLE]
    if not named:
        return None
    told = [target in one.co_sections for one, target in named if target != one.true]
    return CoHandled(sum(told), len(told) - sum(told), len(named) - len(told), _estimate(told))


def _contribution(rule: str, moved: Sequence[TriedCase], n: int) -> Contribution:
    pairs = [(one, one.rules, one.without[rule]) for one in moved]
    right = sum((now.lead == one.true) - (before.lead == one.true) for one, now, before in pairs)
    covered = sum(_covered(now) - _covered(before) for _, now, before in pairs)
    wrong = sum(
        (_covered(now) and now.lead != one.true) - (_covered(before) and before.lead != one.true)
        for one, now, before in pairs
    )
    return Contribution(right, right / n, covered, wrong)


def _covered(outcome: Outcome) -> bool:
    return outcome.status is Status.SUGGESTED


def _wrong_cases(fired: _Fired, whole: _Whole) -> tuple[CaseId, ...]:
    """Return where a rule voted wrongly, with the first section it named wrongly."""
    found = []
    for one, votes in fired:
        wrong = (v.target for v in votes if _is_wrong(v, one, whole))
        found += [one.id(target) for target in islice(wrong, 1)]
    return tuple(found)


def _is_wrong(vote: Vote, one: TriedCase, whole: _Whole) -> bool:
    if vote.kind is VoteKind.CO_HANDLE:
        return whole.co_known and vote.target not in {one.true, *one.co_sections}
    return vote.kind in _ON_LEAD and not _is_right(vote, one)
