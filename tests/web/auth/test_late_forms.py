"""A form that is sent after the login has expired: nothing typed is lost, and nothing is done with it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from router.storage.accounts import Accounts, Role
from router.storage.database import Database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind
from tests.storage.cases import new_decision
from tests.storage.conftest import Clock

from .people import ELSEWHERE, OTHER, PASSWORD, Visitor, token_of

MULTIPART = "multipart/form-data"
TYPED = {
    "title": "关于路灯的建议",
    "body": '第一行\n<b>第二行</b> "引号" & 电话13800000000',
    "case_id": "028",
    "role": "co",
    "received_on": "2026-03-02",
}


def form_at(response: TestResponse, action: str) -> dict[str, Any]:
    """Return what a browser sends with the form of a page, left as it is."""
    form = BeautifulSoup(response.text, "html.parser").select_one(f"form[action='{action}']")
    assert form is not None, response.text
    sent: dict[str, Any] = {}
    for field in form.select("input:not([type=checkbox]):not([type=file])"):
        name, value = str(field["name"]), field.get("value", "")
        sent[name] = [*sent.get(name, []), value] if name == "kept-co_sections" else value
    for field in form.select("textarea"):
        sent[str(field["name"])] = field.text
    for field in form.select("select"):
        chosen = field.select_one("option[selected]")
        sent[str(field["name"])] = chosen["value"] if chosen else ""
    ticked = [box["value"] for box in form.select("input[type=checkbox][checked]")]
    return {**sent, "co_sections": ticked} if form.select("input[type=checkbox]") else sent


def expired(visitor: Visitor, name: str = "zhang", page: str = "/", action: str = "/case") -> dict[str, Any]:
    """Open a page, let the session end, and return what its form holds."""
    visitor.log_in(name)
    sent = form_at(visitor.get(page), action)
    visitor.send("/logout")
    return sent


def logged_in(visitor: Visitor, response: TestResponse, name: str = "zhang", **fields: str) -> TestResponse:
    sent = {**form_at(response, "/login"), "name": name, "password": PASSWORD, **fields}
    return visitor.post("/login", data=sent, content_type=MULTIPART)


def test_what_was_typed_is_in_its_form_again_after_the_login(visitor: Visitor, database: Database) -> None:
    sent = {**expired(visitor), **TYPED}
    refused = visitor.post("/case", data=sent)
    assert refused.status_code == 403
    assert "登录已过期" in refused.text
    assert Journal(database).latest() == []
    page = logged_in(visitor, refused)
    assert page.status_code == 200
    assert "没有提交" in page.text
    again = form_at(page, "/case")
    assert {name: again[name] for name in TYPED} == TYPED
    assert Journal(database).latest() == []  # not before it is sent again
    assert visitor.post("/case", data=again).status_code == 200
    assert [one.case_id for one in Journal(database).latest()] == ["028"]


def test_a_wrong_password_does_not_cost_it(visitor: Visitor) -> None:
    refused = visitor.post("/case", data={**expired(visitor), **TYPED})
    wrong = logged_in(visitor, refused, password="Not-the-right-1")
    assert "用户名或口令不对" in wrong.text
    assert form_at(logged_in(visitor, wrong), "/case")["body"] == TYPED["body"]


def test_a_password_that_is_due_does_not_either(visitor: Visitor, accounts: Accounts) -> None:
    accounts.create("sun", PASSWORD, Role.CLERK, "command:root")
    refused = visitor.post("/case", data={**expired(visitor), **TYPED})
    asked = logged_in(visitor, refused, "sun")
    assert "请先改" in asked.text
    change = {**form_at(asked, "/password"), "new": OTHER, "again": OTHER}
    wrong = visitor.post("/password", data={**change, "old": "wrong"})
    assert "原口令不对" in wrong.text
    change = {**form_at(wrong, "/password"), "old": PASSWORD, "new": OTHER, "again": OTHER}
    assert form_at(visitor.post("/password", data=change), "/case")["body"] == TYPED["body"]


def test_nor_one_that_came_due_meanwhile(visitor: Visitor, clock: Clock) -> None:
    clock.pass_by(days=89, hours=23, minutes=50)
    visitor.log_in("zhang")
    sent = {**form_at(visitor.get("/"), "/case"), **TYPED}
    clock.pass_by(minutes=20)
    asked = visitor.post("/case", data=sent)
    assert (asked.status_code, "用满 90 天" in asked.text) == (403, True)
    change = {**form_at(asked, "/password"), "old": PASSWORD, "new": OTHER, "again": OTHER}
    assert form_at(visitor.post("/password", data=change), "/case")["body"] == TYPED["body"]


@pytest.fixture
def told(database: Database) -> str:
    new = new_decision()
    Journal(database).record(new)
    return new.id


def test_a_verdict_is_shown_again_and_stored_when_it_is_sent_again(
    visitor: Visitor, database: Database, told: str
) -> None:
    action = f"/decisions/{told}/verdict"
    visitor.log_in("zhang")
    page = BeautifulSoup(visitor.get(f"/decisions/{told}").text, "html.parser")
    seen = page.select_one("input[name=seen]")
    assert seen is not None
    visitor.send("/logout")
    sent = {
        "kind": "changed",
        "section": "villages",
        "co_sections": ["drainage", "legal"],
        "reason": "写了很久的理由",
        "seen": seen["value"],
        "csrf_token": "old",
    }
    shown = logged_in(visitor, visitor.post(action, data=sent))
    assert Journal(database).verdicts(told) == []
    form = BeautifulSoup(shown.text, "html.parser").select_one("#change form")
    assert form is not None
    ticked = {box["value"] for box in form.select("input[checked]")}
    assert ticked == {"drainage", "legal"}
    assert "写了很久的理由" in str(form)
    assert "没有提交" in shown.text
    again = {**sent, "csrf_token": token_of(shown)}
    assert visitor.post(action, data=again).status_code == 303
    assert Journal(database).verdicts(told)[0].made_by == "user:zhang"


def test_what_was_decided_in_the_meantime_is_said(visitor: Visitor, database: Database, told: str) -> None:
    Journal(database).verdict(told, Verdict(VerdictKind.CHANGED, section="legal"), "user:wang")
    sent = {"kind": "changed", "section": "villages", "seen": ""}
    shown = logged_in(visitor, visitor.post(f"/decisions/{told}/verdict", data=sent))
    assert "wang 在" in shown.text


def test_who_logs_in_as_somebody_else_sends_nothing_unawares(
    visitor: Visitor, database: Database, told: str
) -> None:
    refused = visitor.post(f"/decisions/{told}/verdict", data={"kind": "accepted", "seen": ""})
    shown = logged_in(visitor, refused, "li")  # who doesn't see the case
    assert (shown.status_code, shown.headers["Location"]) == (303, f"/decisions/{told}")
    assert visitor.get("/decisions").status_code == 200
    assert Journal(database).verdicts(told) == []
    refused = Visitor.post(visitor, "/logout", data={"csrf_token": token_of(visitor.get("/password"))})
    refused = visitor.post("/case", data=TYPED)
    assert "关于路灯" not in logged_in(visitor, refused, "zhao").text  # who routes nothing


def test_a_page_of_another_session_is_shown_again_too(visitor: Visitor, database: Database) -> None:
    sent = {**expired(visitor), **TYPED}
    visitor.log_in("zhang")  # in another window
    page = visitor.post("/case", data=sent)
    assert page.status_code == 403
    assert "页面已过期" in page.text
    again = form_at(page, "/case")
    assert {name: again[name] for name in TYPED} == TYPED
    assert Journal(database).latest() == []
    assert visitor.post("/case", data=again).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_nothing_that_another_site_sends_is_carried(visitor: Visitor, origin: str) -> None:
    stranger = visitor.post("/case", data=TYPED, headers={"Origin": origin})
    visitor.log_in("zhang")
    for page in (stranger, visitor.post("/case", data=TYPED, headers={"Origin": origin})):
        assert page.status_code == 403
        assert "关于路灯" not in page.text


def test_no_more_is_read_of_a_stranger_than_fits(visitor: Visitor) -> None:
    for length in (20_000, 100_000):
        page = visitor.post("/case", data={"title": "路灯", "body": "亮" * length}, content_type=MULTIPART)
        assert page.status_code == 403
        assert "亮" * 100 not in page.text
        assert "复制出来再登录" in page.text


def test_as_much_as_is_carried_fits_the_login(visitor: Visitor) -> None:
    body = "亮" * 16_000
    page = logged_in(visitor, visitor.post("/case", data={"body": body}, content_type=MULTIPART))
    assert form_at(page, "/case")["body"] == body


def test_of_a_file_it_says_that_it_must_be_chosen_again(visitor: Visitor) -> None:
    page = visitor.post("/file", data={"format": "page"})
    assert "重新选文件" in page.text
    assert not BeautifulSoup(page.text, "html.parser").select("input[name^=kept-]")


def test_what_is_carried_is_never_markup(visitor: Visitor) -> None:
    page = visitor.post("/case", data={"title": '"><script>alert(1)</script>', "body": "x"})
    assert "<script>alert" not in page.text
    assert unescape(page.text).count("<script>alert(1)</script>") == 1


def test_a_login_that_carries_what_is_no_form_goes_on_to_the_page(visitor: Visitor, app: Flask) -> None:
    for target in ("/decisions", "/nowhere", "//evil.example", ""):
        browser = Visitor(app, ELSEWHERE)
        answer = browser.log_in("zhang", next=target, **{"kept-title": "路灯"})
        assert answer.status_code == 303
        assert "evil" not in answer.headers["Location"]
        assert browser.cookie()
