"""The calls that store, on both kinds of database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from router.pipeline import Router
from router.site import Site
from router.storage.database import Database
from router.storage.journal import Journal
from router.web.app import make_app
from tests.web.stub import StubEngine

CASE = {"case_id": "028", "title": "文昌街路灯不亮\u0000", "body": "请修。"}


@pytest.fixture
def app(database: Database, site: Site, fixed_router: Router) -> Flask:
    return make_app(StubEngine(fixed_router, site), database)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_suggestion_its_verdicts_and_the_list(client: FlaskClient) -> None:
    first = client.post("/api/v1/suggest", json=CASE).get_json()
    second = client.post(
        "/api/v1/suggest", json={**CASE, "body": "尽快修。", "source": "oa\u0000"}
    ).get_json()
    for kind, more in (
        ("accepted", {}),
        ("returned", {"returned_by": "municipal", "reason": "不归我们\u0000"}),
    ):
        sent = {"decision_id": first["decision_id"], "kind": kind, **more}
        assert client.post("/api/v1/verdicts", json=sent).status_code == 200
    told = client.get(f"/api/v1/decisions/{first['decision_id']}").get_json()
    assert [one["kind"] for one in told["verdicts"]] == ["accepted", "returned"]
    listed = client.get("/api/v1/decisions", query_string={"since": "2026-01-01"}).get_json()
    assert [one["decision_id"] for one in listed["decisions"]] == [
        first["decision_id"],
        second["decision_id"],
    ]
    assert client.get("/decisions").status_code == 200


def test_a_batch_and_its_repetition(client: FlaskClient, journal: Journal) -> None:
    sent = {"cases": [{**CASE, "case_id": str(n)} for n in range(70)]}
    headers = {"Idempotency-Key": "batch"}
    first = client.post("/api/v1/suggest/batch", json=sent, headers=headers).get_data()
    assert client.post("/api/v1/suggest/batch", json=sent, headers=headers).get_data() == first
    assert len(journal.latest(limit=100)) == 70


def test_equal_calls_at_once_are_one_decision(app: Flask, journal: Journal) -> None:
    def call(_: int) -> Any:
        headers = {"Idempotency-Key": "once"}
        return app.test_client().post("/api/v1/suggest", json=CASE, headers=headers).get_json()["decision_id"]

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(call, range(12)))) == 1
    assert len(journal.latest()) == 1


@pytest.mark.parametrize("path", ["/api/v1/decisions/%00", "/decisions/%00", "/decisions/' OR 1=1 --"])
def test_an_id_is_never_a_statement(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("before", ["\u0000", "'; DROP TABLE decisions; --", "\ud800", "x" * 5000])
def test_nor_is_a_page_of_the_list(client: FlaskClient, before: str) -> None:
    query = {"before": before.encode("utf-8", "surrogatepass").decode("latin-1")}
    assert client.get("/decisions", query_string=query).status_code == 404
