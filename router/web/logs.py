"""A line and a count for each request, without anything that was sent."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from router.logs import told
from router.web.callers import caller
from router.web.metrics import metrics

__all__ = ["about_decision", "answered_with", "install"]

log = logging.getLogger("fenban.web")

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_POLLED = {"health.healthz", "health.readyz", "health.metrics", "static"}


def install(app: Flask) -> None:
    """Watch the requests of `app`; to be called before whatever may refuse one."""
    app.before_request(_start)
    app.after_request(_end)


def about_decision(decision_id: str) -> None:
    """Name the decision that the request at hand is about; one that was found, not one that was sent."""
    g.decision_id = decision_id


def answered_with(code: str) -> None:
    """Name the problem that the request at hand is answered with."""
    g.problem_code = code


def _start() -> None:
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    endpoint, started = request.endpoint or "none", g.get("started", time.perf_counter())
    problem, figures = g.get("problem_code"), metrics()
    known = {
        "request_id": g.get("request_id"),
        "method": request.method if request.method in _METHODS else "other",
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
    }
    about = {"actor": caller().actor, "decision_id": g.get("decision_id"), "problem": problem}

    def told_all() -> None:
        seconds = time.perf_counter() - started
        figures.answered(endpoint, response.status_code, seconds, problem)
        level = logging.DEBUG if endpoint in _POLLED else logging.INFO
        log.log(level, "request", extra=told(**known, ms=round(1000 * seconds, 1), **about))

    if response.is_streamed:  # it has only begun
        response.call_on_close(told_all)
    else:
        told_all()
    return response
