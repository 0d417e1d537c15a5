"""Many cases in one call."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from router.errors import StorageUnavailableError
from router.storage.database import Database
from router.storage.journal import Journal
from router.web.answer_schemas import BatchOut

URL = "/api/v1/suggest/batch"
LAMPS = {"case_id": "1", "title": "关于修复人民路路灯的建议", "body": "整条街路灯不亮，请修。"}
SEWAGE = {"case_id": "2", "title": "关于完善集镇生活污水管网的建议", "body": "污水直排河沟。"}


def results(client: FlaskClient, cases: list[Any], **headers: str) -> list[dict[str, Any]]:
    response = client.post(URL, json={"cases": cases}, headers=headers)
    assert response.status_code == 200
    told = json.loads(response.get_data())
    BatchOut.model_validate(told)
    found: list[dict[str, Any]] = told["results"]
    return found


def test_each_case_is_answered_in_order_as_if_it_were_alone(client: FlaskClient) -> None:
    both = results(client, [LAMPS, SEWAGE])
    alone = [client.post("/api/v1/suggest", json=case).get_json() for case in (LAMPS, SEWAGE)]
    assert [item["index"] for item in both] == [0, 1]
    for item, single in zip(both, alone, strict=True):
        for name in ("lead", "status", "candidates", "flags", "case_id"):
            assert item["decision"][name] == single[name]


def test_a_case_that_is_wrong_gets_its_own_problem_with_its_place(client: FlaskClient) -> None:
    found = results(
        client, [LAMPS, {"title": 5}, {}, {"title": "某事", "body": "机密★10年\n正文"}, "路灯", SEWAGE]
    )
    assert [item["decision"] is not None for item in found] == [True, False, False, False, False, True]
    problems = [item["problem"] for item in found[1:5]]
    assert [p["code"] for p in problems] == ["invalid_fields", "empty_text", "secret_paper", "invalid_fields"]
    places = [[error["path"] for error in p["errors"]] for p in problems]
    assert problems[0]["detail"] == "/cases/1/title：须为字符串"
    assert places == [
        ["/cases/1/title"],
        ["/cases/2/title", "/cases/2/body"],
        ["/cases/3/title", "/cases/3/body"],
        ["/cases/4"],
    ]


def test_the_fields_that_did_nothing_are_named_for_all_cases_together(client: FlaskClient) -> None:
    cases = [{**LAMPS, "recieved_on": "2026-03-02"}, {**SEWAGE, "kind": "议案", "desc": ""}, "路灯"]
    response = client.post(URL, json={"cases": cases})
    assert len(response.get_json()["results"]) == 3
    headers = response.headers
    assert (headers["Fenban-Ignored-Fields"], headers["Fenban-Unknown-Values"]) == (
        "desc, recieved_on",
        "kind",
    )


@pytest.mark.parametrize("sent", [{}, {"cases": []}, {"cases": {}}, {"cases": [LAMPS] * 1001}, []])
def test_a_batch_that_is_none_is_refused_as_a_whole(client: FlaskClient, sent: Any) -> None:
    response = client.post(URL, json=sent)
    assert (response.status_code, response.get_json(force=True)["code"]) == (422, "invalid_fields")


def test_an_empty_batch_is_told_what_is_missing(client: FlaskClient) -> None:
    assert client.post(URL, json={"cases": []}).get_json(force=True)["detail"] == "/cases：至少 1 项"


def test_a_repeated_batch_gets_the_first_answers_and_stores_nothing(
    client: FlaskClient, database: Database
) -> None:
    cases = [LAMPS, {}, SEWAGE] * 30
    first = results(client, cases, **{"Idempotency-Key": "batch-1"})
    newest = Journal(database).latest(limit=1)[0].id
    second = results(client, cases, **{"Idempotency-Key": "batch-1"})
    assert [item["decision"] for item in first] == [item["decision"] for item in second]
    assert Journal(database).latest(limit=1)[0].id == newest


def test_the_key_of_a_batch_with_other_cases_is_a_conflict(client: FlaskClient) -> None:
    results(client, [LAMPS], **{"Idempotency-Key": "batch-2"})
    response = client.post(URL, json={"cases": [SEWAGE]}, headers={"Idempotency-Key": "batch-2"})
    assert (response.status_code, response.get_json(force=True)["code"]) == (409, "idempotency_conflict")


def test_a_batch_that_was_cut_off_goes_on_where_it_was(client: FlaskClient, database: Database) -> None:
    cases = [{**LAMPS, "case_id": f"cut{n}"} for n in range(120)]
    begun = client.post(URL, json={"cases": cases}, headers={"Idempotency-Key": "batch-3"}, buffered=False)
    pieces = begun.iter_encoded()
    for _ in range(2):
        next(pieces)
    begun.close()
    kept = Journal(database).latest(limit=1)[0]
    again = results(client, cases, **{"Idempotency-Key": "batch-3"})
    assert kept.id in {item["decision"]["decision_id"] for item in again}
    assert {item["decision"]["revision"] for item in again} == {1}
    assert {item["decision"]["previous_decision"] for item in again} == {None}


def test_a_database_that_goes_away_meanwhile_is_told_case_by_case(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Journal.record_many
    calls = 0

    def once(journal: Journal, items: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise StorageUnavailableError("数据库连不上", where="/srv/fenban.db")
        return recorded(journal, items)

    monkeypatch.setattr(Journal, "record_many", once)
    found = results(client, [LAMPS] * 60)
    assert [item["problem"] is None for item in found] == [True] * 50 + [False] * 10
    assert {item["problem"]["code"] for item in found[50:]} == {"storage_unavailable"}
    response = client.post(URL, json={"cases": [LAMPS]})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "/srv" not in response.get_data(as_text=True)


def test_a_longer_batch_takes_no_more_memory(client: FlaskClient) -> None:
    def peak(n: int) -> int:
        cases = [{"case_id": f"{n} {at}", "title": "关于修复路灯的建议"} for at in range(n)]
        response = client.post(URL, json={"cases": cases}, buffered=False)
        tracemalloc.start()
        for _ in response.iter_encoded():
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)  # whatever is made once
    assert peak(500) < 1.5 * peak(100)
