"""Past cases put to the rules once more, the model answering as if it had never seen them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.held_out import HeldOutCases
from models.model import ranked
from router.decision import Decision, Status, Vote, VoteKind
from router.interfaces import ModelOutput
from router.pipeline import Router
from router.proposal import Proposal
from router.rules.book import RuleBook, RuleRun, site_tokenizer
from training.history import History

__all__ = ["Basis", "CaseId", "Outcome", "Track", "Trial", "TriedCase", "rules_to_try", "try_cases"]

T = TypeVar("T")

Track = Callable[[Iterable[T], int], Iterable[T]]
"""Passes things on, so many in all, and shows how far it is."""

_BATCH = 500
_DECIDING = frozenset({VoteKind.REQUIRE, VoteKind.FORBID, VoteKind.PREFER, VoteKind.REVIEW})
"""Other votes move neither lead nor status."""


class Basis(StrEnum):
    """How a case was judged by a model that had not learned it.

    ``held_out``: by the probabilities kept from training; ``new``: by the
    model itself, which never saw it.
    """

    HELD_OUT = "held_out"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision came to."""

    lead: str
    status: Status


@dataclass(frozen=True, slots=True)
class CaseId:
    """What a case can be looked up by, and what was said of it against what is true.

    Parameters
    ----------
    case_id : str
    year : int or None
    true : str
        Who led it.
    said : str
        The section a rule named, or the lead that came out.
    """

    case_id: str
    year: int | None
    true: str
    said: str


@dataclass(frozen=True)
class TriedCase:
    """One labelled case and what became of it.

    Parameters
    ----------
    proposal : Proposal
        Without its labels.
    true : str
        Who led it, by the names of today.
    co_sections : frozenset of str
        Who co-handled it.
    year : int or None
    basis : Basis
    model, rules : Outcome
        Without any rule, and with all of them.
    votes : tuple of Vote
    failed : tuple of str
        Rules that raised.
    alone, without : mapping of str to Outcome
        With one rule only, and with all but one; of the rules that could
        move lead or status.
    """

    proposal: Proposal
    true: str
    co_sections: frozenset[str]
    year: int | None
    basis: Basis
    model: Outcome
    rules: Outcome
    votes: tuple[Vote, ...] = ()
    failed: tuple[str, ...] = ()
    alone: Mapping[str, Outcome] = field(default_factory=dict)
    without: Mapping[str, Outcome] = field(default_factory=dict)

    def by_rule(self) -> dict[str, list[Vote]]:
        """Return the votes of each rule that fired."""
        found: defaultdict[str, list[Vote]] = defaultdict(list)
        for vote in self.votes:
            found[vote.rule].append(vote)
        return dict(found)

    def id(self, said: str) -> CaseId:
        """Return what the case can be looked up by."""
        return CaseId(self.proposal.case_id, self.year, self.true, said)


@dataclass(frozen=True)
class Trial:
    """All that was tried, and what couldn't be.

    Parameters
    ----------
    cases : list of TriedCase
    ahead : list of TriedCase
        Once more those that models of earlier cases judged while training.
    twins : int
        Learned cases whose very text was learned twice: leaving one out
        leaves the other in.
    reworded : int
        Cases under whose number another text was learned, so that nobody can
        say whether the model knows them; left out.
    not_judged : int
        Learned, but from too few cases to leave any out; left out.
    """

    cases: list[TriedCase]
    ahead: list[TriedCase]
    twins: int
    reworded: int
    not_judged: int


def rules_to_try(router: Router) -> RuleBook:
    """Return the rules that count today and those that will: what one wants to know before they do."""
    kept = [
        replace(one, valid_from=None, valid_to=None)
        for one in router.rules.rules
        if one.valid_to is None or one.valid_to >= router.today
    ]
    tokenizer = site_tokenizer(router.site, router.tokenizer)
    return RuleBook(kept, tokenizer=tokenizer, digest=router.rules.digest)


def try_cases(
    router: Router, history: History, held_out: HeldOutCases, labels: Sequence[str], track: Track[TriedCase]
) -> Trial:
    """Decide every case with and without rules; nothing is fitted.

    Parameters
    ----------
    router : Router
        With the rules to try.
    history : History
        Labelled cases.
    held_out : HeldOutCases
        Of the router's model.
    labels : sequence of str
        Columns of its probabilities.
    track : callable

    Returns
    -------
    Trial
    """
    labelled = [one for one in _labelled(history, held_out) if not held_out.is_reworded(one.asked)]
    judged = [one for one in labelled if one.row is None or len(held_out.probabilities)]
    trying = _Trying(router, held_out, np.asarray(labels, dtype=np.str_))
    return Trial(
        list(track(trying.all(judged), len(judged))),
        trying.ahead,
        twins=sum(one.row is not None and held_out.has_twin(one.row) for one in judged),
        reworded=len(history.proposals) - len(labelled),
        not_judged=len(labelled) - len(judged),
    )


@dataclass(frozen=True)
class _Labelled:
    """A case without its labels, the labels, and which learned case it is."""

    asked: Proposal
    true: str
    co_sections: frozenset[str]
    row: int | None


def _labelled(history: History, held_out: HeldOutCases) -> Iterator[_Labelled]:
    columns = (history.cases["section"], history.cases["co_sections"])
    for proposal, section, co_sections in zip(history.proposals, *columns, strict=True):
        asked = replace(proposal, section="", co_sections=(), topic="", result="")
        yield _Labelled(asked, section, frozenset(co_sections), held_out.row(asked))


class _Trying:
    """One run over the cases."""

    def __init__(self, router: Router, held_out: HeldOutCases, labels: NDArray[np.str_]) -> None:
        self._router, self._held_out, self._labels = router, held_out, labels
        self._today = router.today
        self._critical = {one.name for one in router.rules.rules if one.critical}
        self.ahead: list[TriedCase] = []

    def all(self, cases: Sequence[_Labelled]) -> Iterator[TriedCase]:
        for start in range(0, len(cases), _BATCH):
            batch = cases[start : start + _BATCH]
            outputs = self._router.model.predict([one.asked for one in batch], explain=False, similar=True)
            for one, output in zip(batch, outputs, strict=True):
                if one.row is None:
                    yield self._tried(one, output, self._today)
                    continue
                kept = self._held_out.probabilities[one.row]
                yield self._tried(one, self._as_held_out(output, kept), self._today)
                if one.row in self._held_out.ahead_of:
                    kept = self._held_out.ahead[self._held_out.ahead_of[one.row]]
                    self.ahead.append(self._tried(one, self._as_held_out(output, kept), self._today))

    def _as_held_out(self, output: ModelOutput, probabilities: NDArray[np.float32]) -> ModelOutput:
        """Put in what a model said that had not learned the case, and leave out what nobody else said.

        What remains of the model that learned it is how much of the text is
        known at all, and which other cases are like it.
        """
        [section] = ranked(self._labels, probabilities[None, :].astype(np.float64))
        return replace(output, section=section, topic=None, co={}, asks=())

    def _tried(self, one: _Labelled, output: ModelOutput, today: date) -> TriedCase:
        def outcome(run: RuleRun) -> Outcome:
            return _outcome(self._router.decide(one.asked, output, today, run))

        decision = self._router.decide(one.asked, output, today)
        run = self._run_of(decision)
        full, bare = _outcome(decision), outcome(RuleRun())
        deciding = sorted({v.rule for v in run.votes if v.kind in _DECIDING} | set(run.critical))
        if len(deciding) == 1:
            alone, without = {deciding[0]: full}, {deciding[0]: bare}
        else:
            alone = {rule: outcome(_only(run, {rule})) for rule in deciding}
            without = {rule: outcome(_only(run, set(deciding) - {rule})) for rule in deciding}
        return TriedCase(
            proposal=one.asked,
            true=one.true,
            co_sections=one.co_sections,
            year=one.asked.received_on.year if one.asked.received_on else None,
            basis=Basis.NEW if one.row is None else Basis.HELD_OUT,
            model=bare,
            rules=full,
            votes=run.votes,
            failed=tuple(failed.rule for failed in run.failed),
            alone=alone,
            without=without,
        )

    def _run_of(self, decision: Decision) -> RuleRun:
        """Return what the rules said, as the router took it."""
        critical = tuple(f.rule for f in decision.failed_rules if f.rule in self._critical)
        return RuleRun(decision.votes, decision.failed_rules, critical)


def _only(run: RuleRun, rules: set[str]) -> RuleRun:
    """Return a run as if there were no other rules."""
    return RuleRun(
        tuple(vote for vote in run.votes if vote.rule in rules),
        critical=tuple(rule for rule in run.critical if rule in rules),
    )


def _outcome(decision: Decision) -> Outcome:
    return Outcome(decision.lead, decision.status)
