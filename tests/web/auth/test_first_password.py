"""A password that somebody else has set is changed before anything else."""

from __future__ import annotations

import pytest
from flask import Flask

from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit

from .people import OTHER, Visitor, actions, token_of

FIRST = "Yamen-first-2026"


@pytest.fixture
def newcomer(visitor: Visitor, accounts: Accounts) -> Visitor:
    """Return somebody who has logged in with the password that an administrator gave out."""
    accounts.create("sun", FIRST, Role.CLERK, "command:root")
    assert visitor.log_in("sun", FIRST).status_code == 303
    return visitor


@pytest.mark.parametrize("path", ["/", "/decisions", "/docs", "/login"])
def test_every_page_leads_to_another_password(newcomer: Visitor, path: str) -> None:
    response = newcomer.get(path)
    assert (response.status_code, response.headers["Location"]) == (303, "/password")


@pytest.mark.parametrize("path", ["/case", "/file", "/table.xlsx", "/decisions/0/verdict"])
def test_nothing_else_can_be_sent(newcomer: Visitor, path: str) -> None:
    token = token_of(newcomer.get("/password"))
    response = newcomer.post(path, data={"csrf_token": token, "title": "路灯"})
    assert response.status_code == 403
    assert "请先改" in response.text


def test_the_page_says_why_and_looks_as_always(newcomer: Visitor) -> None:
    assert "口令是别人设的" in newcomer.get("/password").text
    with newcomer.get("/static/page.css") as style:
        assert style.status_code == 200


def test_once_changed_everything_opens(newcomer: Visitor, accounts: Accounts) -> None:
    assert accounts.list()[1].name == "sun"
    assert accounts.list()[1].provisional
    response = newcomer.send("/password", old=FIRST, new=OTHER, again=OTHER)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert newcomer.get("/").status_code == 200
    assert not accounts.list()[1].provisional


def test_a_first_login_is_noted_once(newcomer: Visitor, audit: Audit) -> None:
    newcomer.send("/password", old=FIRST, new=OTHER, again=OTHER)
    assert newcomer.get("/").status_code == 200
    assert actions(audit)[:3] == ["password_set", "login", "user_created"]


def test_a_wrong_old_password_is_noted(newcomer: Visitor, audit: Audit) -> None:
    newcomer.send("/password", old=OTHER, new=OTHER + "1", again=OTHER + "1")
    assert actions(audit)[0] == "login_failed"


def test_the_same_password_again_is_no_change(newcomer: Visitor) -> None:
    assert "不能与原口令相同" in newcomer.send("/password", old=FIRST, new=FIRST, again=FIRST).text
    assert newcomer.get("/").status_code == 303


def test_who_was_given_another_password_changes_it_again(app: Flask, accounts: Accounts) -> None:
    before = Visitor(app)
    before.log_in("zhang")
    accounts.set_password("zhang", FIRST, "command:root")
    assert before.get("/").headers["Location"].startswith("/login")
    after = Visitor(app)
    after.log_in("zhang", FIRST)
    assert after.get("/").headers["Location"] == "/password"


def test_who_does_not_want_to_may_leave(newcomer: Visitor) -> None:
    assert newcomer.send("/logout").headers["Location"] == "/login"
