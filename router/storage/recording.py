"""The rows of one decision and of one verdict."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert

from router.proposal import Proposal
from router.storage.answers import told, without_text
from router.storage.records import NewDecision, StoredVerdict
from router.storage.tables import cases, decisions, texts, verdicts

__all__ = ["add_decision", "add_verdict", "identity_of"]

_IDENTITY = ("source", "level", "session", "kind", "case_id")


def add_decision(connection: Connection, new: NewDecision, now: datetime) -> dict[str, Any]:
    """Add a decision, its case and its text; return what the caller is told."""
    proposal, decision = new.proposal, new.decision
    digest = _digest(proposal.title, proposal.body)
    known = connection.execute(_UPSERT[connection.dialect.name], _case(new, digest, now)).one()
    if new.keep_text:
        connection.execute(
            _TEXT[connection.dialect.name],
            {
                "case_ref": known.ref,
                "revision": known.revision,
                "title": proposal.title,
                "body": proposal.body,
                "proposer": proposal.proposer,
                "extra": dict(proposal.extra),
                "stored_at": now,
            },
        )
    connection.execute(
        _DECISION,
        {
            "id": new.id,
            "case_ref": known.ref,
            "revision": known.revision,
            "previous": known.previous,
            "created_at": now,
            "made_by": new.made_by,
            "text_digest": digest,
            "fields": _fields(proposal),
            "status": decision.status.value,
            "lead": decision.lead,
            "probability": decision.probability,
            "decided_by": decision.decided_by,
            "model": decision.versions.model,
            "rules": decision.versions.rules,
            "site": decision.versions.site,
            "hashes": dict(new.hashes),
            "answer": without_text(new.answer),
        },
    )
    return told(new.answer, new.id, known.revision, known.previous, now)


def add_verdict(connection: Connection, new: StoredVerdict, decision_ref: int, case_ref: int) -> int:
    """Add a verdict without its reason; return its number."""
    verdict = new.verdict
    done = connection.execute(
        insert(verdicts),
        {
            "id": new.id,
            "decision_ref": decision_ref,
            "case_ref": case_ref,
            "created_at": new.created_at,
            "made_by": new.made_by,
            "kind": verdict.kind.value,
            "section": verdict.section,
            "co_sections": list(verdict.co_sections),
            "topic": verdict.topic,
            "returned_by": verdict.returned_by,
            "returned_on": verdict.returned_on,
        },
    )
    (ref,) = done.inserted_primary_key or (0,)
    return int(ref)


def identity_of(new: NewDecision) -> tuple[str, ...]:
    """Return what tells the case of a decision from others, where it has a number."""
    proposal = new.proposal
    return (new.source, proposal.level, proposal.session, proposal.kind, proposal.case_id)


def _case(new: NewDecision, digest: str, now: datetime) -> dict[str, Any]:
    parts = dict(zip(_IDENTITY, identity_of(new), strict=True))
    named = list(parts.values()) if new.proposal.case_id else [new.id]
    return {
        **parts,
        "identity": _digest(*named),
        "created_at": now,
        "text_digest": digest,
        "decision": new.id,
    }


def _fields(proposal: Proposal) -> dict[str, Any]:
    """Return what rules may look at beside text and identity."""
    day = proposal.received_on.isoformat() if proposal.received_on else None
    return {"role": proposal.role, "lead_unit": proposal.lead_unit, "received_on": day}


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _upsert(new: Insert | sqlite.Insert) -> Any:
    """Make a case, or tell that it has a new decision, and perhaps another text than before."""
    changed = cases.c.text_digest != new.excluded.text_digest
    return new.on_conflict_do_update(
        index_elements=[cases.c.identity],
        set_={
            "revision": cases.c.revision + case((changed, 1), else_=0),
            "text_digest": new.excluded.text_digest,
            "previous": cases.c.decision,
            "decision": new.excluded.decision,
        },
    ).returning(cases.c.ref, cases.c.revision, cases.c.previous)


_GIVEN = (*_IDENTITY, "identity", "created_at", "text_digest", "decision")
_NEW_CASE: dict[str, Any] = {name: bindparam(name) for name in _GIVEN}
_UPSERT = {
    "sqlite": _upsert(sqlite.insert(cases).values(**_NEW_CASE, revision=1, previous=None)),
    "postgresql": _upsert(postgresql.insert(cases).values(**_NEW_CASE, revision=1, previous=None)),
}
_DECISION = insert(decisions).inline()
_TEXT = {
    "sqlite": sqlite.insert(texts).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(texts).on_conflict_do_nothing(),
}
