"""By what a caller is known: a key, a session, the word of a proxy, or being on this machine."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from router.errors import StorageUnavailableError
from router.site_access import Access, to_address
from router.storage.accounts import Accounts, Session, User
from router.storage.guarded import is_guarded
from router.storage.keys import ApiKey, Keys
from router.storage.limits import Limits
from router.web.callers import Caller
from router.web.engine import services
from router.web.problems import ProblemError
from router.web.refusals import note_refusal

__all__ = [
    "access",
    "caller_of",
    "client_address",
    "cookie_name",
    "drop_cookie",
    "end_session",
    "guarded",
    "has_bearer",
    "install",
    "is_this_machine",
    "key_caller",
    "key_required",
    "password_due",
    "person",
    "refuse_forged_identity",
    "set_cookie",
    "too_many",
]

_GUARDED = "fenban.guarded"
_BEARER = re.compile(r"Bearer +([\x21-\x7e]{1,200})", re.IGNORECASE)
_CHALLENGE = 'Bearer realm="fenban"'
_PROXY_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
"""As WSGI writes them."""
_LONGEST_TOKEN = 100
_READS = {"GET", "HEAD"}


def install(app: Flask) -> None:
    """Let `app` know callers."""
    app.extensions[_GUARDED] = False


def access() -> Access:
    """Return how people reach the pages of this site."""
    return services().engine.site.settings.access


def guarded() -> bool:
    """Say whether a key or login is asked for; once that is so it stays so."""
    if not current_app.extensions[_GUARDED]:
        current_app.extensions[_GUARDED] = is_guarded(services().database)
    found: bool = current_app.extensions[_GUARDED]
    return found


def is_this_machine() -> bool:
    """Say whether the request was sent from this machine, to this machine, and by no proxy.

    A foreign ``Host`` is a proxy's, or that of a web page elsewhere which
    reaches this service through somebody's browser.
    """
    by_proxy = any(name in request.environ for name in _PROXY_HEADERS)
    peer, own = request.remote_addr or "", _hostname(request.host)
    return not by_proxy and _is_loopback(peer) and _is_loopback(own)


def client_address() -> str:
    """Return the address of the client, as one of the trusted proxies tells it."""
    peer = request.remote_addr or ""
    if access().trusts(peer):
        told = to_address(request.headers.get("X-Forwarded-For", "").rpartition(",")[2])
        return str(told) if told else peer
    return peer


def has_bearer() -> bool:
    """Say whether a key came with the request."""
    return request.headers.get("Authorization", "").strip().lower().startswith("bearer")


def key_caller() -> Caller:
    """Return whose key came with the request.

    Raises
    ------
    ProblemError
        401 where it is no key that can be used, 429 where it is used too often.
    """
    found = _BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    key = Keys(services().database).check(found[1]) if found else None
    if key is None:
        note_refusal("unknown", "key_refused", client_address())
        raise ProblemError("key_invalid", headers=_challenge(', error="invalid_token"'))
    _within_rate(key)
    return Caller(key.actor, scopes=key.scopes)


def key_required() -> ProblemError:
    """Return the problem of a call without a key."""
    return ProblemError("key_required", headers=_challenge())


def too_many(seconds: float) -> ProblemError:
    """Return the problem of what comes too often."""
    wait = math.ceil(seconds)
    return ProblemError("rate_limited", f"请求太频繁，请 {wait} 秒后再试", headers={"Retry-After": str(wait)})


def refuse_forged_identity() -> None:
    """Refuse the identity header from anybody but the proxies it is believed from."""
    site, peer = access(), request.remote_addr or ""
    if site.identity_header and site.identity_header in request.headers and not site.trusts(peer):
        note_refusal("unknown", "identity_refused", peer)
        raise ProblemError("untrusted_proxy")


def person() -> Caller | None:
    """Return who has logged in, at a trusted proxy or here; None where nobody has."""
    named = _named_by_proxy()
    if named:
        return caller_of(_vouched_for(named))
    token = request.cookies.get(cookie_name(), "")
    g.session = Accounts(services().database).session(token) if 0 < len(token) <= _LONGEST_TOKEN else None
    return caller_of(g.session.user) if g.session else None


def password_due() -> str:
    """Return why who logged in here must change the password first; empty where that isn't so."""
    session: Session | None = g.get("session")
    if session is None:
        return ""
    if session.user.provisional:
        return "口令是别人设的，请先改成只有自己知道的"
    days = access().password_days
    late = services().database.now() - session.user.password_at > timedelta(days=days)
    return f"口令已用满 {days} 天，请先改口令" if late else ""


def cookie_name() -> str:
    """Return the name of the session's cookie.

    With TLS browsers take it from this host alone, so that no neighbour can
    slip another session in.
    """
    return "__Host-fenban" if access().tls else "fenban"


def drop_cookie(response: AnyResponse) -> None:
    """Take the session's cookie from the browser."""
    secure = access().tls or request.is_secure
    response.delete_cookie(cookie_name(), path="/", secure=secure, httponly=True, samesite="Lax")


def set_cookie(response: AnyResponse, name: str, value: str) -> None:
    """Give the browser a cookie that scripts and other sites' forms don't get, until it is closed."""
    secure = access().tls or request.is_secure
    response.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure, path="/")


def end_session() -> None:
    """End the session that came with the request, if one did."""
    token = request.cookies.get(cookie_name(), "")
    if 0 < len(token) <= _LONGEST_TOKEN:
        Accounts(services().database).logout(token)


def _named_by_proxy() -> str:
    """Return whom the proxy names; only after `refuse_forged_identity`."""
    header = access().identity_header
    value = request.headers.get(header, "") if header else ""
    try:
        return value.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        raise ProblemError("unknown_account") from None


def _vouched_for(name: str) -> User:
    user = Accounts(services().database).user(name)
    if user is None:
        note_refusal("unknown", "identity_unknown", client_address())
        raise ProblemError("unknown_account")
    return user


def caller_of(user: User) -> Caller:
    """Return whom an account makes of somebody."""
    return Caller(user.actor, user.role, user.section)


def _within_rate(key: ApiKey) -> None:
    if key.per_minute is None:
        return
    try:
        wait = Limits(services().database).take(key.actor, key.per_minute)
    except StorageUnavailableError:  # a full disk: what only reads goes on, uncounted
        if request.method not in _READS:
            raise
        return
    if wait:
        note_refusal(key.actor, "key_limited", key.name)
        raise too_many(wait)


def _challenge(more: str = "") -> dict[str, str]:
    return {"WWW-Authenticate": _CHALLENGE + more}


@lru_cache  # the same few on every request
def _hostname(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:  # an unclosed bracket
        return ""


@lru_cache
def _is_loopback(host: str) -> bool:
    address = to_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
