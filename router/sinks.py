"""Telling the sinks of a site what was stored, without a request waiting for them.

Each sink has a queue and a thread of its own in each process, so that one
that hangs holds up nobody else. What doesn't fit into its queue is dropped,
counted and logged: `router.storage` has it all, a sink is told what it can
take. Logs name sinks and kinds of errors, never what an event holds.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Full, Queue
from threading import Lock, Thread
from time import monotonic
from typing import Self

from router.errors import PluginError, SiteError
from router.interfaces import Event, Sink
from router.plugins import get_plugin, make_plugin

__all__ = ["DELIVERED", "DROPPED", "FAILED", "Sinks", "build_sinks"]

log = logging.getLogger("fenban.sinks")

DELIVERED, FAILED, DROPPED = "delivered", "failed", "dropped"
"""What becomes of an event for a sink: it took note, it raised, it was never told."""

_Count = Callable[[str, str], None]

_MOST_WAITING = 1000
_DRAIN_SECONDS = 5.0


class Sinks:
    """The sinks of a site.

    Threads start with the first event, so that this may be made before a
    process forks.

    Parameters
    ----------
    sinks : mapping of str to Sink
    most_waiting : int
        Events that wait for one sink; more are dropped.

    Examples
    --------
    >>> class Listing:
    ...     def notify(self, event: Event) -> None:
    ...         print(event.kind, event.case_id)
    >>> sinks = Sinks({"listing": Listing()})
    >>> sinks.notify_all(Event("decision", "028", {}), print)
    >>> sinks.close()
    decision 028
    listing delivered
    """

    def __init__(self, sinks: Mapping[str, Sink], *, most_waiting: int = _MOST_WAITING) -> None:
        self._outlets = {name: _Outlet(name, sink, most_waiting) for name, sink in sinks.items()}

    @classmethod
    def of(cls, named: Mapping[str, Mapping[str, object]]) -> Self:
        """Build the sinks that a site names; see `build_sinks`."""
        return cls(build_sinks(named))

    def notify_all(self, event: Event, count: _Count = lambda _sink, _outcome: None) -> None:
        """Hand `event` to every sink; neither waits nor raises.

        Parameters
        ----------
        event : Event
            From `router.events`; nobody changes it any more.
        count : callable, optional
            Gets the name of each sink and what became of the event, in whichever thread knows.
        """
        for outlet in self._outlets.values():
            outlet.put(event, count)

    def close(self, seconds: float = _DRAIN_SECONDS) -> None:
        """Take no more events, and wait until the sinks have been told of those that wait.

        Parameters
        ----------
        seconds : float
            For all of them together; what is left then may be lost, which is logged.
        """
        for outlet in self._outlets.values():
            outlet.shut()
        until = monotonic() + seconds
        for outlet in self._outlets.values():
            outlet.drain(until)


def build_sinks(named: Mapping[str, Mapping[str, object]]) -> dict[str, Sink]:
    """Build sinks from their tables in ``site.toml``.

    Parameters
    ----------
    named : mapping of str to mapping
        Plugin name, and the parameters of its class.

    Returns
    -------
    dict of str to Sink

    Raises
    ------
    SiteError
        Naming the table whose plugin doesn't exist or can't be built from it.
    """
    return {name: _build(name, params) for name, params in named.items()}


def _build(name: str, params: Mapping[str, object]) -> Sink:
    where = f"site.toml [sinks.{name}]"
    try:
        taken = inspect.signature(get_plugin("sinks", name)).parameters.values()
        known = [p.name for p in taken if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        strange = [key for key in params if key not in known]
        if strange and not any(p.kind is p.VAR_KEYWORD for p in taken):
            hint = f"可写：{'、'.join(known) or '（无）'}"
            raise SiteError(f"不认识 {'、'.join(strange)}", where=where, hint=hint)
        sink: Sink = make_plugin("sinks", name, **params)
    except PluginError as error:
        raise SiteError(error.message, where=where, hint=error.hint) from error
    return sink


class _Outlet:
    """One sink with its queue and its thread."""

    def __init__(self, name: str, sink: Sink, most_waiting: int) -> None:
        self._name, self._sink = name, sink
        self._waiting: Queue[tuple[Event, _Count] | None] = Queue(most_waiting)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._shut = False
        self._taken = self._done = self._dropped = 0

    def put(self, event: Event, count: _Count) -> None:
        with self._lock:
            if self._shut:
                self._drop("is stopped", count)
                return
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"fenban-sink-{self._name}", daemon=True)
                self._thread.start()
            try:
                self._waiting.put_nowait((event, count))
            except Full:
                self._drop(f"has {self._waiting.maxsize} events waiting", count)
            else:
                self._taken += 1
                self._tell_dropped()

    def shut(self) -> None:
        with self._lock:
            self._shut = True
            self._tell_dropped()

    def drain(self, until: float) -> None:
        if self._thread is not None:
            with suppress(Full):
                self._waiting.put(None, timeout=max(0.0, until - monotonic()))
                self._thread.join(max(0.0, until - monotonic()))
        if left := self._taken - self._done:
            log.warning("sink %s: stopped before it was told of %d events", self._name, left)

    def _drop(self, why: str, count: _Count) -> None:
        """Count; the log gets a line when it begins and one when it is over."""
        count(self._name, DROPPED)
        self._dropped += 1
        if self._dropped == 1:
            log.warning("sink %s %s: events are dropped", self._name, why)

    def _tell_dropped(self) -> None:
        if self._dropped:
            log.warning("sink %s: %d events were dropped", self._name, self._dropped)
            self._dropped = 0

    def _run(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            event, count = waiting
            try:
                self._sink.notify(event)
            except (Exception, SystemExit) as error:  # a foreign sink may raise anything
                count(self._name, FAILED)
                log.warning("sink %s failed on a %s: %s", self._name, event.kind, type(error).__name__)
            else:
                count(self._name, DELIVERED)
            self._done += 1
