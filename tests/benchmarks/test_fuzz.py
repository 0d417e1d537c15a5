"""A short run of the fuzzer, and that it sees what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from benchmarks.fuzz import Callers, fuzz, made_callers, stored_decision
from router.pipeline import Router
from router.site import Site
from router.storage.database import open_database
from router.web.app import make_app
from tests.web.stub import StubEngine


@pytest.fixture
def app(site: Site, fixed_router: Router, tmp_path: Path) -> Iterator[Flask]:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    yield make_app(StubEngine(fixed_router, site), database)
    database.close()


@pytest.fixture
def callers(app: Flask) -> Callers:
    return made_callers(app.extensions["fenban"].database)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_is_described_is_not_wrong(app: Flask, callers: Callers) -> None:
    with served(app) as url:
        found = fuzz(url, callers, stored_decision(url, callers.strong), 120)
    assert found.wrong == []
    assert found.requests == 120
    statuses = set().union(*found.statuses.values())
    assert {200, 401, 403, 422} <= statuses < {*range(200, 500)}


def test_an_answer_that_is_not_described_is_told_with_its_request_and_without_the_key(
    app: Flask, callers: Callers
) -> None:
    @app.after_request
    def spoil(response: Response) -> Response:
        if response.status_code == 200 and request.path.startswith("/api/"):
            response.set_data(response.get_data().replace(b'"probability"', b'"chance"'))
        return response

    with served(app) as url:
        found = fuzz(url, callers, stored_decision(url, callers.strong), 40)
    assert found.wrong
    assert found.wrong[0].startswith("POST /api/v1/suggest: ")
    assert "curl" in found.wrong[0]
    assert callers.strong["Authorization"].removeprefix("Bearer ") not in "".join(found.wrong)


def test_a_failure_is_wrong(app: Flask, callers: Callers) -> None:
    @app.after_request
    def fail(response: Response) -> Response:
        response.status_code = 500 if response.status_code == 422 else response.status_code
        return response

    with served(app) as url:
        found = fuzz(url, callers, stored_decision(url, callers.strong), 80)
    assert any("ServerError" in one for one in found.wrong)
