"""How far a choice may be trusted, and the reasons for doubt in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from router.decision import Candidate, Reason, Status, Vote, VoteKind
from router.interfaces import Asked
from router.precedence import Choice
from router.site import Site, is_outside
from router.text import percent

__all__ = ["Doubts", "doubts"]

_ASKED_SHOWN = 4


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
    asks: Sequence[Asked] = (),
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
    asks : sequence of Asked
        Whom the parts of the text speak for.

    Returns
    -------
    Doubts
    """
    reasons = [*_text_reasons(text, known_share, site), *_rule_reasons(choice, votes)]
    if is_outside(choice.lead.label) and not reasons:
        return Doubts(Status.NOT_OURS, _outside_reasons(choice, candidates, site))
    if not choice.by_rule:
        unsure = _unsure_reasons(choice, candidates, votes, site, accept)
        reasons += unsure
        if unsure:
            reasons += _several_requests(asks, candidates, votes, site)
        reasons += _maybe_outside(choice.lead, candidates, site, role)
        if new_kind:
            reasons.append(Reason("new_kind_of_case", "与往年案件都不像，没有先例可循"))
    return Doubts(Status.REVIEW if reasons else Status.SUGGESTED, tuple(reasons))


def _text_reasons(text: str, known_share: float, site: Site) -> list[Reason]:
    settings = site.settings
    reasons = []
    letters = islice(filter(str.isalnum, text), settings.min_letters)  # a long text isn't read to its end
    if sum(1 for _ in letters) < settings.min_letters:
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


def _unsure_reasons(
    choice: Choice,
    candidates: Sequence[Candidate],
    votes: Sequence[Vote],
    site: Site,
    accept: float,
) -> list[Reason]:
    """Say that the lead isn't probable enough, or hardly more than the next."""
    reasons = []
    lead = choice.lead
    if lead.probability < accept and not is_outside(lead.label):
        reasons.append(Reason("low_confidence", _too_unsure(lead.probability, accept)))
    preferred = {v.target for v in votes if v.kind is VoteKind.PREFER}
    other = next((c for c in candidates if c.label not in _forbidden(votes) | {lead.label}), None)
    settled = lead.label in preferred  # that is what such a rule is for
    if other and not settled and abs(lead.probability - other.probability) < site.settings.close_margin:
        names = f"{site.name(lead.label)}与{site.name(other.label)}"
        shares = f"{percent(lead.probability)} 对 {percent(other.probability)}"
        reasons.append(Reason("close_call", f"{names}不相上下（{shares}）"))
    return reasons


def _too_unsure(probability: float, accept: float) -> str:
    if accept > 1:
        return "往年案件还少，定不出多大的把握才可直接采纳，一律请人工核对"
    shown, wanted = percent(probability), percent(accept)
    if shown == wanted:
        shown, wanted = f"{probability:.2%}", f"{accept:.2%}"
    return f"把握 {shown}，到 {wanted} 才可直接采纳"


def _several_requests(
    asks: Sequence[Asked], candidates: Sequence[Candidate], votes: Sequence[Vote], site: Site
) -> list[Reason]:
    """Say that an unsure case asks several units for something.

    Not a doubt by itself: where the whole text is sure of its lead, that
    lead is as often right with requests to others as without (docs/model.md),
    and those others co-handle.
    """
    known = {c.label for c in candidates} - _forbidden(votes)
    told = [ask for ask in asks if ask.label in known]
    if len(told) < 2:
        return []
    shares = "、".join(f"{site.name(ask.label)} {ask.parts} 处" for ask in told[:_ASKED_SHOWN])
    more = f"等 {len(told)} 家" if len(told) > _ASKED_SHOWN else ""
    return [Reason("several_requests", f"文中不止一个诉求：{shares}{more}，由谁主办请人工判断")]


def _maybe_outside(lead: Candidate, candidates: Sequence[Candidate], site: Site, role: str) -> list[Reason]:
    if role == "co" or is_outside(lead.label):
        return []
    outside = next((c for c in candidates if is_outside(c.label)), None)
    if outside is None or lead.probability >= outside.probability:
        return []
    text = f"可能不属本局，而属{site.name(outside.label)}（{percent(outside.probability)}）"
    return [Reason("likely_not_ours", text)]


def _forbidden(votes: Sequence[Vote]) -> set[str]:
    return {v.target for v in votes if v.kind is VoteKind.FORBID}
