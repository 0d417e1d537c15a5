"""What was typed into a form that came too late is handed back to whoever typed it.

Nothing of it is stored, and nothing is done with it: the page of the login
carries it, the page after the login shows it in its form again, and only
sending that form does what it says, in the name of whoever has logged in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from router.web.csrf import check_origin
from router.web.problems import ProblemError
from router.web.schemas import CaseIn, VerdictIn
from router.web.verdict_forms import SEEN, Typed

__all__ = ["carried", "page_of_form", "typed", "typed_to_carry", "wrapped"]

_PREFIX = "kept-"
_PAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "pages.case": ("pages.index", tuple(CaseIn.model_fields)),
    "pages.decide": ("pages.decision", (*VerdictIn.model_fields, SEEN)),
}
"""By where a form is sent: which page has it, and its fields."""
_MOST = 64 * 1024
"""Bytes that are read of a form before its sender may send any."""
_MOST_CARRIED = 48 * 1024
"""Bytes that fit into the form of the login beside name and password."""


def page_of_form() -> str:
    """Return the address of the page whose form the request at hand is; empty where it has none."""
    page, _ = _PAGES.get(request.endpoint or "", ("", ()))
    return url_for(page, **(request.view_args or {})) if page else ""


def typed() -> Typed:
    """Return what the form at hand holds, where one types into it, and nothing of another site's."""
    _, names = _PAGES.get(request.endpoint or "", ("", ()))
    try:
        check_origin()
    except ProblemError:
        return MultiDict()
    return MultiDict((name, value) for name in names for value in request.form.getlist(name) if value)


def typed_to_carry() -> Typed:
    """Return what the login or another password comes before; nothing where it is long."""
    if request.endpoint not in _PAGES:
        return MultiDict()
    request.max_content_length = _MOST
    try:
        found = typed()
    except RequestEntityTooLarge:
        return MultiDict()
    size = sum(len(part.encode("utf-8", "replace")) for pair in found.items(multi=True) for part in pair)
    return found if size <= _MOST_CARRIED else MultiDict()


def wrapped(found: Typed) -> Iterator[tuple[str, str]]:
    """Yield name and value of the hidden fields that carry it through a login."""
    return ((f"{_PREFIX}{name}", value) for name, value in found.items(multi=True))


def carried() -> Typed:
    """Return what the form of a login carried."""
    fields = request.form.items(multi=True)
    return MultiDict((name[len(_PREFIX) :], value) for name, value in fields if name.startswith(_PREFIX))
