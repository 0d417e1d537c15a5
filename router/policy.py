"""From probabilities and votes to one decision, and the reasons for doubt.

How votes are resolved, in five lines:

1. ``forbid`` takes a candidate out, ``require`` makes one the lead.
2. Two ``require`` that disagree, or ``require`` against ``forbid``: a person decides.
3. ``prefer`` changes the order only between candidates nearer than the close margin.
4. ``co_handle``, ``flag`` and ``review`` add to the decision and take nothing away.
5. No vote changes a probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.decision import Candidate, Flag, Reason, Status, Vote, VoteKind
from router.site import Site, is_outside
from router.text import percent

__all__ = ["Choice", "choose", "doubts", "flags_of"]

BY_MODEL = "model"


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
    """

    lead: Candidate
    decided_by: str = BY_MODEL
    conflict: tuple[str, ...] = ()
    by_rule: bool = False


def choose(candidates: Sequence[Candidate], votes: Sequence[Vote], margin: float) -> Choice:
    """Pick the lead.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one, most probable first.
    votes : sequence of Vote
    margin : float
        How far ``prefer`` reaches.

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
    votes = sorted((v for v in votes if v.target in known), key=lambda v: (v.rule, v.target))
    forbidden = {v.target: v.rule for v in votes if v.kind is VoteKind.FORBID}
    required = {v.target: v.rule for v in votes if v.kind is VoteKind.REQUIRE}
    at_odds = [label for label in required if label in forbidden]
    if at_odds or len(required) > 1:
        rules = {*required.values(), *(forbidden[label] for label in at_odds)}
        best = max((known[label] for label in required), key=lambda c: c.probability)
        return Choice(best, BY_MODEL, tuple(sorted(rules)))
    if required:
        label, rule = next(iter(required.items()))
        return Choice(known[label], rule, by_rule=True)
    return _unforced(candidates, votes, forbidden, margin)


def _unforced(
    candidates: Sequence[Candidate], votes: Sequence[Vote], forbidden: Mapping[str, str], margin: float
) -> Choice:
    allowed = [c for c in candidates if c.label not in forbidden]
    if not allowed:
        return Choice(candidates[0], BY_MODEL, tuple(sorted(set(forbidden.values()))))
    best = allowed[0]
    preferred = {v.target: v.rule for v in votes if v.kind is VoteKind.PREFER}
    near = [c for c in allowed if best.probability - c.probability <= margin and c.label in preferred]
    if near and best.label not in preferred:
        return Choice(near[0], preferred[near[0].label])
    if best.label != candidates[0].label:
        return Choice(best, forbidden[candidates[0].label])
    return Choice(best)


def flags_of(votes: Sequence[Vote]) -> tuple[Flag, ...]:
    """Return the flags that rules raised, each once."""
    flags = {v.target: Flag(v.target, v.reason) for v in votes if v.kind is VoteKind.FLAG}
    return tuple(flags.values())


@dataclass(frozen=True, slots=True)
class Doubts:
    """How far the choice may be trusted, and why not further."""

    status: Status
    reasons: tuple[Reason, ...]


def doubts(
    choice: Choice,
    candidates: Sequence[Candidate],
    votes: Sequence[Vote],
    text: str,
    known_share: float,
    site: Site,
    accept: float,
    *,
    new_kind: bool = False,
    role: str = "",
) -> Doubts:
    """Decide the status of a choice.

    Parameters
    ----------
    choice : Choice
    candidates : sequence of Candidate
        Most probable first.
    votes : sequence of Vote
    text : str
        Title and body.
    known_share : float
        Share of the text's features that training has seen.
    site : Site
    accept : float
        Probability from which the model's choice is ``suggested``.
    new_kind : bool
        Whether no past case is like it.
    role : str
        What the bureau is for the case; one that reached us for an opinion
        (``co``) is ours, however much it sounds like another unit's.

    Returns
    -------
    Doubts
    """
    reasons = [*_text_reasons(text, known_share, site), *_rule_reasons(choice, votes)]
    if is_outside(choice.lead.label) and not reasons:
        return Doubts(Status.NOT_OURS, _outside_reasons(choice, candidates, site))
    if not choice.by_rule:
        reasons += _model_reasons(choice, candidates, votes, site, accept, role)
        if new_kind:
            reasons.append(Reason("new_kind_of_case", "与往年案件都不像，没有先例可循"))
    return Doubts(Status.REVIEW if reasons else Status.SUGGESTED, tuple(reasons))


def _text_reasons(text: str, known_share: float, site: Site) -> list[Reason]:
    settings = site.settings
    reasons = []
    if sum(map(str.isalnum, text)) < settings.min_letters:
        reasons.append(Reason("too_short", "文字太短，看不出要办什么事"))
    if known_share < settings.min_known_share:
        share = f"{known_share:.0%}"
        reasons.append(Reason("unknown_words", f"文中只有 {share} 的字词在往年案件里见过，模型的判断不可靠"))
    return reasons


def _rule_reasons(choice: Choice, votes: Sequence[Vote]) -> list[Reason]:
    reasons = [Reason("rule_review", v.reason) for v in votes if v.kind is VoteKind.REVIEW]
    if choice.conflict:
        rules = "、".join(f"“{rule}”" for rule in choice.conflict)
        reasons.append(Reason("rule_conflict", f"规则 {rules} 互相矛盾，请人工判断"))
    return reasons


def _outside_reasons(choice: Choice, candidates: Sequence[Candidate], site: Site) -> tuple[Reason, ...]:
    """Say why the model sends a case back; a rule has said its own reason."""
    if choice.by_rule:
        return ()
    share = percent(sum(c.probability for c in candidates if is_outside(c.label)))
    name = site.name(choice.lead.label)
    text = f"不属本局的把握共 {share}，其中{name} {percent(choice.lead.probability)}"
    return (Reason("likely_not_ours", text),)


def _model_reasons(
    choice: Choice,
    candidates: Sequence[Candidate],
    votes: Sequence[Vote],
    site: Site,
    accept: float,
    role: str,
) -> list[Reason]:
    reasons = []
    lead = choice.lead
    if lead.probability < accept and not is_outside(lead.label):
        reasons.append(
            Reason("low_confidence", f"把握只有 {percent(lead.probability)}，还不到可直接采纳的程度")
        )
    forbidden = {v.target for v in votes if v.kind is VoteKind.FORBID}
    preferred = {v.target for v in votes if v.kind is VoteKind.PREFER}
    other = next((c for c in candidates if c.label not in forbidden | {lead.label}), None)
    settled = lead.label in preferred  # that is what such a rule is for
    if other and not settled and abs(lead.probability - other.probability) < site.settings.close_margin:
        names = f"{site.name(lead.label)}与{site.name(other.label)}"
        shares = f"{percent(lead.probability)} 对 {percent(other.probability)}"
        reasons.append(Reason("close_call", f"{names}不相上下（{shares}）"))
    outside = max((c for c in candidates if is_outside(c.label)), key=lambda c: c.probability, default=None)
    if role != "co" and outside and lead.probability < outside.probability and not is_outside(lead.label):
        text = f"可能不属本局，而属{site.name(outside.label)}（{percent(outside.probability)}）"
        reasons.append(Reason("likely_not_ours", text))
    return reasons
