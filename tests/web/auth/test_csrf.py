from __future__ import annotations

import pytest
from flask import Flask

from .people import OTHER, PASSWORD, Visitor, token_of

FORMS = ["/case", "/file", "/table.xlsx", "/logout", "/password", "/decisions/0/verdict"]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_changes_nothing(visitor: Visitor, path: str) -> None:
    visitor.log_in("zhang")
    sent = {"title": "路灯不亮", "old": PASSWORD, "new": OTHER, "again": OTHER}
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}, {"csrf_token": "钥\x00"}):
        response = visitor.post(path, data=sent | token)
        assert response.status_code == 403, token
        assert "页面已过期" in response.text
    assert visitor.get("/").status_code == 200


def test_every_form_of_a_page_carries_it(visitor: Visitor) -> None:
    visitor.log_in("zhang")
    page = visitor.get("/")
    assert page.text.count("<form") == page.text.count(token_of(page))
    result = visitor.post("/case", data={"title": "路灯不亮", "csrf_token": token_of(page)})
    assert result.status_code == 200
    assert result.text.count("<form") == result.text.count(token_of(result))


def test_a_token_is_good_for_its_own_session_alone(visitor: Visitor, app: Flask) -> None:
    visitor.log_in("zhang")
    other = Visitor(app)
    other.log_in("li")
    token = token_of(other.get("/password"))
    assert visitor.post("/case", data={"title": "路灯", "csrf_token": token}).status_code == 403


def test_a_token_of_before_the_login_is_not_good_after_it(visitor: Visitor) -> None:
    before = token_of(visitor.get("/login"))
    visitor.log_in("zhang")
    assert visitor.post("/case", data={"title": "路灯", "csrf_token": before}).status_code == 403


def test_nobody_is_logged_in_by_another_site(visitor: Visitor) -> None:
    sent = {"name": "zhang", "password": PASSWORD}
    assert visitor.post("/login", data=sent).status_code == 403
    token = token_of(visitor.get("/login"))
    answer = visitor.post(
        "/login", data={**sent, "csrf_token": token}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert visitor.cookie() == ""


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:81"])
def test_a_token_does_not_help_a_page_of_another_site(visitor: Visitor, origin: str) -> None:
    visitor.log_in("zhang")
    sent = {"title": "路灯", "csrf_token": token_of(visitor.get("/"))}
    assert visitor.post("/case", data=sent, headers={"Origin": origin}).status_code == 403
    assert visitor.post("/case", data=sent, headers={"Origin": "http://localhost"}).status_code == 200


def test_the_token_does_not_tell_the_session(visitor: Visitor) -> None:
    visitor.log_in("zhang")
    assert visitor.cookie() not in visitor.get("/").text
