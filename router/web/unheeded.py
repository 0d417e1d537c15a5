"""Naming in headers what a caller sent to no effect: a misspelt field, a value that nothing is known of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response

from router.readers.values import KNOWN, NORMAL
from router.web.schemas import CaseIn

__all__ = ["IGNORED", "UNKNOWN", "name_unheeded"]

IGNORED = "Fenban-Ignored-Fields"
UNKNOWN = "Fenban-Unknown-Values"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_MOST = 20
_REST = "*"
"""Stands for names that are no header's, and for those above the most."""


def name_unheeded(response: Response, cases: Iterable[object]) -> Response:
    """Name the fields of `cases`, as they were sent, that don't do what the caller may think."""
    sent = [case for case in cases if isinstance(case, dict)]
    ignored = {name for case in sent for name in case if name not in CaseIn.model_fields}
    unknown = {name for case in sent for name in KNOWN if _is_unknown(name, case)}
    for header, names in ((IGNORED, ignored), (UNKNOWN, unknown)):
        if names:
            response.headers[header] = _listed(names)
    return response


def _is_unknown(name: str, case: Mapping[str, Any]) -> bool:
    value = case.get(name)
    normal = NORMAL[name](value.strip()) if isinstance(value, str) else ""
    return normal != "" and normal not in KNOWN[name]


def _listed(names: set[str]) -> str:
    shown = sorted(filter(_NAME.fullmatch, names))[:_MOST]
    return ", ".join(shown if len(shown) == len(names) else [*shown, _REST])
