"""What goes into the journal and comes out of it: plain values, no tables."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from router.decision import Decision, Versions
from router.proposal import Proposal
from router.verdict import Verdict, VerdictKind

__all__ = [
    "Idempotency",
    "LabelledCase",
    "NewDecision",
    "Outcome",
    "Purged",
    "Recorded",
    "StoredDecision",
    "StoredVerdict",
    "new_id",
]


def new_id() -> str:
    """Return a UUID of version 7 in hexadecimal: later ones sort after earlier ones.

    Examples
    --------
    >>> len(new_id()), new_id() != new_id()
    (32, True)
    """
    chance = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000
    high = milliseconds << 16 | 7 << 12 | chance >> 68
    low = 0b10 << 62 | chance & (1 << 62) - 1
    return f"{high << 64 | low:032x}"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request that its sender may repeat.

    Parameters
    ----------
    caller : str
        Whose key it is; two callers may use the same.
    key : str
        The ``Idempotency-Key``.
    request : bytes
        The body as it was sent. Only its digest is kept.
    """

    caller: str
    key: str
    request: bytes


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A suggestion to be recorded.

    Parameters
    ----------
    proposal : Proposal
        The case as the router saw it: masked.
    decision : Decision
    answer : mapping
        What the caller is told, JSON-ready, as `router.present.decision_json`
        gives it. `Journal.record` adds ``decision_id``, ``revision``,
        ``previous_decision`` and ``created_at``.
    made_by : str
        Who asked: ``key:…``, ``user:…`` or ``local``.
    source : str
        The system that the case number belongs to.
    keep_text : bool
        Whether the site lets texts be stored.
    hashes : mapping of str to str
        Digests of model, rules and site in full.
    id : str
    """

    proposal: Proposal
    decision: Decision
    answer: Mapping[str, Any]
    made_by: str
    source: str = ""
    keep_text: bool = False
    hashes: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the caller is to be told.

    Parameters
    ----------
    answer : dict
    repeated : bool
        Whether this is the first answer again and nothing new was stored.
    """

    answer: dict[str, Any]
    repeated: bool


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict of the journal; the newest of a decision stands.

    Parameters
    ----------
    id, decision_id : str
    created_at : datetime
    made_by : str
    verdict : Verdict
        Without its reason once that was removed.
    """

    id: str
    decision_id: str
    created_at: datetime
    made_by: str
    verdict: Verdict

    def told(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        verdict = self.verdict
        return {
            "verdict_id": self.id,
            "decision_id": self.decision_id,
            "created_at": self.created_at.isoformat(),
            "made_by": self.made_by,
            "kind": verdict.kind.value,
            "section": verdict.section,
            "co_sections": list(verdict.co_sections),
            "topic": verdict.topic,
            "returned_by": verdict.returned_by,
            "reason": verdict.reason,
            "returned_on": verdict.returned_on.isoformat() if verdict.returned_on else None,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What people made of a text of a case, on whichever suggestion of it they said so last.

    Parameters
    ----------
    given : StoredVerdict
        Which stands.
    lead : str
        Who handles the case; of one that goes back to its sender, the unit
        it belongs to, where known. Empty where a section gave it back.
    co_sections : tuple of str
    topic : str
    """

    given: StoredVerdict
    lead: str
    co_sections: tuple[str, ...]
    topic: str

    @property
    def settles(self) -> bool:
        """Whether the office has nothing more to decide: it has, where a section gave the case back."""
        verdict = self.given.verdict
        return verdict.kind is not VerdictKind.RETURNED or not verdict.returned_by


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision of the journal.

    Parameters
    ----------
    id, source, case_id : str
    revision : int
        1 for the first text of a case, one more for each changed text.
    previous : str or None
        The decision before this one on the same case.
    created_at : datetime
    made_by : str
    status, lead, decided_by : str
    probability : float
    versions : Versions
    hashes : mapping of str to str
    answer : dict
        As it was told, without titles of other cases; without its own too
        where no text is kept.
    proposal : Proposal or None
        The case as the router saw it, for telling the decision again; None
        where no text is kept.
    verdict : StoredVerdict or None
        The newest on this very decision.
    case : int
        Number of the case in the journal.
    current : bool
        Whether the case has no newer text.
    received_on : date or None
        When the case was handed to the bureau, where known.
    outcome : Outcome or None
        What stands of this text of the case, said on this decision or on
        another one; None where nobody has decided.
    """

    id: str
    source: str
    case_id: str
    revision: int
    previous: str | None
    created_at: datetime
    made_by: str
    status: str
    lead: str
    probability: float
    decided_by: str
    versions: Versions
    hashes: Mapping[str, str]
    answer: dict[str, Any]
    proposal: Proposal | None
    verdict: StoredVerdict | None
    case: int
    current: bool
    received_on: date | None
    outcome: Outcome | None

    @property
    def settled(self) -> bool:
        """Whether nobody has to decide on this text of the case any more."""
        return self.outcome is not None and self.outcome.settles


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A case and what a person decided last, as training reads it.

    Parameters
    ----------
    proposal : Proposal
        With ``section``, ``co_sections`` and ``topic`` as decided; without
        title and body where no text is kept.
    decision_id : str
    kind : VerdictKind
    decided_at : datetime
    """

    proposal: Proposal
    decision_id: str
    kind: VerdictKind
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Purged:
    """What retention removed.

    Parameters
    ----------
    texts, reasons : int
        Texts of cases; reasons written beside verdicts.
    """

    texts: int
    reasons: int
