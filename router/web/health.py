"""What machines ask at the root: alive, ready, described."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify

from router.errors import StorageError
from router.storage.database import Database
from router.storage.writable import check_writable
from router.web.engine import services
from router.web.metrics import CONTENT_TYPE
from router.web.metrics import metrics as figures
from router.web.openapi import document
from router.web.problems import ProblemError

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)

_NEEDED = 50_000_000
"""Bytes that must be free: SQLite needs room beside the file for what it is about to write."""


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say whether cases can be answered and stored, and else all that is in the way."""
    engine, database = services().engine, services().database
    good, why = engine.ready()
    router = engine.router
    reasons = [*([] if good else [why]), *_storage_reasons(database)]
    if reasons or router is None:
        raise ProblemError("not_ready", "；".join(reasons))
    return jsonify({"status": "ready", "model": router.model.version, "problems": engine.problems()})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Tell figures in the text format of Prometheus."""
    return Response(figures().exposition(services().engine), content_type=CONTENT_TYPE)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Describe the JSON interface."""
    return jsonify(document())


def _storage_reasons(database: Database) -> Iterator[str]:
    """Yield in Chinese why nothing could be stored; without places, which are nobody's business here."""
    try:
        with database.read():
            pass
        database.flush()  # a disk that has become read-only is still read, but not flushed
        check_writable(database)
    except StorageError as error:
        yield "。".join(filter(None, (error.message, error.hint)))
    free = database.backend.free_bytes()
    if free is not None and free < _NEEDED:
        yield f"数据库的磁盘只剩 {free // 1_000_000} MB"
