"""What is kept of an answer: all but the text of cases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from router.likeness import SAME_MATTER

__all__ = ["told", "without_text"]

_NAMED = re.compile(r"《.*?》(?=（相似 )", re.DOTALL)
"""How `router.likeness` names another case."""


def without_text(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without titles: its own, and those of cases like it.

    Examples
    --------
    >>> without_text({"title": "路灯不亮", "similar": [{"case_id": "1", "title": "路灯"}]})
    {'title': '', 'similar': [{'case_id': '1', 'title': ''}]}
    """
    kept = dict(answer)
    if "title" in kept:
        kept["title"] = ""
    if "similar" in kept:
        kept["similar"] = [{**other, "title": ""} for other in kept["similar"]]
    if "flags" in kept:
        kept["flags"] = [_unnamed(flag) for flag in kept["flags"]]
    return kept


def told(
    answer: Mapping[str, Any],
    id: str,  # noqa: A002  # the word of the interface
    revision: int,
    previous: str | None,
    created_at: datetime,
) -> dict[str, Any]:
    """Return an answer with what recording it added."""
    return {
        "decision_id": id,
        **answer,
        "revision": revision,
        "previous_decision": previous,
        "created_at": created_at.isoformat(),
    }


def _unnamed(flag: Mapping[str, Any]) -> dict[str, Any]:
    if flag["id"] != SAME_MATTER:
        return dict(flag)
    return {**flag, "reason": _NAMED.sub("", flag["reason"])}
