"""A site may let its portal say who has logged in there."""

from __future__ import annotations

import pytest
from flask import Flask

from router.pipeline import Router
from router.site import Site
from router.site_access import Access, to_address
from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit
from router.storage.database import Database
from router.web.app import make_app
from tests.web.stub import StubEngine

from .people import PASSWORD, Visitor, actions, token_of, with_access


@pytest.fixture
def app(router: Router, site: Site, database: Database) -> Flask:
    proxy = to_address("10.0.0.5")
    assert proxy
    return with_access(router, site, database, Access(False, "X-Remote-User", frozenset({proxy})))


@pytest.fixture
def portal(app: Flask) -> Visitor:
    return Visitor(app, "10.0.0.5")


def test_who_is_named_is_let_in(portal: Visitor) -> None:
    page = portal.get("/", headers={"X-Remote-User": "zhang"})
    assert page.status_code == 200
    assert "<span>zhang</span>" in page.text
    assert "改口令" not in page.text
    assert portal.get("/audit", headers={"X-Remote-User": "zhang"}).status_code == 403


def test_a_chinese_name(portal: Visitor, accounts: Accounts) -> None:
    accounts.create("张三", PASSWORD, Role.CLERK, "command:root")
    name = "张三".encode().decode("latin-1")
    assert portal.get("/", headers={"X-Remote-User": name}).status_code == 200


@pytest.mark.parametrize("name", ["nobody", "zhang,wang", "\xff", "' OR 1=1 --", "ZHANG"])
def test_who_has_no_account_is_not(portal: Visitor, name: str) -> None:
    response = portal.get("/", headers={"X-Remote-User": name})
    assert response.status_code == 403
    assert "没有账户" in response.text


def test_nor_whose_account_is_disabled(portal: Visitor, accounts: Accounts) -> None:
    accounts.disable("zhang", "user:wang")
    assert portal.get("/", headers={"X-Remote-User": "zhang"}).status_code == 403


@pytest.mark.parametrize("address", ["10.0.0.6", "127.0.0.1", "::1"])
def test_nobody_else_may_name_anybody(app: Flask, address: str, audit: Audit) -> None:
    visitor = Visitor(app, address)
    for path in ("/", "/login", "/api/v1/sections"):
        response = visitor.get(path, headers={"X-Remote-User": "wang"})
        assert response.status_code == 403
    assert actions(audit)[0] == "identity_refused"


def test_the_name_opens_no_interface(portal: Visitor) -> None:
    assert portal.get("/api/v1/sections", headers={"X-Remote-User": "wang"}).status_code == 401


def test_forms_need_their_token_here_too(portal: Visitor) -> None:
    named = {"X-Remote-User": "zhang"}
    token = token_of(portal.get("/", headers=named))
    sent = {"title": "路灯不亮"}
    assert portal.post("/case", data=sent, headers=named).status_code == 403
    assert portal.post("/case", data={**sent, "csrf_token": token}, headers=named).status_code == 200
    other = {"X-Remote-User": "wang"}
    assert portal.post("/case", data={**sent, "csrf_token": token}, headers=other).status_code == 403


def test_without_a_name_there_is_the_login_page(portal: Visitor) -> None:
    assert portal.get("/").status_code == 303
    portal.log_in("zhang")
    assert portal.get("/").status_code == 200


def test_logins_through_the_proxy_are_counted_by_client(portal: Visitor, audit: Audit) -> None:
    page = portal.get("/login")
    sent = {"csrf_token": token_of(page), "name": "x", "password": "y"}
    portal.post("/login", data=sent, headers={"X-Forwarded-For": "9.9.9.9, 10.8.8.8"})
    assert audit.entries(limit=1)[0].subject == "10.8.8.8"


def test_where_no_header_is_configured_it_says_nothing(
    router: Router, site: Site, database: Database
) -> None:
    app = make_app(StubEngine(router, site), database)
    assert Visitor(app).get("/", headers={"X-Remote-User": "wang"}).status_code == 303
