"""Forms carry a mark of their own, so that what is sent again is not stored again.

Reloading a result, or pressing a button twice, sends the same form with the
same mark. A form that was filled in anew is another one, whatever its mark.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence

from flask import Flask, request
from markupsafe import Markup

from router.storage.records import Idempotency
from router.web.callers import caller

__all__ = ["install", "sent_once"]

_FIELD = "once"


def install(app: Flask) -> None:
    """Give templates ``once_field()``."""
    app.jinja_env.globals["once_field"] = _once_field


def sent_once(*parts: str | bytes) -> Idempotency | None:
    """Return what tells the form at hand when it is sent again; None where it carries no mark.

    Parameters
    ----------
    *parts : str or bytes
        All that its answer depends on.
    """
    mark = request.form.get(_FIELD, "")
    if not mark:
        return None
    sent = _digest([mark, *parts], b"")
    # the key is stored: it must not give what the answer is sealed with
    return Idempotency(caller().actor, f"form:{_digest([mark, *parts], b'key').hex()}", sent)


def _once_field() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(_FIELD, secrets.token_urlsafe(16))


def _digest(parts: Sequence[str | bytes], purpose: bytes) -> bytes:
    each = [
        hashlib.sha256(part if isinstance(part, bytes) else part.encode("utf-8", "replace")).hexdigest()
        for part in parts
    ]
    return hashlib.sha256(purpose + json.dumps(each).encode()).digest()
