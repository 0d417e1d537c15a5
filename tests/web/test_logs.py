"""What a whole flow leaves in the log: figures and identifiers, nothing that was sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from router.logs import JsonFormatter
from router.pipeline import Router
from router.site import Site
from router.storage.database import Database
from router.web.app import make_app

from .stub import StubEngine

MARK = "标记词"
MARKS = (MARK, "MARKER", "13800001234", "%E6%A0%87")
CASE = {
    "case_id": f"{MARK}01",
    "session": f"{MARK}届",
    "title": f"{MARK}路的路灯不亮",
    "body": f"{MARK}社区的路灯坏了，请联系张{MARK}，电话13800001234。" * 5,
    "proposer": f"张{MARK}",
}


class Lines(logging.Handler):
    """Keeps what would be written, every level."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))

    def of_requests(self) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.text]
        return [line for line in found if line["event"] == "request"]


@pytest.fixture
def log() -> Iterator[Lines]:
    lines, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    logging.getLogger("fenban").setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(lines)
    root.setLevel(before)
    logging.getLogger("fenban").setLevel(logging.NOTSET)


def suggested(client: FlaskClient, **more: Any) -> TestResponse:
    headers = {"Idempotency-Key": "MARKER-1", "User-Agent": "MARKER", "X-Request-ID": "MARKER"}
    return client.post("/api/v1/suggest", json={**CASE, **more}, headers=headers)


def test_a_request_is_one_line_that_names_the_decision(client: FlaskClient, log: Lines) -> None:
    answer = suggested(client)
    (line,) = log.of_requests()
    assert line["decision_id"] == answer.json["decision_id"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/v1/suggest", 200)
    assert line["actor"] == "local"
    assert line["ms"] > 0


def test_nothing_that_was_sent_is_in_any_line(client: FlaskClient, log: Lines) -> None:
    decision = suggested(client).json["decision_id"]
    suggested(client, body="另一段")  # 409
    verdict = {"decision_id": decision, "kind": "returned", "section": "drainage", "reason": f"{MARK}归他们"}
    client.post("/api/v1/verdicts", json=verdict)
    client.post("/api/v1/verdicts", json={"decision_id": f"{MARK}", "kind": MARK, "section": MARK})
    batch = client.post("/api/v1/suggest/batch", json={"cases": [CASE, {"title": MARK, "MARKER": 1}, 5]})
    assert batch.get_data()
    batch.close()
    client.get(f"/api/v1/decisions/{decision}?q=MARKER")
    client.get(f"/api/v1/decisions/{MARK}")
    client.get(f"/api/v1/decisions?since={MARK}&after={MARK}")
    client.get(f"/{MARK}?{MARK}=MARKER")
    client.open("/api/v1/suggest", method="MARKER")
    client.post("/api/v1/suggest", data=f'{{"title": "{MARK}"', content_type="application/json")
    client.post("/api/v1/suggest", data=MARK, content_type=f"text/{'MARKER'}")
    client.get("/api/v1/sections", headers={"Authorization": "Bearer MARKER", "Cookie": "session=MARKER"})
    client.post("/api/v1/rules/dry-run", json={"case": CASE, "rules": [{"name": MARK, "type": MARK}]})
    client.post("/", data={"text": CASE["body"], "title": CASE["title"]})
    client.post("/login", data={"name": "MARKER", "password": "MARKER"})
    client.get("/", headers={"Host": "MARKER.example", "X-Forwarded-For": "MARKER"})
    assert len(log.of_requests()) >= 15
    assert [line for line in log.text for mark in MARKS if mark in line] == []


def test_an_error_that_quotes_a_case_is_told_without_the_quotation(
    router: Router, site: Site, database: Database, log: Lines
) -> None:
    class Failing:
        site, rules, model = router.site, router.rules, router.model

        def suggest(self, proposal: object) -> None:
            raise ValueError(f"cannot digest {proposal}")

    answer = suggested(make_app(StubEngine(Failing(), site), database).test_client(), case_id="other")
    assert answer.status_code in (409, 500)
    answer = make_app(StubEngine(Failing(), site), database).test_client().post("/api/v1/suggest", json=CASE)
    assert answer.status_code == 500
    failed = [json.loads(line) for line in log.text if '"failed"' in line]
    assert failed[-1]["error"] == "ValueError"
    assert failed[-1]["request_id"] == answer.json["request_id"]
    assert "test_logs.py:" in failed[-1]["at"]
    assert [line for line in log.text for mark in MARKS if mark in line] == []


def test_a_refused_request_is_seen_with_its_problem(app: Flask, log: Lines) -> None:
    answer = app.test_client().get("/api/v1/sections", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert answer.status_code == 403
    (line,) = log.of_requests()
    assert line["problem"] == "loopback_only"


def test_an_address_that_does_not_exist_has_no_route(client: FlaskClient, log: Lines) -> None:
    client.get("/no/such/place")
    assert log.of_requests()[0]["route"] is None


def test_polls_are_told_only_when_asked_for(client: FlaskClient, log: Lines) -> None:
    client.get("/healthz")
    client.get("/api/v1/sections")
    assert [line["level"] for line in log.of_requests()] == ["debug", "info"]
