"""Which candidate leads, by the model's order and the votes of the rules.

How votes are resolved, in five lines:

1. ``forbid`` takes a candidate out, ``require`` makes one the lead.
2. Two ``require`` that disagree, or ``require`` against ``forbid``: a person decides.
3. ``prefer`` changes the order only between candidates nearer than its margin.
4. ``co_handle``, ``flag`` and ``review`` add to the decision and take nothing away.
5. No vote changes a probability, and what reached us for an opinion is never sent back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from router.decision import Candidate, Flag, Vote, VoteKind
from router.site import is_outside

__all__ = ["BY_MODEL", "Choice", "Step", "choose", "flags_of", "settle"]

BY_MODEL = "model"


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the lead.

    Parameters
    ----------
    id : str
        ``model`` the model's first; ``forbidden``, ``required``,
        ``preferred``, ``too_far`` (a ``prefer`` beyond its margin), ``next``
        (the first that is not forbidden), ``conflict``, ``all_forbidden``;
        ``unsure_outside`` and ``for_an_opinion`` for a lead outside the
        bureau that was given up.
    label : str
        The candidate it is about.
    rules : tuple of str
        The rules that took it.
    """

    id: str
    label: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The lead that model and rules agree on.

    Parameters
    ----------
    lead : Candidate
    decided_by : str
        ``model`` or the name of the deciding rule.
    conflict : tuple of str
        Names of the rules that contradict each other; empty as a rule.
    by_rule : bool
        Whether a rule requires this very lead. ``forbid`` and ``prefer``
        don't: what they leave is a guess of the model, and must be as sure
        as any.
    steps : tuple of Step
        How it came about.
    """

    lead: Candidate
    decided_by: str = BY_MODEL
    conflict: tuple[str, ...] = ()
    by_rule: bool = False
    steps: tuple[Step, ...] = field(default=(), compare=False)


def settle(
    candidates: Sequence[Candidate],
    votes: Sequence[Vote],
    margin: float,
    *,
    role: str = "",
    least_outside: float = 0.0,
) -> Choice:
    """Pick the lead; a unit outside only where rule or model is sure enough and the case can go back.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one, most probable first.
    votes : sequence of Vote
    margin : float
        How far a ``prefer`` without a margin of its own reaches.
    role : str
        What the bureau is for the case; with ``co`` it is never sent back.
    least_outside : float
        How probable all units outside together must be for the model to
        send a case back.

    Returns
    -------
    Choice
    """
    choice = choose(candidates, votes, margin)
    if not is_outside(choice.lead.label):
        return choice
    ours = [c for c in candidates if not is_outside(c.label)]
    if not ours:
        return choice
    outside = sum(c.probability for c in candidates if is_outside(c.label))
    if role != "co" and (choice.by_rule or outside >= least_outside):
        return choice
    given_up = Step("for_an_opinion" if role == "co" else "unsure_outside", choice.lead.label)
    kept = choose(ours, votes, margin)
    steps = (*choice.steps, given_up, *kept.steps)
    return replace(kept, conflict=choice.conflict or kept.conflict, steps=steps)


def choose(candidates: Sequence[Candidate], votes: Sequence[Vote], margin: float) -> Choice:
    """Pick the lead among candidates that are all alike.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one, most probable first.
    votes : sequence of Vote
    margin : float
        How far a ``prefer`` without a margin of its own reaches.

    Returns
    -------
    Choice

    Examples
    --------
    >>> first, second = Candidate("a", 0.6), Candidate("b", 0.4)
    >>> choose([first, second], [Vote("r", VoteKind.REQUIRE, "b", "因为")], 0.1).lead.label
    'b'
    """
    known = {candidate.label: candidate for candidate in candidates}
    forbidden = _rules_by_target(votes, VoteKind.FORBID, known)
    required = _rules_by_target(votes, VoteKind.REQUIRE, known)
    steps = [Step("model", candidates[0].label)]
    steps += [Step("forbidden", label, rules) for label, rules in forbidden.items()]
    steps += [Step("required", label, rules) for label, rules in required.items()]
    at_odds = {rule for label in required for rule in forbidden.get(label, ())}
    if at_odds or len(required) > 1:
        rules = tuple(sorted(at_odds.union(*required.values())))
        best = max((known[label] for label in required), key=lambda c: (c.probability, c.label))
        return Choice(best, BY_MODEL, rules, steps=(*steps, Step("conflict", best.label, rules)))
    if required:
        label, (*_, rule) = next(iter(required.items()))
        return Choice(known[label], rule, by_rule=True, steps=tuple(steps))
    return _unforced(candidates, votes, forbidden, margin, steps)


def _rules_by_target(
    votes: Sequence[Vote], kind: VoteKind, known: Mapping[str, Candidate]
) -> dict[str, tuple[str, ...]]:
    """Return the rules that vote so, by candidate; neither depends on the order of votes."""
    found: dict[str, set[str]] = {}
    for vote in votes:
        if vote.kind is kind and vote.target in known:
            found.setdefault(vote.target, set()).add(vote.rule)
    return {label: tuple(sorted(found[label])) for label in sorted(found)}


def _unforced(
    candidates: Sequence[Candidate],
    votes: Sequence[Vote],
    forbidden: Mapping[str, tuple[str, ...]],
    margin: float,
    steps: list[Step],
) -> Choice:
    allowed = [c for c in candidates if c.label not in forbidden]
    if not allowed:
        rules = tuple(sorted(set().union(*forbidden.values())))
        first = candidates[0]
        return Choice(first, BY_MODEL, rules, steps=(*steps, Step("all_forbidden", first.label, rules)))
    best = allowed[0]
    preferred = _preferred(allowed, votes, margin, steps)
    if preferred and best.label not in preferred:
        near = next(c for c in allowed if c.label in preferred)
        *_, rule = preferred[near.label]
        steps.append(Step("preferred", near.label, preferred[near.label]))
        return Choice(near, rule, steps=tuple(steps))
    if best.label != candidates[0].label:
        *_, rule = forbidden[candidates[0].label]
        return Choice(best, rule, steps=(*steps, Step("next", best.label)))
    return Choice(best, steps=tuple(steps))


def _preferred(
    allowed: Sequence[Candidate], votes: Sequence[Vote], margin: float, steps: list[Step]
) -> dict[str, tuple[str, ...]]:
    """Return the preferred candidates near enough to the best one, with the rules that reach them."""
    wishes = [vote for vote in votes if vote.kind is VoteKind.PREFER]
    if not wishes:
        return {}
    behind = {c.label: allowed[0].probability - c.probability for c in allowed}
    near: dict[str, set[str]] = {}
    far: dict[str, set[str]] = {}
    for vote in wishes:
        if vote.target in behind:
            reach = margin if vote.margin is None else vote.margin
            group = near if behind[vote.target] <= reach else far
            group.setdefault(vote.target, set()).add(vote.rule)
    steps += [Step("too_far", label, tuple(sorted(far[label]))) for label in sorted(far)]
    return {label: tuple(sorted(rules)) for label, rules in near.items()}


def flags_of(votes: Sequence[Vote]) -> tuple[Flag, ...]:
    """Return the flags that rules raised, each once."""
    flags = {v.target: Flag(v.target, v.reason) for v in votes if v.kind is VoteKind.FLAG}
    return tuple(flags.values())
