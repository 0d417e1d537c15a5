"""Who is answered, and the headers that every answer carries.

Until a key or an account is made, only clients on this machine are answered:
what came through a proxy is refused as well, and so is a foreign ``Host``, by
which a web page elsewhere could reach this service through the clerk's
browser. From then on ``/api`` needs a key and pages a login, here too.
"""

from __future__ import annotations

import uuid

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from router.web import auth, csrf, refusals
from router.web.callers import LOCAL, NOBODY, Caller, caller
from router.web.permissions import HOME, Permission, permission
from router.web.problems import ProblemError
from router.web.refusals import note_refusal

__all__ = ["home", "install"]

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS = f"max-age={365 * 24 * 3600}"
_LOOPBACK_ONLY = "还没有建立密钥和账户，本服务只回应本机访问；在本机请用 http://127.0.0.1 加端口号打开"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_SMALL = 64 * 1024
"""Bytes of a form that anybody may send."""
_STAY = {"accounts.leave", "accounts.password", "accounts.change_password", "static"}
"""Where somebody may still go who must change the password first."""


def install(app: Flask) -> None:
    """Check every request of `app` and complete every response."""
    auth.install(app)
    refusals.install(app)
    csrf.install(app)
    app.jinja_env.globals.update(caller=caller, may=_may)
    app.before_request(_number)
    app.before_request(_check)
    app.after_request(_complete)


def home() -> str:
    """Return the address at which the caller begins."""
    role = caller().role
    endpoint = HOME[role] if role else "pages.index"
    return url_for(endpoint if endpoint in current_app.view_functions else "accounts.password")


def _number() -> None:
    g.request_id = uuid.uuid4().hex[:12]


def _check() -> AnyResponse | None:
    asked = permission(request.endpoint)
    if asked.local and auth.is_this_machine():  # asked of no database: it may be what is looked into
        g.caller = LOCAL
        return None
    if not auth.guarded():
        _check_local()
        return None
    auth.refuse_forged_identity()
    if request.endpoint is None:  # the framework says that there is no such address
        g.caller = auth.person() or NOBODY
        return None
    if request.endpoint.startswith("accounts."):
        request.max_content_length = _SMALL
    g.caller = _identify(asked)
    return _check_caller(asked)


def _check_local() -> None:
    if not auth.is_this_machine():
        raise ProblemError("loopback_only", _LOOPBACK_ONLY)
    if request.method not in _SAFE:
        csrf.check_origin()
    g.caller = LOCAL


def _identify(asked: Permission) -> Caller:
    if asked.scopes and auth.has_bearer():
        return auth.key_caller()
    if asked.local and auth.is_this_machine():
        return LOCAL
    known = auth.person() if asked.roles or asked.open else None
    return known or NOBODY


def _check_caller(asked: Permission) -> AnyResponse | None:
    who = caller()
    if not asked.lets(who):
        return _refused(asked, who)
    if request.endpoint not in _STAY and (why := auth.password_due()):
        return _to_password(why)
    if request.method not in _SAFE and not who.scopes:
        csrf.check_form()
    return None


def _refused(asked: Permission, who: Caller) -> AnyResponse:
    if who != NOBODY:
        if request.endpoint == "pages.index":
            return redirect(home(), 303)
        note_refusal(who.actor, "access_refused", request.endpoint or "")
        raise ProblemError("forbidden")
    if asked.scopes:
        raise auth.key_required()
    if not asked.roles:
        raise ProblemError("forbidden")
    if request.method not in _SAFE:
        raise ProblemError("login_required")
    return redirect(url_for("accounts.login", next=request.full_path.rstrip("?")), 303)


def _to_password(why: str) -> AnyResponse:
    if request.method not in _SAFE:
        raise ProblemError("password_expired", why)
    return redirect(url_for("accounts.password"), 303)


def _may(endpoint: str) -> bool:
    """Say whether the caller may go to a page, so that only such links are shown."""
    return endpoint in current_app.view_functions and permission(endpoint).lets(caller())


def _complete(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if auth.access().tls:
        response.headers["Strict-Transport-Security"] = _HSTS
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
