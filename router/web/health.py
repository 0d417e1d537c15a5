"""What machines ask at the root: alive, ready, described."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from router.web.engine import services
from router.web.openapi import document
from router.web.problems import ProblemError

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say whether cases can be answered."""
    engine = services().engine
    good, why = engine.ready()
    router = engine.router
    if not good or router is None:
        raise ProblemError("not_ready", why)
    return jsonify({"status": "ready", "model": router.model.version})


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Describe the JSON interface."""
    return jsonify(document())
