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
        Whether a rule asked for this very lead. A ``forbid`` doesn't: what
        it leaves is the model's next guess, and must be as sure as any.
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
        return Choice(near[0], preferred[near[0].label], by_rule=True)
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

    Returns
    -------
    Doubts
    """
    reasons = [*_text_reasons(text, known_share, site), *_rule_reasons(choice, votes)]
    if not choice.by_rule:
        reasons += _model_reasons(choice, candidates, site, accept)
    if is_outside(choice.lead.label) and not choice.conflict:
        return Doubts(Status.NOT_OURS, tuple(reasons))
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


def _model_reasons(
    choice: Choice, candidates: Sequence[Candidate], site: Site, accept: float
) -> list[Reason]:
    reasons = []
    lead = choice.lead
    if lead.probability < accept and not is_outside(lead.label):
        text = f"把握只有 {lead.probability:.0%}，低于可直接采纳的 {accept:.0%}"
        reasons.append(Reason("low_confidence", text))
    other = next((c for c in candidates if c.label != lead.label), None)
    if other and abs(lead.probability - other.probability) < site.settings.close_margin:
        names = f"{site.name(lead.label)}与{site.name(other.label)}"
        reasons.append(
            Reason("close_call", f"{names}不相上下（{lead.probability:.0%} 对 {other.probability:.0%}）")
        )
    outside = max((c for c in candidates if is_outside(c.label)), key=lambda c: c.probability, default=None)
    if outside and not is_outside(lead.label) and outside.probability > lead.probability:
        text = f"可能不属本局，而属{site.name(outside.label)}（{outside.probability:.0%}）"
        reasons.append(Reason("likely_not_ours", text))
    return reasons
