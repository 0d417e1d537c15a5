"""What the forms for another decision hold when they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from router.site import Site, is_outside
from router.storage.records import StoredDecision
from router.verdict import VerdictKind

__all__ = ["SEEN", "ChangeForm", "ReturnForm", "Typed", "change_form", "return_form"]

Typed = MultiDict[str, str]
"""What somebody has filled in."""

SEEN = "seen"
"""The field that tells the newest verdict known to the page."""


@dataclass(frozen=True, slots=True)
class ChangeForm:
    """Who is to handle a case.

    Parameters
    ----------
    section, topic, reason : str
    offered : tuple of str
        Whom to tick as co-handling.
    ticked : tuple of str
    own : bool
        Whether this is the form that was sent.
    """

    section: str
    topic: str
    reason: str
    offered: tuple[str, ...]
    ticked: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """Who returns a case, where it belongs, why and when; `own` is whether this is the form that was sent."""

    returned_by: str
    section: str
    reason: str
    returned_on: str
    own: bool


def change_form(stored: StoredDecision, typed: Typed, site: Site) -> ChangeForm:
    """Fill in what was sent, else what stands, else what was suggested.

    Outside units are offered as co-handling where one of these names them.
    """
    own = typed.get("kind") == VerdictKind.CHANGED
    lead, helpers, topic = _suggested(stored) if _nobody_has(stored) else _standing(stored)
    ticked = typed.getlist("co_sections") if own else helpers
    named = {*_suggested(stored)[1], *helpers, *ticked}
    return ChangeForm(
        section=typed.get("section", "") if own else lead,
        topic=typed.get("topic", "") if own else topic,
        reason=typed.get("reason", "") if own else "",
        offered=(*site.sections, *(unit for unit in site.neighbours if unit in named)),
        ticked=tuple(ticked),
        own=own,
    )


def return_form(stored: StoredDecision, typed: Typed) -> ReturnForm:
    """Fill in what was sent, else the unit that the standing suggestion returns the case to, and why."""
    if typed.get("kind") == VerdictKind.RETURNED:
        names = ("returned_by", "section", "reason", "returned_on")
        return ReturnForm(own=True, **{name: typed.get(name, "") for name in names})
    changed = stored.outcome and stored.outcome.given.verdict.kind is not VerdictKind.ACCEPTED
    if changed or not is_outside(stored.lead):
        return ReturnForm("", "", "", "", own=False)
    return ReturnForm("", stored.lead, stored.answer.get("return_reason", ""), "", own=False)


def _suggested(stored: StoredDecision) -> tuple[str, list[str], str]:
    """Return lead, helpers and topic of the suggestion, without the section that gave the case back."""
    given_back = stored.outcome.given.verdict.returned_by if stored.outcome else ""
    helpers = [unit["id"] for unit in stored.answer.get("co_sections", ()) if unit["id"] != given_back]
    topic = stored.answer.get("topic") or {"id": ""}
    return ("" if stored.lead == given_back else stored.lead), helpers, topic["id"]


def _nobody_has(stored: StoredDecision) -> bool:
    """Whether no person has said who handles the case, or the last one said who doesn't."""
    return stored.outcome is None or stored.outcome.given.verdict.kind is VerdictKind.RETURNED


def _standing(stored: StoredDecision) -> tuple[str, list[str], str]:
    assert stored.outcome is not None  # noqa: S101  # `_nobody_has` asks for it
    return stored.outcome.lead, list(stored.outcome.co_sections), stored.outcome.topic
