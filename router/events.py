"""What sinks are told: identifiers and figures of what was stored, never the text of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.interfaces import Event

__all__ = ["decision_event", "verdict_event"]

_OF_DECISION = (
    "decision_id",
    "revision",
    "previous_decision",
    "created_at",
    "status",
    "probability",
    "decided_by",
    "set",
    "deadlines",
    "versions",
)
_OF_VERDICT = (
    "verdict_id",
    "decision_id",
    "created_at",
    "made_by",
    "kind",
    "section",
    "co_sections",
    "topic",
    "returned_by",
    "returned_on",
)
_OF_UNIT = ("id", "name", "external_code", "probability")


def decision_event(told: Mapping[str, Any]) -> Event:
    """Make the event of a decision that was stored.

    What may go out is listed here by name: titles, reasons and evidence
    quote the case, and whoever wants them asks for the decision by its id.

    Parameters
    ----------
    told : mapping
        The answer as it was stored, in the form of
        `router.present.decision_json` with ``decision_id`` and what else
        recording added.

    Returns
    -------
    Event

    Examples
    --------
    >>> event = decision_event({"case_id": "028", "title": "文昌街路灯不亮", "status": "suggested"})
    >>> event.case_id, dict(event.payload)
    ('028', {'status': 'suggested'})
    """
    payload = _some(told, _OF_DECISION)
    for name in ("lead", "topic"):
        if name in told:
            payload[name] = _some(told[name], _OF_UNIT) if told[name] else None
    if "co_sections" in told:
        payload["co_sections"] = [_some(unit, _OF_UNIT) for unit in told["co_sections"]]
    payload |= {name: [one["id"] for one in told[name]] for name in ("flags", "reasons") if name in told}
    return Event("decision", str(told.get("case_id", "")), payload)


def verdict_event(case_id: str, told: Mapping[str, Any]) -> Event:
    """Make the event of a verdict that was stored; the reason a person wrote stays behind.

    Parameters
    ----------
    case_id : str
    told : mapping
        The verdict as it was stored, JSON-ready.

    Returns
    -------
    Event

    Examples
    --------
    >>> told = {"decision_id": "0193", "kind": "changed", "section": "drainage", "reason": "……"}
    >>> dict(verdict_event("028", told).payload)
    {'decision_id': '0193', 'kind': 'changed', 'section': 'drainage'}
    """
    return Event("verdict", case_id, _some(told, _OF_VERDICT))


def _some(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: told[name] for name in names if name in told}
