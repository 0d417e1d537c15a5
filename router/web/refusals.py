"""What was refused goes into the audit log, but not so often that it floods it."""

from __future__ import annotations

import threading
import time
from typing import Any

from flask import Flask, current_app

from router.storage.audit import Audit
from router.web.engine import services

__all__ = ["install", "note_refusal"]

_EXTENSION = "fenban.refusals"
_WINDOW = 600.0
_MOST = 60
"""Notes of a process within a window; whoever comes with many addresses gets no more."""


class _Noted:
    """What a process has noted within the window at hand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends = 0.0
        self._seen: set[tuple[str, str, str]] = set()

    def is_new(self, what: tuple[str, str, str]) -> bool:
        now = time.monotonic()
        with self._lock:
            if now >= self._ends:
                self._ends = now + _WINDOW
                self._seen.clear()
            if what in self._seen or len(self._seen) >= _MOST:
                return False
            self._seen.add(what)
            return True


def install(app: Flask) -> None:
    """Let `app` note refusals."""
    app.extensions[_EXTENSION] = _Noted()


def note_refusal(actor: str, action: str, subject: str, **details: Any) -> None:
    """Note a refusal; the same one again within ten minutes is not noted."""
    noted: _Noted = current_app.extensions[_EXTENSION]
    if noted.is_new((actor, action, subject)):
        Audit(services().database).add(actor, action, subject, **details)
