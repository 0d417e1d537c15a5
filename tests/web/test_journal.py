"""What is suggested is stored, and what people decide on it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from router.interfaces import Event
from router.pipeline import Router
from router.sinks import Sinks
from router.site import Site
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.web.answer_schemas import DecisionDetailOut, DecisionsOut, VerdictOut, VerdictsOut
from router.web.app import make_app

from .stub import StubEngine

SUGGEST, VERDICTS, DECISIONS = "/api/v1/suggest", "/api/v1/verdicts", "/api/v1/decisions"
SEWAGE = {
    "case_id": "028",
    "source": "oa",
    "title": "关于完善集镇生活污水管网的建议",
    "body": "污水直排河沟。",
}


def code(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json(force=True)["code"]


def decided(client: FlaskClient, **fields: str) -> dict[str, Any]:
    response = client.post(SUGGEST, json={**SEWAGE, **fields})
    assert response.status_code == 200
    told: dict[str, Any] = response.get_json()
    return told


def judge(client: FlaskClient, decision_id: str, **fields: Any) -> TestResponse:
    return client.post(VERDICTS, json={"decision_id": decision_id, **fields})


def test_a_suggestion_can_be_fetched_again_by_its_id(client: FlaskClient) -> None:
    told = decided(client)
    kept = client.get(f"{DECISIONS}/{told['decision_id']}").get_json()
    DecisionDetailOut.model_validate(kept)
    assert kept["verdicts"] == []
    assert {name: kept[name] for name in told} == told


@pytest.mark.parametrize("path", ["0" * 32, "x", "%00", "..", "0" * 31 + "%0a"])
def test_a_decision_that_does_not_exist(client: FlaskClient, path: str) -> None:
    assert code(client.get(f"{DECISIONS}/{path}"))[0] == 404


def test_a_changed_text_is_a_revision_of_the_same_case(client: FlaskClient) -> None:
    first = decided(client, case_id="r1")
    same = decided(client, case_id="r1")
    other = decided(client, case_id="r1", body="污水直排河沟，请铺管网。")
    elsewhere = decided(client, case_id="r1", source="erp")
    assert [one["revision"] for one in (first, same, other, elsewhere)] == [1, 1, 2, 1]
    assert other["previous_decision"] == same["decision_id"]
    assert elsewhere["previous_decision"] is None


def test_the_same_key_gets_the_first_answer_again(client: FlaskClient) -> None:
    sent, headers = json.dumps({**SEWAGE, "case_id": "k1"}), {"Idempotency-Key": "key-1"}
    first, second = (
        client.post(SUGGEST, data=sent, headers=headers, content_type="application/json") for _ in range(2)
    )
    assert first.get_json() == second.get_json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_with_another_request_is_a_conflict(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "key-2"}
    told = client.post(SUGGEST, json=SEWAGE, headers=headers).get_json()
    assert code(client.post(SUGGEST, json={"title": "路灯"}, headers=headers)) == (
        409,
        "idempotency_conflict",
    )
    verdict = {"decision_id": told["decision_id"], "kind": "accepted"}
    assert code(client.post(VERDICTS, json=verdict, headers=headers)) == (409, "idempotency_conflict")


@pytest.mark.parametrize("key", ["", " ", "键".encode().decode("latin-1"), "x" * 256, "a b"])
def test_a_key_that_cannot_be_one(client: FlaskClient, key: str) -> None:
    response = client.post(SUGGEST, json=SEWAGE, headers={"Idempotency-Key": key})
    assert code(response) == (400, "invalid_idempotency_key")


def test_a_refused_request_does_not_use_up_its_key(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "key-3"}
    assert client.post(SUGGEST, json={"title": ""}, headers=headers).status_code == 422
    assert client.post(SUGGEST, json=SEWAGE, headers=headers).status_code == 200


def test_verdicts_are_a_history_and_the_last_one_stands(client: FlaskClient) -> None:
    told = decided(client)["decision_id"]
    given = [
        {"kind": "accepted"},
        {"kind": "changed", "section": "villages", "co_sections": ["drainage"], "topic": "market-town"},
        {
            "kind": "returned",
            "returned_by": "villages",
            "reason": "不是集镇，电话13800000000",
            "returned_on": "2026-03-05",
        },
    ]
    for one in given:
        VerdictOut.model_validate(judge(client, told, **one).get_json())
    kept = client.get(f"{DECISIONS}/{told}").get_json()
    assert [verdict["kind"] for verdict in kept["verdicts"]] == ["accepted", "changed", "returned"]
    assert kept["verdict"] == kept["verdicts"][-1]
    assert kept["verdict"]["returned_on"] == "2026-03-05"
    assert kept["verdict"]["reason"] == "不是集镇，电话〔电话〕"


@pytest.mark.parametrize("written", ["villages", "村镇建设股", " ＶＩＬＬＡＧＥＳ "])
def test_a_section_may_be_written_as_the_other_system_knows_it(client: FlaskClient, written: str) -> None:
    answer = judge(client, decided(client)["decision_id"], kind="changed", section=written)
    assert answer.get_json()["section"] == "villages"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"kind": "changed", "section": "教务处"}, "/section"),
        ({"kind": "changed"}, "/section"),
        ({"kind": "changed", "section": "villages", "co_sections": ["villages", "nix"]}, "/co_sections/1"),
        ({"kind": "accepted", "co_sections": ["villages", "nix"]}, "/co_sections"),
        ({"kind": "changed", "section": "villages", "topic": "天文"}, "/topic"),
        ({"kind": "returned"}, "/reason"),
        ({"kind": "returned", "reason": "不归我们", "section": "villages"}, "/section"),
        ({"kind": "returned", "reason": "不归我们", "returned_on": "昨天"}, "/returned_on"),
        ({"kind": "accepted", "section": "villages"}, "/section"),
        ({"kind": "ok"}, "/kind"),
        ({"kind": "accepted", "sections": "villages"}, "/sections"),
        ({}, "/kind"),
    ],
)
def test_a_verdict_that_makes_no_sense_names_the_field(
    client: FlaskClient, fields: dict[str, Any], path: str
) -> None:
    response = judge(client, decided(client)["decision_id"], **fields)
    assert code(response) == (422, "invalid_fields")
    assert [error["path"] for error in response.get_json(force=True)["errors"]] == [path]


def test_a_verdict_on_no_decision(client: FlaskClient) -> None:
    assert code(judge(client, "0" * 32, kind="accepted")) == (404, "unknown_decision")
    assert code(judge(client, "028", kind="accepted")) == (422, "invalid_fields")


def test_a_verdict_sent_twice_with_its_key_is_one(client: FlaskClient) -> None:
    told = decided(client)["decision_id"]
    sent, headers = {"decision_id": told, "kind": "accepted"}, {"Idempotency-Key": "verdict-1"}
    ids = {client.post(VERDICTS, json=sent, headers=headers).get_json()["verdict_id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(client.get(f"{DECISIONS}/{told}").get_json()["verdicts"]) == 1


@pytest.fixture
def empty(tmp_path: Path, router: Router, site: Site) -> Iterator[FlaskClient]:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    yield make_app(StubEngine(router, site), database).test_client()
    database.close()


def listed(client: FlaskClient, **query: str) -> dict[str, Any]:
    response = client.get(DECISIONS, query_string=query)
    assert response.status_code == 200
    page: dict[str, Any] = response.get_json()
    DecisionsOut.model_validate(page)
    return page


def ids(page: dict[str, Any]) -> list[str]:
    return [one["decision_id"] for one in page["decisions"]]


def test_whoever_follows_the_list_gets_each_decision_once(empty: FlaskClient) -> None:
    assert listed(empty) == {"decisions": [], "next": None, "more": False}
    stored = [decided(empty, case_id=str(n))["decision_id"] for n in range(5)]
    page = listed(empty, limit="2")
    seen = ids(page)
    while page["more"]:
        page = listed(empty, limit="2", after=page["next"])
        seen += ids(page)
    assert seen == stored
    assert listed(empty, after=stored[-1])["next"] == stored[-1]
    last = decided(empty, case_id="5")["decision_id"]
    assert ids(listed(empty, after=stored[-1])) == [last]


def test_the_list_begins_at_a_moment_and_tells_the_verdict_that_stands(empty: FlaskClient) -> None:
    told = decided(empty)
    judge(empty, told["decision_id"], kind="accepted")
    (one,) = listed(empty, since=told["created_at"])["decisions"]
    assert one["verdict"]["kind"] == "accepted"
    zones = ("+08:00", " 08:00", "Z")
    assert all(listed(empty, since=f"2020-03-01T08:00:00{zone}")["decisions"] for zone in zones)
    assert ids(listed(empty, since="2020-03-01"))
    assert not ids(listed(empty, since="2099-01-01"))


def test_a_verdict_on_a_decision_that_is_known_already_is_told(empty: FlaskClient) -> None:
    assert empty.get(VERDICTS).get_json() == {"verdicts": [], "next": None, "more": False}
    told = [decided(empty, case_id=str(n))["decision_id"] for n in range(2)]
    seen = listed(empty)["next"]
    given = [judge(empty, one, kind="accepted").get_json() for one in (told[1], told[0], told[1])]
    assert not ids(listed(empty, after=seen))
    page = empty.get(VERDICTS, query_string={"since": "2020-01-01", "limit": "2"}).get_json()
    VerdictsOut.model_validate(page)
    assert page == {"verdicts": given[:2], "next": given[1]["verdict_id"], "more": True}
    rest = empty.get(VERDICTS, query_string={"after": page["next"]}).get_json()
    assert rest == {"verdicts": given[2:], "next": given[2]["verdict_id"], "more": False}
    assert not empty.get(VERDICTS, query_string={"since": "2099-01-01"}).get_json()["verdicts"]


@pytest.mark.parametrize("address", [DECISIONS, VERDICTS])
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"since": "昨天"}, "/since"),
        ({"since": "2026-02-30"}, "/since"),
        ({"since": "0001-01-01"}, "/since"),
        ({"limit": "0"}, "/limit"),
        ({"limit": "many"}, "/limit"),
        ({"after": "x"}, "/after"),
        ({"aftr": "0" * 32}, "/aftr"),
        ({"sinse": "2026-03-01"}, "/sinse"),
    ],
)
def test_a_list_that_cannot_be_made_names_the_parameter(
    client: FlaskClient, address: str, query: dict[str, str], path: str
) -> None:
    response = client.get(address, query_string=query)
    assert code(response) == (422, "invalid_fields")
    assert [error["path"] for error in response.get_json(force=True)["errors"]] == [path]


def test_a_list_after_something_that_is_not_there(client: FlaskClient) -> None:
    assert code(client.get(DECISIONS, query_string={"after": "0" * 32})) == (404, "unknown_decision")
    assert code(client.get(VERDICTS, query_string={"after": "0" * 32})) == (404, "unknown_verdict")


class Listening:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def notify(self, event: Event) -> None:
        self.heard.append(event)


def test_sinks_are_told_once_of_what_is_stored(router: Router, site: Site, database: Database) -> None:
    listening = Listening()
    engine = StubEngine(router, site, sinks=Sinks({"listening": listening}))
    client = make_app(engine, database).test_client()
    for _ in range(2):
        headers = {"Idempotency-Key": "sink-1"}
        told = client.post(SUGGEST, json={**SEWAGE, "case_id": "s1"}, headers=headers).get_json()
    judge(client, told["decision_id"], kind="accepted")
    judge(client, told["decision_id"], kind="changed", section="教务处")
    engine.sinks.close()
    assert [(event.kind, event.case_id) for event in listening.heard] == [
        ("decision", "s1"),
        ("verdict", "s1"),
    ]


def test_a_database_that_is_away_is_503_and_nothing_is_told(
    router: Router, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "fenban.db").write_bytes(b"no database at all, but some text" * 100)
    client = make_app(
        StubEngine(router, site), open_database(f"sqlite:///{tmp_path}/fenban.db")
    ).test_client()
    for response in (client.post(SUGGEST, json=SEWAGE), client.get(DECISIONS)):
        assert code(response) == (503, "storage_unavailable")
        assert response.headers["Retry-After"]
        assert str(tmp_path) not in response.get_data(as_text=True)
    page = client.post("/case", data={"title": "路灯不亮"})
    assert (page.status_code, page.mimetype) == (503, "text/html")


def test_two_equal_calls_at_once_are_one_decision(app: Flask, database: Database) -> None:
    answers: list[dict[str, Any]] = []

    def call() -> None:
        headers = {"Idempotency-Key": "at-once"}
        answers.append(
            app.test_client().post(SUGGEST, json={**SEWAGE, "case_id": "1x"}, headers=headers).get_json()
        )

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len({answer["decision_id"] for answer in answers}) == 1
    assert [one.case_id for one in Journal(database).latest(limit=10)].count("1x") == 1


def test_the_site_decides_whether_texts_are_stored(router: Router, tmp_path: Path) -> None:
    for keeps in (True, False):
        site = replace(router.site, settings=replace(router.site.settings, keep_texts=keeps))
        database = open_database(f"sqlite:///{tmp_path}/{keeps}.db")
        same = Router(router.model, site, tokenizer=router.tokenizer)
        client = make_app(StubEngine(same, site), database).test_client()
        told = decided(client)["decision_id"]
        kept = Journal(database).decision(told)
        assert kept is not None
        assert (kept.proposal is not None) is keeps
        database.close()
        assert ("河沟".encode() in b"".join(p.read_bytes() for p in tmp_path.glob(f"{keeps}.db*"))) is keeps
