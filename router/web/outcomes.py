"""What people decided and what is due, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from router.calendar import working_days_until
from router.site import Site, is_outside
from router.storage.records import Outcome, StoredDecision
from router.verdict import VerdictKind
from router.web.decision_pages import verdict_words

__all__ = ["Due", "due", "outcome_words"]

_PAST, _TODAY = "已过", "今天到期"
_SOON_WORKING_DAYS = 2
_SOON_DAYS = 7
_FAR_DAYS = 40
"""Two working days are always nearer: no need to count the others."""


@dataclass(frozen=True, slots=True)
class Due:
    """A day by which something has to be done: what, when, and in words how near it is."""

    what: str
    day: str
    mark: str


def outcome_words(outcome: Outcome, answer: Mapping[str, Any], site: Site) -> str:
    """Say what stands of a text, beside the answer that suggests something for it now."""
    said = verdict_words(outcome.given.verdict, site, answer)
    if not outcome.settles:
        return f"{said}，待重新分办"
    if outcome.given.verdict.kind is VerdictKind.ACCEPTED and outcome.lead != answer["lead"]["id"]:
        return f"{said}，由{site.name(outcome.lead)}主办"
    return said


def due(stored: StoredDecision, today: date, site: Site) -> tuple[Due, ...]:
    """Return what is due: the return while the office may still decide on it, else the reply.

    Of an open case whose time to return it is over both: it will have to be
    answered. Nothing is due of a text that a newer one has replaced, nor of a
    case that others handle.

    Parameters
    ----------
    stored : StoredDecision
    today : date
    site : Site
        For the holidays.
    """
    outcome, dates = stored.outcome, stored.answer["deadlines"]
    if not stored.current or (outcome and outcome.settles and _goes_out(outcome)):
        return ()
    found = []
    if not stored.settled and dates["return_by"]:
        day = date.fromisoformat(dates["return_by"])
        found.append(Due("退回", dates["return_by"], _return_mark(day, today, site)))
        if day >= today:
            return tuple(found)
    if dates["reply_by"]:
        day = date.fromisoformat(dates["reply_by"])
        found.append(Due("答复", dates["reply_by"], _reply_mark(day, today)))
    return tuple(found)


def _goes_out(outcome: Outcome) -> bool:
    return outcome.given.verdict.kind is VerdictKind.RETURNED or is_outside(outcome.lead)


def _return_mark(day: date, today: date, site: Site) -> str:
    if day <= today:
        return _TODAY if day == today else _PAST
    if (day - today).days > _FAR_DAYS:
        return ""
    left = working_days_until(day, today, site.holidays)
    return f"还剩 {left} 个工作日" if left <= _SOON_WORKING_DAYS else ""


def _reply_mark(day: date, today: date) -> str:
    left = (day - today).days
    if left <= 0:
        return _PAST if left else _TODAY
    return f"还剩 {left} 天" if left <= _SOON_DAYS else ""
