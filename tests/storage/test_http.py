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

from .conftest import Clock

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


def sent(client: FlaskClient, path: str, body: dict[str, Any], key: str) -> tuple[int, str]:
    response = client.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": key})
    told = response.get_json(force=True)
    return response.status_code, told.get("code", "")


def test_a_key_is_one_calls_whether_it_is_of_a_case_or_of_a_batch(
    client: FlaskClient, journal: Journal
) -> None:
    conflict, verdict = (409, "idempotency_conflict"), {"decision_id": "0" * 32, "kind": "accepted"}
    assert sent(client, "suggest", CASE, "a") == (200, "")
    assert sent(client, "suggest/batch", {"cases": [CASE]}, "a") == conflict
    assert sent(client, "suggest/batch", {"cases": [CASE]}, "b") == (200, "")
    assert sent(client, "suggest", CASE, "b") == conflict
    assert sent(client, "verdicts", verdict, "b") == conflict
    assert len(journal.latest()) == 2


@pytest.mark.parametrize("first", [[{}, CASE], [CASE, {}], [{}]])
def test_a_batch_keeps_its_key_whatever_became_of_its_cases(
    client: FlaskClient, journal: Journal, first: list[dict[str, str]]
) -> None:
    assert sent(client, "suggest/batch", {"cases": first}, "k") == (200, "")
    stored = len(journal.latest())
    for other in ([CASE], [{**CASE, "case_id": "7"}], [*first, CASE]):
        assert sent(client, "suggest/batch", {"cases": other}, "k") == (409, "idempotency_conflict")
    assert sent(client, "suggest/batch", {"cases": first}, "k") == (200, "")
    assert len(journal.latest()) == stored


def test_a_batch_that_is_refused_leaves_its_key_to_another(client: FlaskClient) -> None:
    assert sent(client, "suggest/batch", {"cases": []}, "k") == (422, "invalid_fields")
    assert sent(client, "suggest/batch", {"cases": [CASE]}, "k") == (200, "")


@pytest.mark.parametrize("other", ["k#60", "k/60", "k:60", "60"])
def test_no_key_that_can_be_sent_is_that_of_a_case_of_a_batch(
    client: FlaskClient, journal: Journal, other: str
) -> None:
    assert sent(client, "suggest", CASE, other) == (200, "")
    cases = [{**CASE, "case_id": str(n)} for n in range(70)]
    headers = {"Idempotency-Key": "k"}
    answer = client.post("/api/v1/suggest/batch", json={"cases": cases}, headers=headers).get_json()
    assert [one["problem"] for one in answer["results"]] == [None] * 70
    assert len(journal.latest(limit=100)) == 71


def test_a_batch_that_stopped_midway_goes_on_with_what_is_stored(
    client: FlaskClient, journal: Journal
) -> None:
    body, headers = {"cases": [{**CASE, "case_id": str(n)} for n in range(120)]}, {"Idempotency-Key": "cut"}
    begun = client.post("/api/v1/suggest/batch", json=body, headers=headers, buffered=False)
    next(begun.iter_encoded())  # the first fifty are stored
    begun.close()
    stored = {one.id for one in journal.latest(limit=200)}
    assert len(stored) == 50
    assert sent(client, "suggest/batch", {"cases": [CASE]}, "cut") == (409, "idempotency_conflict")
    again = client.post("/api/v1/suggest/batch", json=body, headers=headers).get_json()["results"]
    assert stored <= {item["decision"]["decision_id"] for item in again}
    assert len(journal.latest(limit=200)) == 120


def test_the_key_of_a_batch_is_free_a_day_later_though_the_rest_of_it_was_stored_later(
    client: FlaskClient, journal: Journal, clock: Clock
) -> None:
    body, headers = {"cases": [{**CASE, "case_id": str(n)} for n in range(60)]}, {"Idempotency-Key": "day"}
    begun = client.post("/api/v1/suggest/batch", json=body, headers=headers, buffered=False)
    next(begun.iter_encoded())
    begun.close()
    clock.pass_by(hours=20)
    assert sent(client, "suggest/batch", body, "day") == (200, "")
    clock.pass_by(hours=5)
    other = [{**case, "body": "尽快修。"} for case in body["cases"]]
    headers = {"Idempotency-Key": "day"}
    answer = client.post("/api/v1/suggest/batch", json={"cases": other}, headers=headers).get_json()
    assert [one["decision"]["revision"] for one in answer["results"]] == [2] * 60
    assert len(journal.latest(limit=200)) == 120


def test_of_two_batches_with_one_key_at_once_one_is_stored(app: Flask, journal: Journal) -> None:
    def call(n: int) -> int:
        cases = [{**CASE, "case_id": f"{n} {at}"} for at in range(20)]
        return sent(app.test_client(), "suggest/batch", {"cases": cases}, "race")[0]

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(call, range(4)))
    assert statuses == [200, 409, 409, 409]
    assert len(journal.latest(limit=100)) == 20


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
