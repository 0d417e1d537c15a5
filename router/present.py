"""A decision as other programs and sheets read it: names, codes and people filled in."""

from __future__ import annotations

from datetime import date
from typing import Any

from router.decision import Candidate, Decision, ScoredLabel
from router.site import Site, is_outside

__all__ = ["ROW_COLUMNS", "STATUS_WORDS", "decision_json", "decision_row", "percent"]

STATUS_WORDS = {"suggested": "可直接分办", "review": "请人工核对", "not_ours": "建议退回"}

ROW_COLUMNS = (
    "case_id",
    "title",
    "status",
    "lead",
    "lead_name",
    "person",
    "probability",
    "decided_by",
    "topic",
    "topic_name",
    "co_sections",
    "co_names",
    "flags",
    "reasons",
    "alternatives",
    "return_by",
    "reply_by",
)

_ALTERNATIVES = 3
_CANDIDATES = 10


def decision_json(decision: Decision, site: Site) -> dict[str, Any]:
    """Return a decision as the HTTP contract has it.

    Parameters
    ----------
    decision : Decision
    site : Site

    Returns
    -------
    dict
        JSON-ready.
    """
    dates = decision.deadlines
    return {
        "case_id": decision.case_id,
        "title": decision.title,
        "status": decision.status.value,
        "lead": _unit(decision.lead, site),
        "probability": round(decision.probability, 4),
        "decided_by": decision.decided_by,
        "set": list(decision.prediction_set),
        "topic": _scored(decision.topic, site) if decision.topic else None,
        "co_sections": [_scored(co, site) for co in decision.co_sections],
        "flags": [{"id": flag.id, "reason": flag.reason} for flag in decision.flags],
        "reasons": [{"id": reason.id, "text": reason.text} for reason in decision.reasons],
        "candidates": [_candidate(c, site) for c in decision.candidates[:_CANDIDATES]],
        "votes": [
            {"rule": v.rule, "kind": v.kind.value, "target": v.target, "reason": v.reason}
            for v in decision.votes
        ],
        "failed_rules": [{"rule": f.rule, "error": f.error} for f in decision.failed_rules],
        "similar": [],
        "deadlines": {
            "return_by": _iso(dates.return_by),
            "reply_by": _iso(dates.reply_by),
            "certain": dates.certain,
        },
        "versions": {
            "model": decision.versions.model,
            "rules": decision.versions.rules,
            "site": decision.versions.site,
        },
    }


def decision_row(decision: Decision, site: Site) -> dict[str, str]:
    """Return a decision as one row of the table that ``fenban suggest`` writes.

    Returns
    -------
    dict of str to str
        With the keys `ROW_COLUMNS`.
    """
    others = [c for c in decision.candidates if c.label != decision.lead][:_ALTERNATIVES]
    dates = decision.deadlines
    return {
        "case_id": decision.case_id,
        "title": decision.title,
        "status": decision.status.value,
        "lead": decision.lead,
        "lead_name": site.name(decision.lead),
        "person": site.person(decision.lead),
        "probability": f"{decision.probability:.4f}",
        "decided_by": decision.decided_by,
        "topic": decision.topic.label if decision.topic else "",
        "topic_name": site.name(decision.topic.label) if decision.topic else "",
        "co_sections": ";".join(co.label for co in decision.co_sections),
        "co_names": "；".join(site.name(co.label) for co in decision.co_sections),
        "flags": "；".join(flag.reason for flag in decision.flags),
        "reasons": "；".join(_reasons(decision, site)),
        "alternatives": "；".join(f"{site.name(c.label)} {percent(c.probability)}" for c in others),
        "return_by": _iso(dates.return_by) or "",
        "reply_by": _iso(dates.reply_by) or "",
    }


def percent(probability: float) -> str:
    """Return a probability for people; a guess is never called certain.

    Examples
    --------
    >>> percent(0.874), percent(0.9999), percent(0.0004)
    ('87%', '99%', '<1%')
    """
    return "<1%" if probability < 0.005 else f"{min(probability, 0.99):.0%}"


def _reasons(decision: Decision, site: Site) -> list[str]:
    """Reasons for doubt, the votes that decided, and the sentence for the return slip."""
    texts = [reason.text for reason in decision.reasons]
    texts += [v.reason for v in decision.votes if v.rule == decision.decided_by]
    if is_outside(decision.lead) and decision.lead in site.neighbours:
        texts.append(site.neighbours[decision.lead].return_reason)
    return [text for text in dict.fromkeys(texts) if text]


def _unit(label: str, site: Site) -> dict[str, str]:
    section = site.sections.get(label)
    return {
        "id": label,
        "name": site.name(label),
        "external_code": site.external_code(label),
        "person": section.person if section else "",
        "deputy": section.deputy if section else "",
    }


def _scored(scored: ScoredLabel, site: Site) -> dict[str, Any]:
    unit = {"id": scored.label, "name": site.name(scored.label)}
    code = site.external_code(scored.label)
    if code:
        unit["external_code"] = code
    return {**unit, "probability": round(scored.probability, 4)}


def _candidate(candidate: Candidate, site: Site) -> dict[str, Any]:
    return {
        "id": candidate.label,
        "name": site.name(candidate.label),
        "external_code": site.external_code(candidate.label),
        "probability": round(candidate.probability, 4),
        "evidence": [
            {"start": e.start, "end": e.end, "field": e.field, "weight": e.weight} for e in candidate.evidence
        ],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
