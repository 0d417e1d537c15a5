"""Which decisions of the journal the caller may see, and which decide on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.storage.records import StoredDecision
from router.verdict import VerdictKind
from router.web.callers import caller
from router.web.cards import Draft
from router.web.engine import services
from router.web.permissions import permission
from router.web.problems import ProblemError
from router.web.suggesting import known_decision

__all__ = ["draft_before", "may_accept", "may_judge", "sees", "visible_decision"]


def visible_decision(decision_id: str) -> StoredDecision:
    """Return a decision.

    Raises
    ------
    ProblemError
        404 where there is none that the caller may see.
    """
    found = known_decision(decision_id)
    if not sees(found):
        raise ProblemError("unknown_decision")
    return found


def sees(stored: StoredDecision) -> bool:
    """Say whether the caller may see a decision: a section head those that name the section."""
    involved = [unit["id"] for unit in stored.answer.get("co_sections", ())]
    if stored.outcome:
        outcome = stored.outcome
        involved += [outcome.lead, outcome.given.verdict.returned_by, *outcome.co_sections]
    return caller().sees(stored.lead, involved)


def may_judge(stored: StoredDecision) -> bool:
    """Say whether the caller may decide on a decision: of the section heads, the one whose section leads.

    A section that gave the case back may think better of it until somebody
    else is named. None decides by an outdated draft: the case may be
    another's by now.
    """
    if not permission("pages.decide").lets(caller()):
        return False
    own = caller().own_section
    return own is None or (stored.current and own == _leads(stored))


def _leads(stored: StoredDecision) -> str:
    """Return the section that may decide beside the office; of a case that was returned, the one that did."""
    if stored.outcome is None:
        return stored.lead
    verdict = stored.outcome.given.verdict
    return verdict.returned_by if verdict.kind is VerdictKind.RETURNED else stored.outcome.lead


def may_accept(stored: StoredDecision) -> bool:
    """Say whether the caller may find a suggestion right: of the section heads, the one it names.

    Whom a case was given to otherwise takes it by leaving it so; accepting
    the suggestion would hand it back.
    """
    return may_judge(stored) and caller().own_section in (None, stored.lead)


def draft_before(answer: Mapping[str, Any]) -> Draft | None:
    """Return the decision before an answer on the same case; None where the caller may see none."""
    previous = answer.get("previous_decision")
    found = services().journal.decision(previous) if previous else None
    if found is None or not sees(found):
        return None
    title = found.proposal.title if found.proposal else ""
    return Draft(found.id, title, f"{found.created_at.astimezone():%Y-%m-%d %H:%M}")
