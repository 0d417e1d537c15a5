"""What a person makes of a suggestion: the forms, and two who decide at a time."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from router.decision import OtherCase, SimilarCase
from router.pipeline import Router
from router.sinks import Sinks
from router.site import Site
from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind
from router.web.app import make_app
from tests.router.fixed_model import FixedModel

from .stub import StubEngine

SEWAGE = {"title": "关于完善集镇生活污水管网的建议", "body": "集镇污水直排河沟，建议尽快铺设管网。"}
FETCH = {"X-Requested-With": "fetch"}
DRAINS = {"drainage": 0.9, "villages": 0.1}


@pytest.fixture(scope="module")
def fixed(site: Site, database: Database) -> FlaskClient:
    """Return a client of a model that gives the case to drainage, with two helpers, one of them outside."""
    helpers = {"villages": 0.9, "out:agriculture": 0.9}
    return client_of(FixedModel(DRAINS, {"township-sewage": 1.0}, helpers), site, database)


def client_of(model: FixedModel, site: Site, database: Database) -> FlaskClient:
    return make_app(StubEngine(Router(model, site), site), database).test_client()


def decided(client: FlaskClient, **case: str) -> str:
    told = client.post("/api/v1/suggest", json={**SEWAGE, **case}).get_json()
    return str(told["decision_id"])


def page_of(client: FlaskClient, decision_id: str) -> BeautifulSoup:
    return soup(client.get(f"/decisions/{decision_id}"))


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def fields_of(page: BeautifulSoup, kind: str) -> dict[str, Any]:
    """Return what the browser sends with the form for a kind of verdict, left as it is."""
    hidden = page.select_one(f"form input[name=kind][value={kind}]")
    assert hidden is not None
    form = hidden.find_parent("form")
    assert form is not None
    sent: dict[str, Any] = {"co_sections": [box["value"] for box in form.select("input[checked]")]}
    for field in form.select("input:not([type=checkbox])"):
        sent[str(field["name"])] = field.get("value", "")
    for field in form.select("textarea"):
        sent[str(field["name"])] = field.text
    for field in form.select("select"):
        chosen = field.select_one("option[selected]")
        sent[str(field["name"])] = chosen["value"] if chosen else ""
    return sent


def send(client: FlaskClient, decision_id: str, fields: dict[str, Any], **more: Any) -> TestResponse:
    return client.post(f"/decisions/{decision_id}/verdict", data=fields, **more)


def alert(response: TestResponse) -> str:
    said = soup(response).select_one("[role=alert]")
    return said.text if said else ""


def test_another_helper_is_added_by_one_click(fixed: FlaskClient, database: Database) -> None:
    told = decided(fixed)
    sent = fields_of(page_of(fixed, told), "changed")
    sent["co_sections"].append("sanitation")
    assert send(fixed, told, sent).status_code == 303
    (one,) = Journal(database).verdicts(told)
    assert (one.verdict.section, one.verdict.topic) == ("drainage", "township-sewage")
    assert set(one.verdict.co_sections) == {"villages", "sanitation", "out:agriculture"}
    words = page_of(fixed, told).select_one(".history b")
    assert words is not None
    assert words.text == "仍由排水管理所主办，村镇建设股、农业农村局、环境卫生管理所会办"


def test_the_form_begins_with_what_stands(fixed: FlaskClient) -> None:
    told = decided(fixed)
    given = {"section": "villages", "topic": "market-town", "co_sections": ["out:water"]}
    send(fixed, told, {"kind": "changed", **given})
    page = page_of(fixed, told)
    sent = fields_of(page, "changed")
    assert {name: sent[name] for name in given} == given
    assert "改由村镇建设股主办，水利局会办，主题集镇基础设施" in page.text


def test_a_section_that_gave_the_case_back_is_not_proposed_again(fixed: FlaskClient) -> None:
    for who, lead, helpers in (
        ("drainage", "", {"villages", "out:agriculture"}),
        ("villages", "drainage", {"out:agriculture"}),
    ):
        told = decided(fixed, case_id=f"back-{who}")
        send(fixed, told, {"kind": "returned", "returned_by": who, "reason": "不归我们"})
        sent = fields_of(page_of(fixed, told), "changed")
        assert (sent["section"], set(sent["co_sections"])) == (lead, helpers)


def test_the_lead_is_no_helper_as_well(fixed: FlaskClient, database: Database) -> None:
    told = decided(fixed)
    fields = {"section": "villages", "co_sections": ["villages", "drainage", "drainage"]}
    send(fixed, told, {"kind": "changed", **fields})
    sent = {"decision_id": told, "kind": "changed", **fields}
    assert fixed.post("/api/v1/verdicts", json=sent).get_json()["co_sections"] == ["drainage"]
    assert [one.verdict.co_sections for one in Journal(database).verdicts(told)] == [("drainage",)] * 2
    returned = {"decision_id": told, "kind": "returned", "reason": "错", "section": "out:water"}
    wrong = fixed.post("/api/v1/verdicts", json={**returned, "co_sections": ["out:water"]})
    assert wrong.status_code == 422  # a return has no helpers at all


@pytest.fixture(scope="module")
def elsewhere(site: Site, database: Database) -> FlaskClient:
    """Return a client of a model that returns every case to the transport bureau."""
    model = FixedModel({"out:transport": 0.9, "municipal": 0.1}, thresholds={"not_ours": 0.5})
    return client_of(model, site, database)


def test_a_return_that_is_suggested_is_one_click(
    elsewhere: FlaskClient, site: Site, database: Database
) -> None:
    told = decided(elsewhere)
    assert send(elsewhere, told, fields_of(page_of(elsewhere, told), "returned")).status_code == 303
    (one,) = Journal(database).verdicts(told)
    assert (one.verdict.section, one.verdict.returned_by) == ("out:transport", "")
    assert one.verdict.reason == site.neighbours["out:transport"].return_reason


def test_it_is_not_where_a_person_has_given_the_case_to_somebody(elsewhere: FlaskClient) -> None:
    told = decided(elsewhere)
    send(elsewhere, told, {"kind": "changed", "section": "municipal"})
    sent = fields_of(page_of(elsewhere, told), "returned")
    assert (sent["section"], sent["reason"]) == ("", "")


def test_only_whoever_has_a_case_gives_it_back(fixed: FlaskClient, database: Database) -> None:
    told = decided(fixed)
    given_back = {"kind": "returned", "reason": "不归我们"}
    response = send(fixed, told, {**given_back, "returned_by": "greening"})
    assert response.status_code == 422
    assert "既不主办也不会办这一件" in alert(response)
    send(fixed, told, {"kind": "changed", "section": "villages", "co_sections": ["sanitation"]})
    seen = fields_of(page_of(fixed, told), "returned")["seen"]
    assert send(fixed, told, {**given_back, "returned_by": "drainage", "seen": seen}).status_code == 422
    assert send(fixed, told, {**given_back, "returned_by": "sanitation", "seen": seen}).status_code == 303
    assert len(Journal(database).verdicts(told)) == 2


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-03-01", "退回日期早于交办日期 2026-03-02"),
        (str(date.today() + timedelta(days=2)), "退回日期晚于今天"),  # noqa: DTZ011
    ],
    ids=["too early", "too late"],
)
def test_a_case_is_returned_after_it_came_and_before_tomorrow(
    fixed: FlaskClient, database: Database, day: str, said: str
) -> None:
    told = decided(fixed, received_on="2026-03-02")
    sent = {"kind": "returned", "reason": "不归我们", "returned_on": day}
    response = send(fixed, told, sent)
    assert (response.status_code, said in alert(response)) == (422, True)
    assert Journal(database).verdicts(told) == []
    assert send(fixed, told, {**sent, "returned_on": "2026-03-02"}).status_code == 303


def changed_meanwhile(database: Database, told: str) -> None:
    change = Verdict(VerdictKind.CHANGED, section="villages")
    Journal(database).verdict(told, change, "user:zhang")


def test_a_page_of_before_does_not_overrule_what_was_decided_since(
    fixed: FlaskClient, database: Database
) -> None:
    told = decided(fixed, case_id="stale-1")
    listed = soup(fixed.get("/decisions?number=stale-1"))
    sent = fields_of(listed, "accepted")
    changed_meanwhile(database, told)
    response = send(fixed, told, sent)
    assert response.status_code == 409
    assert "zhang 在 " in alert(response)
    assert "处理过这一件：改由村镇建设股主办" in alert(response)
    assert len(Journal(database).verdicts(told)) == 1
    assert send(fixed, told, fields_of(soup(response), "accepted")).status_code == 303  # and pressed again
    assert [one.verdict.kind for one in Journal(database).verdicts(told)][1:] == [VerdictKind.ACCEPTED]


def test_nor_does_the_page_of_the_suggestion(fixed: FlaskClient, database: Database) -> None:
    sent = fields_of(soup(fixed.post("/case", data={**SEWAGE, "case_id": "stale-2"})), "accepted")
    (stored,) = Journal(database).latest(limit=1)
    changed_meanwhile(database, stored.id)
    assert send(fixed, stored.id, sent).status_code == 409


@pytest.mark.parametrize("kind", ["changed", "returned"])
def test_what_was_filled_in_stays_and_is_stored_when_it_is_sent_again(
    fixed: FlaskClient, database: Database, kind: str
) -> None:
    told = decided(fixed)
    typed = {"section": "sanitation"} if kind == "changed" else {"section": "out:water"}
    sent = {**fields_of(page_of(fixed, told), kind), "reason": "原话", **typed}
    changed_meanwhile(database, told)
    again = fields_of(soup(send(fixed, told, sent)), kind)
    assert (again["reason"], again["section"]) == ("原话", typed["section"])
    assert send(fixed, told, again).status_code == 303
    assert Journal(database).verdicts(told)[-1].verdict.reason == "原话"


def test_with_the_script_it_is_said_in_the_place(fixed: FlaskClient, database: Database) -> None:
    told = decided(fixed)
    changed_meanwhile(database, told)
    response = send(fixed, told, {"kind": "accepted", "seen": "", "back": "list"}, headers=FETCH)
    assert response.status_code == 409
    assert "<html" not in response.text
    assert "处理过这一件：改由村镇建设股主办" in alert(response)
    again = send(fixed, told, fields_of(soup(response), "accepted"), headers=FETCH)
    assert (again.status_code, "已采纳" in again.text) == (200, True)


def test_a_button_that_is_pressed_twice_is_no_quarrel(fixed: FlaskClient, database: Database) -> None:
    told = decided(fixed)
    for sent in ({"kind": "accepted"}, {"kind": "returned", "returned_by": "drainage", "reason": "不归我们"}):
        seen = fields_of(page_of(fixed, told), "changed")["seen"]
        assert [send(fixed, told, {**sent, "seen": seen}).status_code for _ in range(2)] == [303, 303]
    assert len(Journal(database).verdicts(told)) == 2


def test_the_same_said_by_somebody_else_need_not_be_said_again(
    fixed: FlaskClient, database: Database
) -> None:
    told = decided(fixed)
    Journal(database).verdict(told, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    response = send(fixed, told, {"kind": "accepted"}, headers=FETCH)
    assert response.status_code == 409
    assert "再按一次" not in alert(response)
    assert not soup(response).select("form")


def test_of_two_who_press_at_the_same_moment_one_is_asked_again(
    router: Router, site: Site, database: Database
) -> None:
    heard: list[str] = []

    class Listening:
        def notify(self, event: Any) -> None:
            heard.append(event.kind)

    engine = StubEngine(router, site, sinks=Sinks({"listening": Listening()}))
    app = make_app(engine, database)
    told = decided(app.test_client())
    before, ready, answers = len(Audit(database).entries()), threading.Barrier(4), []

    def press(section: str) -> None:
        sent = {"kind": "changed", "section": section, "seen": ""}
        ready.wait()
        answers.append(send(app.test_client(), told, sent).status_code)

    sections = ("villages", "sanitation", "greening", "legal")
    threads = [threading.Thread(target=press, args=(section,)) for section in sections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.sinks.close()
    assert sorted(answers) == [303, 409, 409, 409]
    assert len(Journal(database).verdicts(told)) == 1
    assert heard == ["decision", "verdict"]
    assert len(Audit(database).entries()) == min(before + 1, 100)


def test_what_was_said_on_another_suggestion_of_the_same_text_counts(
    fixed: FlaskClient, database: Database
) -> None:
    first, second = (decided(fixed, case_id="twice") for _ in range(2))
    changed_meanwhile(database, first)
    page = page_of(fixed, second)
    assert page.select_one(f".history a[href='/decisions/{first}']")
    assert fields_of(page, "changed")["section"] == "villages"
    assert send(fixed, second, {"kind": "accepted", "seen": ""}).status_code == 409


def test_accepting_another_suggestion_of_the_same_text_is_something_else(
    fixed: FlaskClient, site: Site, database: Database
) -> None:
    first = decided(fixed, case_id="two-models")
    assert send(fixed, first, {"kind": "accepted", "seen": ""}).status_code == 303
    other = client_of(FixedModel({"villages": 1.0}), site, database)
    second = decided(other, case_id="two-models")
    response = send(other, second, {"kind": "accepted", "seen": ""})
    assert (response.status_code, "再按一次" in alert(response)) == (409, True)
    assert send(other, second, fields_of(soup(response), "accepted")).status_code == 303


def test_a_program_says_its_last_word_as_before(fixed: FlaskClient, database: Database) -> None:
    told = decided(fixed)
    changed_meanwhile(database, told)
    sent = {"decision_id": told, "kind": "returned", "reason": "错", "returned_by": "greening"}
    assert fixed.post("/api/v1/verdicts", json={**sent, "returned_on": "2098-01-01"}).status_code == 200


def test_past_cases_have_titles_as_long_as_the_model_has_them(site: Site, database: Database) -> None:
    past = (SimilarCase(OtherCase("028", "关于乡镇污水管网的提案", "drainage", 2021, "A"), 0.8),)
    model = FixedModel(DRAINS, similar=past)
    told = decided(client_of(model, site, database))

    def title(similar: tuple[SimilarCase, ...]) -> str:
        page = page_of(client_of(replace(model, similar=similar), site, database), told)
        return page.select_one(".similar tbody th").text  # type: ignore[union-attr]

    assert title(past) == "关于乡镇污水管网的提案2021 028 排水管理所 · 结果 A"
    assert title(()) == "2021 028 排水管理所 · 结果 A"
    no_model = make_app(StubEngine(None, site, "没有模型"), database).test_client()
    assert "2021 028" in page_of(no_model, told).text
