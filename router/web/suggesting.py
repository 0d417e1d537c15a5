"""What a caller is told of a decision, and how a stored one is told again."""

from __future__ import annotations

import re
import threading
from typing import Any

from router.decision import Decision
from router.pipeline import Router
from router.present import decision_json
from router.proposal import Proposal
from router.site import Site
from router.storage.records import StoredDecision
from router.web.engine import services
from router.web.logs import about_decision
from router.web.offsets import Origin
from router.web.problems import ProblemError
from router.web.schemas import DECISION_ID, CaseIn

__all__ = ["answer_of", "known_decision", "may_be_id", "stored_json", "suggested"]

_ID = re.compile(DECISION_ID, re.ASCII)
_TURNS = threading.Lock()


def suggested(proposal: Proposal, router: Router) -> Decision:
    """Suggest for one case; threads take turns at it.

    They can't compute side by side anyway, and who waits in a queue doesn't
    take the interpreter away from who could be done: the slowest answers
    come a quarter sooner.
    """
    with _TURNS:
        return router.suggest(proposal)


def answer_of(case: CaseIn, proposal: Proposal, decision: Decision, site: Site) -> dict[str, Any]:
    """Return the decision, its evidence pointing into the text as it was sent."""
    answer = decision_json(decision, site)
    origins = {
        "title": Origin(case.title or "", proposal.title),
        "body": Origin(case.body or "", proposal.body),
    }
    for candidate in answer["candidates"]:
        for word in candidate["evidence"]:
            word["start"], word["end"] = origins[word["field"]].span(word["start"], word["end"])
    return answer


def may_be_id(text: str) -> bool:
    """Say whether a text is written as our ids are; others never reach the database."""
    return _ID.fullmatch(text) is not None


def known_decision(decision_id: str) -> StoredDecision:
    """Return a decision of the journal.

    Raises
    ------
    ProblemError
        404 where there is none.
    """
    found = services().journal.decision(decision_id) if may_be_id(decision_id) else None
    if found is None:
        raise ProblemError("unknown_decision")
    about_decision(found.id)
    return found


def stored_json(stored: StoredDecision) -> dict[str, Any]:
    """Return a decision of the journal with the verdict that stands."""
    verdict = stored.verdict.told() if stored.verdict else None
    return {**stored.answer, "made_by": stored.made_by, "verdict": verdict}
