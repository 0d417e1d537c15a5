"""A decision as other programs and sheets read it: names, codes and people filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from router.decision import Candidate, Decision, ScoredLabel, SimilarCase, VoteKind
from router.proposal import Proposal
from router.site import Site
from router.text import percent

__all__ = [
    "PROPOSAL_COLUMNS",
    "ROW_COLUMNS",
    "STATUS_WORDS",
    "answer_row",
    "decision_json",
    "decision_line",
    "decision_row",
    "proposal_row",
    "unread_date",
]

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
    "reason_ids",
    "alternatives",
    "similar",
    "return_by",
    "reply_by",
    "deadline_note",
)
PROPOSAL_COLUMNS = ("kind", "proposer", "received_on", "source")

_ALTERNATIVES = 3
_LEAST_ALTERNATIVE = 0.01
_SIMILAR = 3
_CANDIDATES = 10
_QUOTED = 20


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
        "return_reason": _return_reason(decision, site),
        "failed_rules": [{"rule": f.rule, "error": f.error} for f in decision.failed_rules],
        "rule_notes": [{"rule": n.rule, "id": n.id, "text": n.text} for n in decision.rule_notes],
        "similar": [_similar(similar, site) for similar in decision.similar],
        "deadlines": {
            "return_by": _iso(dates.return_by),
            "reply_by": _iso(dates.reply_by),
            "certain": dates.certain,
            "assumed": dates.assumed,
        },
        "versions": {
            "model": decision.versions.model,
            "rules": decision.versions.rules,
            "site": decision.versions.site,
        },
    }


def decision_line(row: dict[str, str], decision: Decision, site: Site) -> dict[str, Any]:
    """Return a row of the table for programs: numbers as numbers, with evidence and similar cases.

    Parameters
    ----------
    row : dict
        As `decision_row` gives it; more columns are kept.
    decision : Decision
    site : Site

    Returns
    -------
    dict
        JSON-ready.
    """
    told = decision_json(decision, site)
    return {**row, "probability": told["probability"]} | {
        name: told[name] for name in ("candidates", "similar", "votes", "set", "versions")
    }


def decision_row(decision: Decision, site: Site) -> dict[str, str]:
    """Return a decision as one row of the table that ``fenban suggest`` writes.

    Returns
    -------
    dict of str to str
        With the keys `ROW_COLUMNS`.
    """
    return answer_row(decision_json(decision, site), site, decision.deadlines.unread)


def answer_row(answer: Mapping[str, Any], site: Site, unread: str = "") -> dict[str, str]:
    """Return an answer of the HTTP contract, new or kept, as `decision_row` returns its decision.

    `unread` is the date of receipt as it was written, where nobody could
    understand it.
    """
    lead, topic, dates = answer["lead"]["id"], answer.get("topic"), answer["deadlines"]
    helpers = [co["id"] for co in answer.get("co_sections", ())]
    return {
        "case_id": answer["case_id"],
        "title": answer["title"],
        "status": answer["status"],
        "lead": lead,
        "lead_name": site.name(lead),
        "person": site.person(lead),
        "probability": f"{answer['probability']:.4f}",
        "decided_by": answer["decided_by"],
        "topic": topic["id"] if topic else "",
        "topic_name": site.name(topic["id"]) if topic else "",
        "co_sections": ";".join(helpers),
        "co_names": "；".join(map(site.name, helpers)),
        "flags": _joined([flag["reason"] for flag in answer.get("flags", ())]),
        "reasons": _joined(_reasons(answer, site)),
        "reason_ids": ";".join(reason["id"] for reason in answer.get("reasons", ())),
        "alternatives": _alternatives(answer, site),
        "similar": "；".join(_similar_words(one, site) for one in answer.get("similar", ())[:_SIMILAR]),
        "return_by": dates["return_by"] or "",
        "reply_by": dates["reply_by"] or "",
        "deadline_note": _deadline_note(dates, unread),
    }


def proposal_row(proposal: Proposal) -> dict[str, str]:
    """Return what a sheet tells of a case beside the decision: `PROPOSAL_COLUMNS`."""
    return {
        "kind": proposal.kind,
        "proposer": proposal.proposer,
        "received_on": _iso(proposal.received_on) or "",
        "source": proposal.source,
    }


def _alternatives(answer: Mapping[str, Any], site: Site) -> str:
    """Name the most probable others, as long as they are worth a look."""
    others = [c for c in answer.get("candidates", ()) if c["id"] != answer["lead"]["id"]][:_ALTERNATIVES]
    named = [c for c in others if c["probability"] >= _LEAST_ALTERNATIVE]
    return "；".join(f"{site.name(c['id'])} {percent(c['probability'])}" for c in named)


def _return_reason(decision: Decision, site: Site) -> str:
    """Return the sentence for the return slip; empty for a case of ours."""
    neighbour = site.neighbours.get(decision.lead)
    return neighbour.return_reason if neighbour else ""


def _deadline_note(dates: Mapping[str, Any], unread: str = "") -> str:
    """Say what the deadlines rest on where that is a guess."""
    said = []
    if dates["assumed"]:
        said.append(f"{unread_date(unread) if unread else '没有收到日期'}，暂从当天起算")
    if not dates["certain"]:
        said.append("放假安排尚未公布，按周一至周五推算")
    return "；".join(said)


def unread_date(text: str) -> str:
    """Say that a date of receipt can't be understood.

    Examples
    --------
    >>> unread_date("2026年3月")
    '收到日期“2026年3月”认不出'
    """
    plain = " ".join(text.split())
    return f"收到日期“{plain if len(plain) <= _QUOTED else plain[:_QUOTED] + '…'}”认不出"


def _reasons(answer: Mapping[str, Any], site: Site) -> list[str]:
    """Reasons for doubt, the votes that decided or ask for a helper, and the sentence for the return slip."""
    texts, votes = [reason["text"] for reason in answer.get("reasons", ())], answer.get("votes", ())
    texts += [vote["reason"] for vote in votes if vote["rule"] == answer["decided_by"]]
    helping = {co["id"] for co in answer.get("co_sections", ())}
    texts += [
        f"会办{site.name(vote['target'])}：{vote['reason']}"
        for vote in votes
        if vote["kind"] == VoteKind.CO_HANDLE and vote["target"] in helping
    ]
    texts.append(answer.get("return_reason", ""))
    return [text for text in dict.fromkeys(texts) if text]


def _joined(sentences: list[str]) -> str:
    """Join sentences; only the last keeps its full stop."""
    return "；".join([*(text.rstrip("。") for text in sentences[:-1]), *sentences[-1:]])


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


def _similar(similar: SimilarCase, site: Site) -> dict[str, Any]:
    case = similar.case
    return {
        "case_id": case.case_id,
        "year": case.year,
        "section": case.section,
        "name": site.name(case.section),
        "result": case.result,
        "similarity": round(similar.similarity, 4),
        "title": case.title,
    }


def _similar_words(case: Mapping[str, Any], site: Site) -> str:
    """Say a past case in few words, e.g. 2021 028 排水管理所 83%."""
    words = (
        str(case["year"] or ""),
        case["case_id"],
        site.name(case["section"]),
        f"{case['similarity']:.0%}",
    )
    return " ".join(word for word in words if word)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
