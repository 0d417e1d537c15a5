"""What is told to a caller is stored first, then counted and passed on to the sinks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    "REPLAYED",
    "answered",
    "begin",
    "earlier",
    "new_decision",
    "part_of",
    "repeatable",
    "stem_of",
    "store",
    "store_verdict",
]

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,255}$"
REPLAYED = "Idempotent-Replayed"


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


def stem_of(whole: Idempotency | None) -> Idempotency | None:
    """Return what the cases of a repeated batch have in common.

    Its key holds a blank, so that no caller can send it, and tells one batch
    from a later one whose key is the same.
    """
    if whole is None:
        return None
    # the key and the digest of the whole are stored: neither must give what the answers are sealed with
    named, sealed = (hashlib.sha256(purpose + whole.request) for purpose in (b"key\n", b"seal\n"))
    return Idempotency(whole.caller, f"{whole.key} {named.hexdigest()}", sealed.digest())


def part_of(stem: Idempotency | None, at: int) -> Idempotency | None:
    """Return what tells one case of a repeated batch: nobody can make it up without the batch."""
    return stem and replace(stem, key=f"{stem.key} {at}", request=stem.request + str(at).encode())


def begin(whole: Idempotency) -> None:
    """Take the key of a batch, before the first of its cases is stored.

    Raises
    ------
    IdempotencyConflictError
        If the key came with another request.
    """
    services().journal.begin(whole)


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
        response.headers[REPLAYED] = "true"
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
            known.engine.sinks.notify_all(decision_event(one.answer), metrics().told)
    if len(recorded) == 1:
        about_decision(recorded[0].answer["decision_id"])
    return recorded


def store_verdict(
    decision_id: str, verdict: Verdict, repeated: Idempotency | None = None, *, seen: str | None = None
) -> Recorded:
    """Store what a person decided, and tell who is to be told.

    Parameters
    ----------
    decision_id : str
    verdict : Verdict
        Checked against the site.
    repeated : Idempotency, optional
    seen : str, optional
        The newest verdict that its maker knew; see `Journal.verdict`.

    Raises
    ------
    UnknownDecisionError
        If there is no such decision.
    OvertakenError
        If somebody decided in the meantime.
    """
    known = services()
    recorded = known.journal.verdict(decision_id, verdict, caller().actor, repeated, seen=seen)
    about_decision(decision_id)
    if not recorded.repeated:
        metrics().judged(verdict.kind.value)
        stored = known.journal.decision(decision_id)
        event = verdict_event(stored.case_id if stored else "", recorded.answer)
        known.engine.sinks.notify_all(event, metrics().told)
    return recorded
