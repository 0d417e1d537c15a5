"""Every endpoint against everybody who may come to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from router.pipeline import Router
from router.site import Site
from router.storage.database import open_database
from router.storage.keys import Keys, Scope
from router.web import accounts_pages
from router.web.app import make_app
from router.web.permissions import HOME, PERMISSIONS, permission
from tests.storage.conftest import Clock
from tests.web.stub import StubEngine

from .people import ELSEWHERE, ROLES, Visitor, bearer, token_of

CALLERS = ("nobody", "here", "zhang", "li", "wang", "zhao", *(f"key:{scope.value}" for scope in Scope))

# Who is answered, written down a second time: a slip in the table would else be its own proof.
# zhang is a clerk, li a section head, wang an administrator, zhao an auditor; here is this machine.
EVERYBODY = set(CALLERS)
PEOPLE = {"zhang", "li", "wang", "zhao"}
LOOKS_UP = {"key:suggest", "key:verdict", "key:admin"}
WATCHES = {"here", "wang", "zhao", "key:monitor", "key:admin"}
EXPECTED: dict[str, set[str]] = {
    "static": EVERYBODY,
    "health.healthz": EVERYBODY,
    "health.readyz": WATCHES,
    "health.metrics": WATCHES,
    "health.openapi": PEOPLE | LOOKS_UP | {"key:monitor"},
    "api.suggest": {"key:suggest", "key:admin"},
    "api.suggest_batch": {"key:suggest", "key:admin"},
    "api.verdicts": {"key:verdict", "key:admin"},
    "api.decision": LOOKS_UP,
    "api.decisions": {"key:verdict", "key:admin"},
    "api.verdict_list": {"key:verdict", "key:admin"},
    "api.sections": LOOKS_UP,
    "api.topics": LOOKS_UP,
    "api.models": LOOKS_UP,
    "api.rules": LOOKS_UP,
    "api.dry_run": {"key:admin"},
    "api.plugins": {"key:admin"},
    "pages.index": {"zhang", "wang"},
    "pages.case": {"zhang", "wang"},
    "pages.file": {"zhang", "wang"},
    "pages.table": {"zhang", "wang"},
    "pages.back": {"zhang", "wang"},
    "pages.decisions": PEOPLE,
    "pages.decisions_table": PEOPLE,
    "pages.decision": PEOPLE,
    "pages.decide": PEOPLE - {"zhao"},
    "pages.docs": PEOPLE,
    "accounts.login": EVERYBODY,
    "accounts.enter": EVERYBODY,
    "accounts.leave": PEOPLE,
    "accounts.password": PEOPLE,
    "accounts.change_password": PEOPLE,
    "accounts.audit": {"wang", "zhao"},
}


@pytest.fixture(scope="module")
def app(
    router: Router, site: Site, guarded_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    path = tmp_path_factory.mktemp("matrix") / "fenban.db"
    shutil.copy(guarded_template, path)
    database = open_database(f"sqlite:///{path}", clock=Clock())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts_pages, "REFUSED_AFTER", 0.0)
        yield make_app(StubEngine(router, site), database)
    database.close()


@pytest.fixture(scope="module")
def secrets(app: Flask) -> dict[str, str]:
    keys = Keys(app.extensions["fenban"].database)
    return {f"key:{one.value}": keys.create(one.value, [one], "command:root").secret for one in Scope}


@pytest.fixture(scope="module")
def sessions(app: Flask) -> dict[str, str]:
    """Return a session's cookie by name."""
    found = {}
    for name in ROLES:
        visitor = Visitor(app)
        visitor.log_in(name)
        found[name] = visitor.cookie()
    return found


class Asking:
    """Somebody who tries every door."""

    def __init__(self, app: Flask, who: str, secrets: dict[str, str], sessions: dict[str, str]) -> None:
        self._address = "127.0.0.1" if who == "here" else ELSEWHERE
        self._headers = bearer(secrets[who]) if who in secrets else {}
        self._visitor = Visitor(app, self._address)
        if who in sessions:
            self._visitor.client.set_cookie("fenban", sessions[who])
        self._person = who in sessions

    def __call__(self, rule: Rule, method: str) -> TestResponse:
        path = rule.build({name: "page.css" if name == "filename" else "0" * 32 for name in rule.arguments})
        assert path
        sent = {"csrf_token": self._token()} if method == "POST" else None
        client: FlaskClient = self._visitor.client
        return client.open(
            path[1],
            method=method,
            data=sent,
            headers=self._headers,
            environ_base={"REMOTE_ADDR": self._address},
        )

    def _token(self) -> str:
        return token_of(self._visitor.get("/password" if self._person else "/login"))


def rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def is_answered(response: TestResponse, endpoint: str) -> bool:
    """Tell an answer, also one that something else is wrong, from a refusal."""
    if response.status_code == 303 and endpoint != "accounts.login":
        return not response.headers["Location"].startswith(("/login?", "/audit", "/decisions"))
    return response.status_code not in (401, 403) or "用户名或口令不对" in response.text


def test_every_endpoint_is_in_the_table(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - set(PERMISSIONS) == set()
    assert endpoints - set(EXPECTED) == set()


def test_what_is_not_in_the_table_answers_nobody(router: Router, site: Site, app: Flask) -> None:
    database = app.extensions["fenban"].database
    other = make_app(StubEngine(router, site), database)
    other.add_url_rule("/new", "pages.new", lambda: "secret")
    other.add_url_rule("/api/v1/new", "api.new", lambda: "secret")
    visitor = Visitor(other)
    visitor.log_in("wang")
    assert {visitor.get(path).status_code for path in ("/new", "/api/v1/new")} == {403}
    secret = Keys(database).create("for-new", [Scope.ADMIN], "command:root").secret
    assert {
        Visitor(other).get(path, headers=bearer(secret)).status_code for path in ("/new", "/api/v1/new")
    } == {403}


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_at_every_door(
    app: Flask, who: str, secrets: dict[str, str], sessions: dict[str, str]
) -> None:
    wrong = []
    for rule, method in sorted(rules(app), key=lambda one: one[0].endpoint == "accounts.leave"):
        response = Asking(app, who, secrets, sessions)(rule, method)
        response.close()  # a static file
        if is_answered(response, rule.endpoint) != (who in EXPECTED[rule.endpoint]):
            wrong.append(f"{method} {rule.rule}: {response.status_code}")
        if response.status_code == 401:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert response.mimetype == "application/problem+json"
    assert wrong == []


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_methods_open_no_door(app: Flask, method: str) -> None:
    visitor = Visitor(app)
    for path in ("/", "/audit", "/api/v1/sections"):
        response = visitor.client.open(path, method=method, environ_base={"REMOTE_ADDR": ELSEWHERE})
        assert response.status_code in (303, 401, 403)


def test_an_address_that_is_none_and_a_wrong_method_are_told_to_anybody(app: Flask) -> None:
    assert Visitor(app).get("/no/such/page").status_code == 404
    assert Visitor(app).get("/api/v1/suggest").status_code == 405


def test_everybody_may_go_where_they_begin() -> None:
    assert all(role in permission(endpoint).roles for role, endpoint in HOME.items())
