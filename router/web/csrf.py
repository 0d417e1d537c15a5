"""Forms carry what only pages of ours can know, so that no other site can send one in somebody's name.

It is made from the session, and before a login from a cookie of its own: so
nobody can be logged in under somebody else's name either.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import Flask, Response, g, request
from markupsafe import Markup

from router.storage.accounts import Session
from router.web import auth
from router.web.callers import LOCAL, caller
from router.web.problems import ProblemError

__all__ = ["check_form", "check_origin", "csrf_field", "csrf_token", "install"]

_FIELD = "csrf_token"
_VISITOR = "visitor"
_LENGTH = 43
"""Of ``secrets.token_urlsafe(32)``."""


def install(app: Flask) -> None:
    """Give templates ``csrf_token()`` and ``csrf_field()``."""
    app.jinja_env.globals.update(csrf_token=csrf_token, csrf_field=csrf_field)
    app.after_request(_keep_visitor)


def csrf_token() -> str:
    """Return what forms of the page at hand must carry; nothing while only this machine is answered."""
    if caller() == LOCAL:
        return ""
    session: Session | None = g.get("session")
    if session:
        return session.csrf
    return _signed(_visitor())


def csrf_field() -> Markup:
    """Return the hidden field for a form."""
    token = csrf_token()
    return Markup('<input type="hidden" name="{}" value="{}">').format(_FIELD, token) if token else Markup()


def check_origin() -> None:
    """Refuse what a page of another site sends.

    Raises
    ------
    ProblemError
        403.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise ProblemError("cross_site")


def check_form() -> None:
    """Refuse a form that no page of this session carried.

    Raises
    ------
    ProblemError
        403.
    """
    check_origin()
    given = request.form.get(_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token().encode()):
        raise ProblemError("form_expired")


def _visitor() -> str:
    """Return the secret of a browser without a session; the next answer gives it one where it has none."""
    known = request.cookies.get(_cookie(), "")
    if len(known) == _LENGTH:
        return known
    if "visitor" not in g:
        g.visitor = secrets.token_urlsafe(32)
    made: str = g.visitor
    return made


def _signed(visitor: str) -> str:
    secret, told = (text.encode("utf-8", "replace") for text in (visitor, f"csrf {caller().actor}"))
    return hmac.new(secret, told, hashlib.sha256).hexdigest()


def _cookie() -> str:
    return f"{auth.cookie_name()}-{_VISITOR}"


def _keep_visitor(response: Response) -> Response:
    if "visitor" in g:
        auth.set_cookie(response, _cookie(), g.visitor)
    return response
