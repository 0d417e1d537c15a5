"""A worker that stays with who asks again at once, and waits for nobody who stopped in the middle."""

from __future__ import annotations

import select
import socket
import struct
from threading import Lock
from typing import Any

from gunicorn.workers import gthread

__all__ = ["Worker"]

_SOON_MS = 5
"""Who asks again within so many milliseconds is answered by the same thread."""

_STALLED = 10
"""Seconds within which the next bytes of a request must come."""


class Worker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker of several threads, with two differences.

    A connection that sends nothing waits outside the threads, and one that
    stops in the middle of a request loses its thread after some seconds: a
    few of them would stop the service, which is reached without nginx by
    programs on the same machine.

    After an answer the thread looks for a moment whether the next request
    comes, unless somebody waits for a thread. Otherwise each request of a
    case system that keeps its connection goes through three threads, which
    take the interpreter from one another.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._given = self._taken = 0
        self._counting = Lock()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to the threads; only the main thread does."""
        self._given += 1
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a connection's requests as long as they come."""
        with self._counting:
            self._taken += 1
        if not conn.initialized:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _STALLED, 0))
            if not _readable(conn.sock, _SOON_MS):
                return gthread._DEFER  # back to those that are waited for
        kept = super().handle(conn)
        while kept is True and self.alive and self._given == self._taken and _readable(conn.sock, _SOON_MS):
            kept = super().handle(conn)
        return kept


def _readable(sock: socket.socket, milliseconds: int) -> bool:
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(milliseconds))
