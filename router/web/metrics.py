"""Figures for Prometheus, of all workers together whichever of them is asked.

The workers of one service count in files of one private folder, see
`router.web.serving`; without it a process counts for itself alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, current_app
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from router.web.counts import held
from router.web.engine import Engine

__all__ = ["CONTENT_TYPE", "FOLDER", "Metrics", "install", "metrics"]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which prometheus_client knows of the workers' folder."""

_EXTENSION = "fenban.metrics"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """What a service counts.

    Labels are names of ours and of the site only (endpoints, codes, sinks),
    so that no request can add to them.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fenban_requests", "Requests answered.", ["endpoint", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "fenban_request_seconds",
            "Seconds from a request to its answer.",
            ["endpoint"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._problems = Counter(
            "fenban_problems", "Requests answered with a problem.", ["code"], registry=self._registry
        )
        self._decisions = Counter(
            "fenban_decisions", "Decisions stored.", ["status"], registry=self._registry
        )
        self._verdicts = Counter("fenban_verdicts", "Verdicts stored.", ["kind"], registry=self._registry)
        self._events = Counter(
            "fenban_sink_events", "Events for sinks.", ["sink", "outcome"], registry=self._registry
        )

    def answered(self, endpoint: str, status: int, seconds: float, problem: str | None = None) -> None:
        """Count a request.

        Parameters
        ----------
        endpoint : str
            Flask's name of it; ``none`` where no address matched.
        status : int
        seconds : float
        problem : str, optional
            The code of the problem it was answered with.
        """
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)
        if problem:
            self._problems.labels(problem).inc()

    def decided(self, status: str) -> None:
        """Count a decision that was stored."""
        self._decisions.labels(status).inc()

    def judged(self, kind: str) -> None:
        """Count a verdict that was stored."""
        self._verdicts.labels(kind).inc()

    def told(self, sink: str, outcome: str) -> None:
        """Count what became of an event for a sink; see `router.sinks`."""
        self._events.labels(sink, outcome).inc()

    def exposition(self, engine: Engine) -> bytes:
        """Return all figures in Prometheus' text format.

        Parameters
        ----------
        engine : Engine
            Whose state is told beside what was counted.
        """
        registry = CollectorRegistry()
        registry.register(_State(engine))
        if FOLDER in os.environ:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            with held(Path(os.environ[FOLDER]), alone=False):
                return generate_latest(registry)
        return generate_latest(registry) + generate_latest(self._registry)


class _State:
    """What the worker that is asked runs now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        ready, _ = self._engine.ready()
        yield GaugeMetricFamily("fenban_ready", "1 where cases can be answered.", float(ready))
        problems = len(self._engine.problems())
        name = "fenban_reload_problems"
        yield GaugeMetricFamily(name, "Newer model or site files that can't be used.", float(problems))
        router = self._engine.router
        if router is not None:
            running = {
                "model": router.model.version,
                "rules": router.rules.digest[:12],
                "site": router.site.digest[:12],
            }
            family = GaugeMetricFamily("fenban_live", "What is running, by version.", labels=list(running))
            family.add_metric(list(running.values()), 1)
            yield family


def install(app: Flask) -> None:
    """Let `app` count."""
    app.extensions[_EXTENSION] = Metrics()


def metrics() -> Metrics:
    """Return the figures of the running application."""
    found: Metrics = current_app.extensions[_EXTENSION]
    return found
