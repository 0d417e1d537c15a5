"""A decision as the page shows it: names, words and pieces of text."""

from __future__ import annotations

from dataclasses import dataclass

from router.decision import Candidate, Decision, Evidence, ScoredLabel, SimilarCase, Status
from router.precedence import BY_MODEL
from router.present import STATUS_WORDS
from router.proposal import Proposal
from router.site import Section, Site, is_outside
from router.text import percent
from router.web.highlight import Piece, pieces

__all__ = ["STATUS_BADGES", "Bar", "Card", "Past", "make_card", "sureness"]

STATUS_BADGES = {
    Status.SUGGESTED: "可直接分办",
    Status.REVIEW: "请人工核对",
    Status.NOT_OURS: "可能不属本局，建议退回",
}
_ROLES = {"sole": "独办", "lead": "主办", "co": "会办", "separate": "分别办理"}
_MOST_BARS = 5
_LEAST_BARS = 3
_LEAST_SHOWN = 0.01
_SURENESS = ((0.9, "很有把握"), (0.7, "较有把握"), (0.5, "把握一般"))


@dataclass(frozen=True, slots=True)
class Bar:
    """A candidate with its probability in words and as a length of 0 to 100."""

    name: str
    percent: str
    length: float
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """A past case like this one, in words."""

    number: str
    title: str
    section: str
    result: str
    similarity: str


@dataclass(frozen=True, slots=True)
class Card:
    """All that the page says of one case.

    Parameters
    ----------
    decision : Decision
    decision_id : str
        Under which it is stored.
    badge, badge_short, badge_class : str
        Status in words, in few words, and the class that colours it.
    lead : str
        Name of the section or outside unit.
    person, deputy : str
        Who is in charge, and the deputy head above; empty where unknown.
    outside : bool
        Whether the lead is outside the bureau.
    percent, sureness : str
        The model's probability for the lead, in figures and words.
    topic : str
    co_sections : tuple of str
        Each name with its probability.
    by_rule : str
        Name of the rule that decided; empty where the model did.
    because : tuple of str
        What the deciding rule said, and why the case may be returned.
    facts : tuple of (str, str)
        Number, kind, session and the like, where known.
    bars : tuple of Bar
    similar : tuple of Past
    title, body : tuple of Piece
    """

    decision: Decision
    decision_id: str
    badge: str
    badge_short: str
    badge_class: str
    lead: str
    person: str
    deputy: str
    outside: bool
    percent: str
    sureness: str
    topic: str
    co_sections: tuple[str, ...]
    by_rule: str
    because: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    similar: tuple[Past, ...]
    title: tuple[Piece, ...]
    body: tuple[Piece, ...]


def sureness(probability: float) -> str:
    """Say a probability in words.

    Examples
    --------
    >>> sureness(0.97), sureness(0.3)
    ('很有把握', '把握不大')
    """
    return next((words for least, words in _SURENESS if probability >= least), "把握不大")


def make_card(proposal: Proposal, decision: Decision, site: Site, decision_id: str) -> Card:
    """Prepare one case for the page.

    Parameters
    ----------
    proposal : Proposal
        Screened: the page shows its text.
    decision : Decision
    site : Site
    decision_id : str
    """
    section = site.sections.get(decision.lead, Section("", ""))
    evidence = _evidence(decision)
    return Card(
        decision=decision,
        decision_id=decision_id,
        badge=STATUS_BADGES[decision.status],
        badge_short=STATUS_WORDS[decision.status.value],
        badge_class=decision.status.value.replace("_", "-"),
        lead=site.name(decision.lead),
        person=section.person,
        deputy=section.deputy,
        outside=is_outside(decision.lead),
        percent=percent(decision.probability),
        sureness=sureness(decision.probability),
        topic=_scored(decision.topic, site) if decision.topic else "",
        co_sections=tuple(_scored(co, site) for co in decision.co_sections),
        by_rule="" if decision.decided_by == BY_MODEL else decision.decided_by,
        because=_because(decision, site),
        facts=_facts(proposal),
        bars=_bars(decision, site),
        similar=tuple(_past(similar, site) for similar in decision.similar),
        title=tuple(pieces(proposal.title, [e for e in evidence if e.field == "title"])),
        body=tuple(pieces(proposal.body, [e for e in evidence if e.field == "body"])),
    )


def _evidence(decision: Decision) -> tuple[Evidence, ...]:
    return next((c.evidence for c in decision.candidates if c.label == decision.lead), ())


def _scored(scored: ScoredLabel, site: Site) -> str:
    return f"{site.name(scored.label)} {percent(scored.probability)}"


def _because(decision: Decision, site: Site) -> tuple[str, ...]:
    texts = [v.reason for v in decision.votes if v.rule == decision.decided_by]
    if decision.lead in site.neighbours:
        texts.append(site.neighbours[decision.lead].return_reason)
    return tuple(text for text in dict.fromkeys(texts) if text)


def _facts(proposal: Proposal) -> tuple[tuple[str, str], ...]:
    received = proposal.received_on.isoformat() if proposal.received_on else ""
    facts = (
        ("编号", proposal.case_id),
        ("类型", proposal.kind),
        ("届次", proposal.session),
        ("层级", proposal.level),
        ("承办身份", _ROLES.get(proposal.role, proposal.role)),
        ("主办单位", proposal.lead_unit),
        ("交办日期", received),
    )
    return tuple((name, value) for name, value in facts if value)


def _bars(decision: Decision, site: Site) -> tuple[Bar, ...]:
    """Show the lead first, then the most probable others that are not negligible."""
    lead = [c for c in decision.candidates if c.label == decision.lead]
    others = [c for c in decision.candidates if c.label != decision.lead][: _MOST_BARS - 1]
    shown = [c for at, c in enumerate(others, 2) if at <= _LEAST_BARS or c.probability >= _LEAST_SHOWN]
    return tuple(_bar(c, decision, site) for c in (*lead, *shown))


def _past(similar: SimilarCase, site: Site) -> Past:
    case = similar.case
    number = " ".join(word for word in (str(case.year or ""), case.case_id) if word)
    return Past(number, case.title, site.name(case.section), case.result, f"{similar.similarity:.0%}")


def _bar(candidate: Candidate, decision: Decision, site: Site) -> Bar:
    length = round(100 * candidate.probability, 1)
    return Bar(
        site.name(candidate.label), percent(candidate.probability), length, candidate.label == decision.lead
    )
