"""Telling the sinks of a site what was stored, without a request waiting for them.

Each sink has a queue and a thread of its own in each process, so that one
that hangs holds up nobody else. What doesn't fit into its queue is dropped,
counted and logged: `router.storage` has it all, a sink is told what it can
take. Logs name sinks and kinds of errors, never what an event holds.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from contextlib import suppress
from queue import Full, Queue
from threading import Lock, Thread
from time import monotonic
from typing import NamedTuple, Self

from router.errors import PluginError, SiteError
from router.interfaces import Event, Sink
from router.plugins import get_plugin, make_plugin

__all__ = ["Sinks", "Tally", "build_sinks"]

log = logging.getLogger("fenban.sinks")

_MOST_WAITING = 1000
_DRAIN_SECONDS = 5.0


class Tally(NamedTuple):
    """What became of the events for one sink in this process.

    Parameters
    ----------
    delivered, failed : int
        `Sink.notify` returned; it raised.
    dropped : int
        Never told: the queue was full, or the service had stopped.
    """

    delivered: int = 0
    failed: int = 0
    dropped: int = 0


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
    >>> sinks.notify_all(Event("decision", "028", {}))
    >>> sinks.close()
    decision 028
    >>> sinks.tallies()["listing"]
    Tally(delivered=1, failed=0, dropped=0)
    """

    def __init__(self, sinks: Mapping[str, Sink], *, most_waiting: int = _MOST_WAITING) -> None:
        self._outlets = {name: _Outlet(name, sink, most_waiting) for name, sink in sinks.items()}

    @classmethod
    def of(cls, named: Mapping[str, Mapping[str, object]]) -> Self:
        """Build the sinks that a site names; see `build_sinks`."""
        return cls(build_sinks(named))

    def notify_all(self, event: Event) -> None:
        """Hand `event` to every sink; neither waits nor raises.

        Parameters
        ----------
        event : Event
            From `router.events`; nobody changes it any more.
        """
        for outlet in self._outlets.values():
            outlet.put(event)

    def close(self, seconds: float = _DRAIN_SECONDS) -> None:
        """Take no more events, and wait until the sinks have been told of those that wait.

        Parameters
        ----------
        seconds : float
            For all of them together; what is left then is counted as dropped.
        """
        for outlet in self._outlets.values():
            outlet.shut()
        until = monotonic() + seconds
        for outlet in self._outlets.values():
            outlet.drain(until)

    def tallies(self) -> dict[str, Tally]:
        """Return what became of the events, by sink."""
        return {name: outlet.tally() for name, outlet in self._outlets.items()}


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
        self._waiting: Queue[Event | None] = Queue(most_waiting)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._shut = False
        self._taken = self._delivered = self._failed = self._dropped = self._dropped_now = 0

    def put(self, event: Event) -> None:
        with self._lock:
            if self._shut:
                self._drop("is stopped")
                return
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"fenban-sink-{self._name}", daemon=True)
                self._thread.start()
            try:
                self._waiting.put_nowait(event)
            except Full:
                self._drop(f"has {self._waiting.maxsize} events waiting")
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
        if left := self._taken - self._delivered - self._failed:
            log.warning("sink %s: stopped before it was told of %d events", self._name, left)

    def tally(self) -> Tally:
        left = self._taken - self._delivered - self._failed if self._shut else 0
        return Tally(self._delivered, self._failed, self._dropped + left)

    def _drop(self, why: str) -> None:
        """Count; the log gets a line when it begins and one when it is over."""
        self._dropped += 1
        self._dropped_now += 1
        if self._dropped_now == 1:
            log.warning("sink %s %s: events are dropped", self._name, why)

    def _tell_dropped(self) -> None:
        if self._dropped_now:
            log.warning("sink %s: %d events were dropped", self._name, self._dropped_now)
            self._dropped_now = 0

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._sink.notify(event)
            except (Exception, SystemExit) as error:  # a foreign sink may raise anything
                self._failed += 1
                log.warning("sink %s failed on a %s: %s", self._name, event.kind, type(error).__name__)
            else:
                self._delivered += 1
