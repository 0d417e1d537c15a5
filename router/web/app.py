"""The Flask application: blueprints, checks and error answers put together."""

from __future__ import annotations

import json
import logging
import re
from functools import partial

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from router.errors import FenbanError
from router.logs import told
from router.storage.database import Database
from router.text import percent
from router.web import accounts_pages, api, guard, health, logs, metrics, once, pages
from router.web.engine import EXTENSION, Engine, Limits, Services
from router.web.problems import ProblemError, from_fenban_error, from_status, response

__all__ = ["make_app"]

log = logging.getLogger("fenban.web")

_MOST_DRAINED = 1024 * 1024 * 1024
_CHUNK = 1024 * 1024
_JSON_PATHS = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
_API = re.compile(r"/api(?:/|\Z)", re.IGNORECASE)


def make_app(engine: Engine, database: Database, limits: Limits | None = None) -> Flask:
    """Make the web application.

    Parameters
    ----------
    engine : Engine
        Gives the router, the site and the models; asked anew by each request.
    database : Database
        Opened by the process that serves: connections are never shared across a fork.
    limits : Limits, optional

    Returns
    -------
    Flask
    """
    limits = limits or Limits()
    app = Flask(__name__)
    app.extensions[EXTENSION] = Services(engine, database, limits)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = limits.form_bytes
    app.json = _json_provider(app)
    app.jinja_env.filters["percent"] = percent
    app.jinja_env.filters["pretty"] = partial(json.dumps, ensure_ascii=False, indent=2)
    app.after_request(_drain)
    metrics.install(app)
    logs.install(app)  # before the guard, so that what it refuses is seen too
    guard.install(app)
    once.install(app)
    for module in (accounts_pages, api, health, pages):
        app.register_blueprint(module.blueprint)
    _handle_errors(app)
    return app


def _json_provider(app: Flask) -> DefaultJSONProvider:
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii = False
    provider.sort_keys = False
    return provider


def _handle_errors(app: Flask) -> None:
    # On the app, not on blueprints: those never see a routing 404.
    app.register_error_handler(ProblemError, _answer)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(FenbanError, _fenban_error)
    app.register_error_handler(Exception, _unexpected)


def _answer(problem: ProblemError) -> Response:
    logs.answered_with(problem.kind.code)
    if _API.match(request.path) or request.path in _JSON_PATHS:
        return response(problem)
    page = pages.problem_page(problem)
    page.headers.extend(problem.headers)
    return page


def _drain(answer: Response) -> Response:
    """Read what the request still sends, or its sender sees a dead connection and no answer.

    What is longer than the most ends with its connection.
    """
    # The server's own stream: it ends with the request, whatever was refused of it.
    if request.environ.get("wsgi.input_terminated") and not g.get("cut_off"):
        stream, left = request.environ["wsgi.input"], _MOST_DRAINED
        try:
            while left > 0 and (piece := stream.read(_CHUNK)):
                left -= len(piece)
        except OSError:  # the sender is gone, or it was no HTTP
            pass
    return answer


def _http_error(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:  # a redirect
        return error.get_response()
    g.cut_off = isinstance(error, ClientDisconnected)  # it was waited for once
    answer = _answer(from_status(error.code))
    if "Allow" in (headers := dict(error.get_headers())):
        answer.headers["Allow"] = headers["Allow"]
    return answer


def _fenban_error(error: FenbanError) -> Response:
    problem = from_fenban_error(error)
    if problem.kind.status >= 500:
        _log(error)
    return _answer(problem)


def _unexpected(error: Exception) -> Response:
    _log(error)
    return _answer(ProblemError("internal"))


def _log(error: Exception) -> None:
    """Log the kind and place of an error; its message may quote a case."""
    log.error("failed", exc_info=error, extra=told(request_id=g.get("request_id"), endpoint=request.endpoint))
