from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from router.pipeline import Router
from router.site import Site
from router.site_access import Access
from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.web import accounts_pages
from router.web.app import make_app
from tests.storage.conftest import Clock
from tests.web.stub import StubEngine

from .people import OTHER, PASSWORD, ROLES, Visitor, actions, token_of, with_access


def shown(response: TestResponse) -> str:
    """Return a refusal without what differs in every page."""
    return response.text.replace(token_of(response), "")


def cookies(response: TestResponse) -> dict[str, str]:
    """Return name and flags of each cookie that was set."""
    lines = response.headers.getlist("Set-Cookie")
    return {line.partition("=")[0]: line.partition(";")[2].strip() for line in lines}


def test_pages_ask_for_a_login_and_lead_back(visitor: Visitor) -> None:
    response = visitor.get("/?from=oa")
    assert (response.status_code, response.headers["Location"]) == (303, "/login?next=/?from%3Doa")
    page = visitor.get(response.headers["Location"])
    assert 'name="next" value="/?from=oa"' in page.text
    assert visitor.log_in("zhang", next="/?from=oa").headers["Location"] == "/?from=oa"
    assert visitor.get("/?from=oa").status_code == 200


def test_on_this_machine_too(app: Flask) -> None:
    assert app.test_client().get("/").status_code == 303


def test_a_form_that_comes_too_late_says_so(visitor: Visitor) -> None:
    response = visitor.post("/case", data={"title": "路灯不亮"})
    assert (response.status_code, response.mimetype) == (403, "text/html")
    assert "登录已过期" in response.text


@pytest.mark.parametrize(
    ("name", "home"), [("zhang", "/"), ("li", "/decisions"), ("wang", "/"), ("zhao", "/audit")]
)
def test_everybody_begins_where_they_work(visitor: Visitor, name: str, home: str) -> None:
    assert visitor.log_in(name).headers["Location"] == home
    assert visitor.get(home).status_code == 200
    assert visitor.get("/login").headers["Location"] == home


def test_an_auditor_who_opens_the_front_page_is_led_to_the_log(visitor: Visitor) -> None:
    visitor.log_in("zhao")
    assert visitor.get("/").headers["Location"] == "/audit"


def test_the_page_says_who_is_logged_in(visitor: Visitor) -> None:
    visitor.log_in("zhang")
    page = visitor.get("/").text
    assert "<span>zhang</span>" in page
    assert "/audit" not in page


def test_and_shows_only_what_they_may_open(visitor: Visitor) -> None:
    visitor.log_in("wang")
    assert 'href="/audit"' in visitor.get("/").text


def test_wrong_name_wrong_password_and_locked_account_look_alike(
    visitor: Visitor, accounts: Accounts
) -> None:
    accounts.disable("zhao", "command:root")
    wrong = visitor.log_in("zhang", "wrong-Password-1")
    assert (wrong.status_code, wrong.headers.get("Set-Cookie")) == (403, None)
    unknown = visitor.log_in("nobody", "wrong-Password-1")
    disabled = visitor.log_in("zhao", PASSWORD)
    for _ in range(4):
        visitor.log_in("zhang", "wrong-Password-1")
    locked = visitor.log_in("zhang", PASSWORD)
    pages = {
        shown(page).replace('value="nobody"', 'value="zhang"').replace('value="zhao"', 'value="zhang"')
        for page in (wrong, unknown, disabled, locked)
    }
    assert len(pages) == 1
    assert "用户名或口令不对" in pages.pop()


def test_and_take_the_same_time(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    least = 0.25  # more than checking a password takes on a busy machine
    monkeypatch.setattr(accounts_pages, "REFUSED_AFTER", least)

    def seconds(name: str) -> float:
        began = time.perf_counter()
        visitor.log_in(name, "wrong-Password-1")
        return time.perf_counter() - began

    assert (
        min(seconds(name) for name in ("nobody", "zhang", "", "zhang", "zhang", "zhang", "zhang", "zhang"))
        >= least
    )


def test_a_password_is_tried_whether_there_is_an_account_or_not(
    visitor: Visitor, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from router.storage import accounts as module

    tried: list[str | None] = []

    def trying(password: str, hashed: str | None) -> bool:
        tried.append(hashed)
        return False

    monkeypatch.setattr(module, "is_password", trying)
    for name in ("zhang",) * 6 + ("nobody",):  # the sixth time it is locked
        visitor.log_in(name)
    assert len(tried) == 7
    assert tried[-1] is None


def test_five_wrong_passwords_lock_and_time_unlocks(visitor: Visitor, clock: Clock, audit: Audit) -> None:
    for _ in range(5):
        visitor.log_in("zhang", "wrong-Password-1")
    assert visitor.log_in("zhang").status_code == 403
    assert actions(audit)[:2] == ["user_locked", "login_failed"]
    clock.pass_by(minutes=15)
    assert visitor.log_in("zhang").status_code == 303


def test_logins_from_one_address_are_limited(
    visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts_pages, "LOGINS_A_MINUTE", 3)
    page = visitor.get("/login")
    sent = {"csrf_token": token_of(page), "name": "", "password": ""}
    answers = [visitor.post("/login", data=sent) for _ in range(4)]
    assert {answer.status_code for answer in answers[:3]} == {403}
    assert answers[3].status_code == 429
    assert answers[3].headers["Retry-After"] == "60"
    assert Visitor(app, "10.7.7.7").log_in("zhang").status_code == 303


def test_refused_logins_are_noted_with_their_address(visitor: Visitor, audit: Audit) -> None:
    for _ in range(3):
        visitor.log_in("nobody-of-that-name")
    (entry,) = [entry for entry in audit.entries() if entry.action == "login_refused"]
    assert entry.subject == "10.1.2.3"
    assert "nobody-of-that-name" not in str(audit.entries())  # often it is a password in the wrong field


def test_the_cookie_is_for_this_site_and_no_script(visitor: Visitor) -> None:
    response = visitor.log_in("zhang")
    assert cookies(response) == {"fenban": "HttpOnly; Path=/; SameSite=Lax"}
    assert visitor.cookie() not in response.text


def test_with_tls_it_goes_by_https_alone(router: Router, site: Site, database: Database) -> None:
    app = with_access(router, site, database, Access(tls=True))
    client = app.test_client()
    page = client.get("/login", base_url="https://fenban.example")
    sent = {"csrf_token": token_of(page), "name": "zhang", "password": PASSWORD}
    response = client.post("/login", data=sent, base_url="https://fenban.example")
    assert cookies(response) == {"__Host-fenban": "Secure; HttpOnly; Path=/; SameSite=Lax"}
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get("/", base_url="https://fenban.example").status_code == 200


def test_behind_a_server_that_says_https_it_is_secure_as_well(app: Flask) -> None:
    response = app.test_client().get("/login", base_url="https://fenban.example")
    assert cookies(response) == {"fenban-visitor": "Secure; HttpOnly; Path=/; SameSite=Lax"}
    assert "Strict-Transport-Security" not in response.headers


def test_a_login_never_goes_on_with_a_session_that_was_there_before(visitor: Visitor, app: Flask) -> None:
    visitor.client.set_cookie("fenban", "chosen-by-somebody-else")
    visitor.log_in("zhang")
    first = visitor.cookie()
    assert first != "chosen-by-somebody-else"
    visitor.post("/logout", data={"csrf_token": token_of(visitor.get("/"))})
    assert visitor.cookie() == ""
    visitor.log_in("zhang")
    assert visitor.cookie() not in ("", first)
    thief = Visitor(app)
    thief.client.set_cookie("fenban", first)
    assert thief.get("/").status_code == 303


def test_a_second_login_ends_the_session_of_the_first(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.log_in("zhang")
    first = visitor.cookie()
    token = token_of(visitor.get("/"))
    sent = {"csrf_token": token, "name": "wang", "password": PASSWORD}
    assert visitor.post("/login", data=sent).status_code == 303
    old = Visitor(app)
    old.client.set_cookie("fenban", first)
    assert old.get("/").status_code == 303


def test_a_session_ends_by_itself(visitor: Visitor, clock: Clock) -> None:
    visitor.log_in("zhang")
    clock.pass_by(minutes=29)
    assert visitor.get("/").status_code == 200
    clock.pass_by(minutes=30)
    assert visitor.get("/").status_code == 303


def test_a_disabled_account_is_out_at_once(visitor: Visitor, accounts: Accounts) -> None:
    visitor.log_in("zhang")
    accounts.disable("zhang", "user:wang")
    assert visitor.get("/").status_code == 303


def test_logging_out_is_noted(visitor: Visitor, audit: Audit) -> None:
    visitor.log_in("zhang")
    response = visitor.send("/logout")
    assert (response.status_code, response.headers["Location"]) == (303, "/login")
    assert actions(audit)[:2] == ["logout", "login"]


def test_another_password(visitor: Visitor, app: Flask, audit: Audit) -> None:
    visitor.log_in("zhang")
    elsewhere = Visitor(app)
    elsewhere.log_in("zhang")
    before = visitor.cookie()
    response = visitor.send("/password", old=PASSWORD, new=OTHER, again=OTHER)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert visitor.cookie() not in ("", before)
    assert visitor.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert elsewhere.log_in("zhang", PASSWORD).status_code == 403
    entry = next(entry for entry in audit.entries() if entry.action == "password_set")
    assert (entry.actor, entry.subject, entry.details) == ("user:zhang", "zhang", {})


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("wrong", OTHER, OTHER, "原口令不对"),
        (PASSWORD, OTHER, OTHER + "x", "不一样"),
        (PASSWORD, PASSWORD, PASSWORD, "不能与原口令相同"),
        (PASSWORD, "short", "short", "至少 10 位"),
        (PASSWORD, "zhang-Zhang-1", "zhang-Zhang-1", "不能包含用户名"),
        ("", "", "", "不能与原口令相同"),
    ],
)
def test_a_password_that_will_not_do(visitor: Visitor, old: str, new: str, again: str, told: str) -> None:
    visitor.log_in("zhang")
    response = visitor.send("/password", old=old, new=new, again=again)
    assert 400 <= response.status_code < 500
    assert told in response.text
    assert visitor.get("/").status_code == 200


def test_guessing_the_old_password_locks_too(visitor: Visitor, app: Flask) -> None:
    visitor.log_in("zhang")
    for _ in range(5):
        visitor.send("/password", old="wrong", new=OTHER, again=OTHER)
    assert Visitor(app).log_in("zhang").status_code == 403


def test_an_old_password_must_be_changed_first(visitor: Visitor, clock: Clock) -> None:
    clock.pass_by(days=91)
    visitor.log_in("zhang")
    assert visitor.get("/").headers["Location"] == "/password"
    page = visitor.get("/password")
    assert "已用满 90 天" in page.text
    assert visitor.post("/case", data={"csrf_token": token_of(page), "title": "路灯"}).status_code == 403
    visitor.send("/password", old=PASSWORD, new=OTHER, again=OTHER)
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/x\r\nX-Injected: 1",
        "/" + "x" * 3000,
    ],
)
def test_a_login_leads_nowhere_else(visitor: Visitor, target: str) -> None:
    assert "evil" not in visitor.get("/login", query_string={"next": target}).text
    response = visitor.log_in("zhang", next=target)
    assert response.headers["Location"] == "/"
    assert "X-Injected" not in response.headers


def test_all_that_is_sent_to_a_login_is_short(visitor: Visitor) -> None:
    page = visitor.get("/login")
    sent = {"csrf_token": token_of(page), "name": "zhang", "password": "x" * 100_000}
    assert visitor.post("/login", data=sent).status_code == 413


def test_without_any_account_the_login_page_says_how_to_make_one(
    router: Router, site: Site, tmp_path: Path
) -> None:

    database = open_database(f"{tmp_path}/new.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert "fenban users add" in client.get("/login").text
    assert "没有口令可改" in client.get("/password").text
    assert client.post("/login", data={"name": "admin", "password": "admin"}).status_code == 403
    database.close()


def test_every_role_has_an_account_in_these_tests() -> None:
    assert set(ROLES.values()) == set(Role)


def test_a_page_that_does_not_exist_keeps_the_menu_of_who_is_logged_in(visitor: Visitor) -> None:
    visitor.log_in("zhang")
    page = visitor.get("/no/such/page")
    assert page.status_code == 404
    assert "分办记录" in page.text
    assert "退出" in page.text


def test_a_page_that_does_not_exist_tells_a_stranger_nothing(visitor: Visitor) -> None:
    page = visitor.get("/no/such/page")
    assert page.status_code == 404
    assert "分办记录" not in page.text


def test_the_versions_are_told_after_the_login_only(visitor: Visitor) -> None:
    told = (version("fenban"), "test.1")
    assert not any(one in visitor.get("/login").text for one in told)
    visitor.log_in("zhang")
    assert all(one in visitor.get("/").text for one in told)
