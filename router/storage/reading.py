"""From rows to the records of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, select

from router.decision import Versions
from router.proposal import Proposal
from router.storage.answers import told
from router.storage.records import LabelledCase, Outcome, StoredDecision, StoredVerdict
from router.storage.tables import cases, decisions, remarks, texts, verdicts
from router.verdict import Verdict, VerdictKind

__all__ = [
    "labelled",
    "labelled_case",
    "outcomes",
    "selected",
    "selected_verdicts",
    "standing",
    "stored",
    "stored_verdict",
]

_CASE = (*cases.c["source", "level", "session", "case_id"], cases.c.kind.label("kind_of_case"))
_TEXT = (*texts.c["title", "body", "proposer", "extra"],)
_ITS_TEXT = and_(texts.c.case_ref == decisions.c.case_ref, texts.c.revision == decisions.c.revision)


def selected() -> Select[Any]:
    """Select decisions with their case and text, as `stored` reads them."""
    return (
        select(*decisions.c, *_CASE, *_TEXT, cases.c.revision.label("newest_revision"))
        .join(cases, cases.c.ref == decisions.c.case_ref)
        .outerjoin(texts, _ITS_TEXT)
    )


def stored(row: Row[Any], verdict: StoredVerdict | None, outcome: Outcome | None) -> StoredDecision:
    """Make the record of a row of `selected`."""
    answer = {**row.answer, "title": row.title or ""} if "title" in row.answer else row.answer
    return StoredDecision(
        id=row.id,
        source=row.source,
        case_id=row.case_id,
        revision=row.revision,
        previous=row.previous,
        created_at=row.created_at,
        made_by=row.made_by,
        status=row.status,
        lead=row.lead,
        probability=row.probability,
        decided_by=row.decided_by,
        versions=Versions(row.model, row.rules, row.site),
        hashes=row.hashes,
        answer=told(answer, row.id, row.revision, row.previous, row.created_at),
        proposal=None if row.title is None else _proposal(row),
        verdict=verdict,
        case=row.case_ref,
        current=row.revision == row.newest_revision,
        received_on=_received_on(row),
        outcome=outcome,
    )


def standing(connection: Connection, decision_refs: Sequence[int]) -> dict[int, StoredVerdict]:
    """Return the newest verdict of each of some decisions that have one."""
    newest = (
        select(func.max(verdicts.c.seq))
        .where(verdicts.c.decision_ref.in_(decision_refs))
        .group_by(verdicts.c.decision_ref)
    )
    query = selected_verdicts().where(verdicts.c.seq.in_(newest))
    return {row.decision_ref: stored_verdict(row) for row in connection.execute(query)}


def outcomes(
    connection: Connection, case_refs: Sequence[int], answers: Mapping[int, Any] | None = None
) -> dict[tuple[int, int], Outcome]:
    """Return what stands of each text of some cases that was decided on, by case and revision.

    Parameters
    ----------
    connection : Connection
    case_refs : sequence of int
    answers : mapping of int to dict, optional
        Of decisions that are read already, by their number: an answer is long.
    """
    newest = (
        select(func.max(verdicts.c.seq))
        .join(decisions, decisions.c.seq == verdicts.c.decision_ref)
        .where(verdicts.c.case_ref.in_(case_refs))
        .group_by(verdicts.c.case_ref, decisions.c.revision)
    )
    query = selected_verdicts().add_columns(decisions.c.revision, decisions.c.lead)
    rows = connection.execute(query.where(verdicts.c.seq.in_(newest))).all()
    known = dict(answers or {})
    missing = {row.decision_ref for row in rows if row.kind == VerdictKind.ACCEPTED} - known.keys()
    if missing:
        accepted = select(decisions.c.seq, decisions.c.answer).where(decisions.c.seq.in_(missing))
        known |= {row.seq: row.answer for row in connection.execute(accepted)}
    return {
        (row.case_ref, row.revision): Outcome(stored_verdict(row), *_labels(row, known.get(row.decision_ref)))
        for row in rows
    }


def selected_verdicts() -> Select[Any]:
    """Select verdicts with their decision's id and their reason, as `stored_verdict` reads them."""
    return (
        select(verdicts, decisions.c.id.label("decision_id"), remarks.c.reason)
        .join(decisions, decisions.c.seq == verdicts.c.decision_ref)
        .outerjoin(remarks, remarks.c.verdict_ref == verdicts.c.seq)
    )


def stored_verdict(row: Row[Any]) -> StoredVerdict:
    """Make the record of a row of `selected_verdicts`."""
    verdict = Verdict(
        kind=VerdictKind(row.kind),
        section=row.section,
        co_sections=tuple(row.co_sections),
        topic=row.topic,
        returned_by=row.returned_by,
        reason=row.reason or "",
        returned_on=row.returned_on,
    )
    return StoredVerdict(row.id, row.decision_id, row.created_at, row.made_by, verdict)


def labelled(after: int, newest: int, limit: int) -> Select[Any]:
    """Select the verdict that stands of each case, among those numbered up to `newest`."""
    later = verdicts.alias("later")
    overruled = exists().where(
        later.c.case_ref == verdicts.c.case_ref, later.c.seq > verdicts.c.seq, later.c.seq <= newest
    )
    return (
        select(
            *verdicts.c,
            decisions.c.id.label("decision_id"),
            *decisions.c["lead", "answer", "fields"],
            *_CASE,
            *_TEXT,
        )
        .join(decisions, decisions.c.seq == verdicts.c.decision_ref)
        .join(cases, cases.c.ref == verdicts.c.case_ref)
        .outerjoin(texts, _ITS_TEXT)
        .where(verdicts.c.seq > after, verdicts.c.seq <= newest, ~overruled)
        .order_by(verdicts.c.seq)
        .limit(limit)
    )


def labelled_case(row: Row[Any]) -> LabelledCase | None:
    """Make the case of a row of `labelled`; None where the verdict is no label."""
    section, co_sections, topic = _labels(row, row.answer)
    if not section:
        return None
    proposal = _proposal(row, section=section, co_sections=co_sections, topic=topic)
    return LabelledCase(proposal, row.decision_id, VerdictKind(row.kind), row.created_at)


def _labels(row: Row[Any], accepted: Mapping[str, Any] | None) -> tuple[str, tuple[str, ...], str]:
    """Return lead, co-handling sections and topic as a verdict has them, itself or by accepting an answer."""
    if row.kind != VerdictKind.ACCEPTED:
        return row.section, tuple(row.co_sections), row.topic
    answer = accepted or {}
    topic = answer.get("topic") or {"id": ""}
    return row.lead, tuple(co["id"] for co in answer.get("co_sections", ())), topic["id"]


def _received_on(row: Row[Any]) -> date | None:
    written = row.fields["received_on"]
    return date.fromisoformat(written) if written else None


def _proposal(row: Row[Any], **labels: Any) -> Proposal:
    return Proposal(
        case_id=row.case_id,
        title=row.title or "",
        body=row.body or "",
        received_on=_received_on(row),
        kind=row.kind_of_case,
        session=row.session,
        level=row.level,
        role=row.fields["role"],
        lead_unit=row.fields["lead_unit"],
        proposer=row.proposer or "",
        extra=row.extra or {},
        **labels,
    )
