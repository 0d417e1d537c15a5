"""What is told to a caller is stored first, then counted and passed on to the sinks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify, request

from router.decision import Decision
from router.events import decision_event, verdict_event
from router.pipeline import Router
from router.present import decision_json
from router.proposal import Proposal
from router.storage.records import Idempotency, NewDecision, Recorded
from router.verdict import Verdict
from router.web.callers import caller
from router.web.engine import services
from router.web.logs import about_decision
from router.web.metrics import metrics
from router.web.problems import ProblemError

__all__ = [
    "KEY_HEADER",
    "KEY_PATTERN",
    "answered",
    "earlier",
    "new_decision",
    "part_of",
    "repeatable",
    "store",
    "store_verdict",
]

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,255}$"
_REPLAYED = "Idempotent-Replayed"


def repeatable(body: bytes) -> Idempotency | None:
    """Return what tells the request at hand when it is repeated; None without an ``Idempotency-Key``.

    Raises
    ------
    ProblemError
        400 for a key that can't be one.
    """
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not re.fullmatch(KEY_PATTERN, key, re.ASCII):
        raise ProblemError("invalid_idempotency_key")
    return Idempotency(caller().actor, key, f"{request.path}\n".encode() + body)


def part_of(whole: Idempotency | None, at: int) -> Idempotency | None:
    """Return what tells one case of a repeated batch: nobody can make it up without the batch."""
    if whole is None:
        return None
    digest = hashlib.sha256(whole.request).digest()
    return Idempotency(whole.caller, f"{whole.key}#{at}", digest + str(at).encode())


def earlier(repeated: Idempotency | None) -> dict[str, Any] | None:
    """Return what the same request was answered before.

    Raises
    ------
    IdempotencyConflictError
        If its key came with another request.
    """
    return services().journal.earlier(repeated) if repeated else None


def answered(answer: Mapping[str, Any], *, repeated: bool = False) -> Response:
    """Write an answer that was stored."""
    response = jsonify(answer)
    if repeated:
        response.headers[_REPLAYED] = "true"
    return response


def new_decision(
    proposal: Proposal,
    decision: Decision,
    router: Router,
    source: str = "",
    answer: Mapping[str, Any] | None = None,
) -> NewDecision:
    """Return a suggestion as it is to be stored.

    Parameters
    ----------
    proposal : Proposal
        Screened.
    decision : Decision
    router : Router
        Which made it.
    source : str
        The system that the case number belongs to.
    answer : mapping, optional
        What the caller is told, where it differs from `decision_json`.
    """
    site = router.site
    given = {
        "source": source,
        "kind": proposal.kind,
        "session": proposal.session,
        "level": proposal.level,
    }
    return NewDecision(
        proposal,
        decision,
        {**given, **(answer or decision_json(decision, site))},
        caller().actor,
        source=source,
        keep_text=site.settings.keep_texts,
        hashes={
            "model": services().engine.model_digest(decision.versions.model),
            "rules": router.rules.digest,
            "site": site.digest,
        },
    )


def store(items: Sequence[tuple[NewDecision, Idempotency | None]]) -> list[Recorded]:
    """Store suggestions in one transaction, and tell who is to be told."""
    known = services()
    recorded = known.journal.record_many(items)
    for one in recorded:
        if not one.repeated:
            metrics().decided(one.answer["status"])
            known.engine.sinks.notify_all(decision_event(one.answer))
    if len(recorded) == 1:
        about_decision(recorded[0].answer["decision_id"])
    return recorded


def store_verdict(decision_id: str, verdict: Verdict, repeated: Idempotency | None = None) -> Recorded:
    """Store what a person decided, and tell who is to be told.

    Parameters
    ----------
    decision_id : str
    verdict : Verdict
        Checked against the site.
    repeated : Idempotency, optional

    Raises
    ------
    UnknownDecisionError
        If there is no such decision.
    """
    known = services()
    recorded = known.journal.verdict(decision_id, verdict, caller().actor, repeated)
    about_decision(decision_id)
    if not recorded.repeated:
        metrics().judged(verdict.kind.value)
        stored = known.journal.decision(decision_id)
        known.engine.sinks.notify_all(verdict_event(stored.case_id if stored else "", recorded.answer))
    return recorded
