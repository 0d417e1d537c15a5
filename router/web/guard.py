"""Who is answered, and the headers that every answer carries.

No key can be configured yet, so only clients on this machine are answered.
A proxy on this machine would hide the others behind a local address: what
came through one is refused as well, and so is a foreign ``Host``, by which
a web page elsewhere could reach this service through the clerk's browser.
Nothing here changes state, so forms need no CSRF token so far; those of
other sites are refused anyway.
"""

from __future__ import annotations

import uuid
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request

from router.web.problems import ProblemError

__all__ = ["install"]

_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
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


def install(app: Flask) -> None:
    """Check every request of `app` and complete every response."""
    app.before_request(_number)
    app.before_request(_check)
    app.after_request(_complete)


def _number() -> None:
    g.request_id = uuid.uuid4().hex[:12]


def _check() -> None:
    if not _is_local(request):
        raise ProblemError("loopback_only")
    if not _is_loopback(_hostname(request.host)):
        raise ProblemError("loopback_only", "请用 http://127.0.0.1 或 http://localhost 加端口号打开本服务")
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin is not None and origin.partition("://")[2] != request.host:
        raise ProblemError("cross_site")


def _complete(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _is_local(asked: Request) -> bool:
    return _is_loopback(asked.remote_addr or "") and not any(name in asked.headers for name in _PROXY_HEADERS)


def _hostname(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:  # an unclosed bracket
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
