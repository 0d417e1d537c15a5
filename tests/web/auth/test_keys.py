from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event

from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.keys import Keys, Scope
from tests.storage.conftest import Clock

from .people import PASSWORD, Visitor, actions, bearer

SECTIONS = "/api/v1/sections"


@pytest.fixture
def secret(keys: Keys) -> str:
    return keys.create("erp", [Scope.SUGGEST], "command:root").secret


def test_a_key_opens_the_interface_from_anywhere(visitor: Visitor, secret: str) -> None:
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 200
    assert visitor.get(SECTIONS, headers={"Authorization": f"bearer  {secret} "}).status_code == 200
    assert visitor.get(SECTIONS, headers={**bearer(secret), "X-Forwarded-For": "1.2.3.4"}).status_code == 200


def test_without_a_key_the_interface_says_what_is_missing(visitor: Visitor) -> None:
    response = visitor.get(SECTIONS)
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")
    assert response.get_json(force=True)["code"] == "key_required"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="fenban"'


def test_on_this_machine_too(app: Flask) -> None:
    assert app.test_client().get(SECTIONS).status_code == 401


@pytest.mark.parametrize(
    "value",
    [
        "Bearer nonsense",
        "Bearer",
        "Bearer ",
        "Bearer fenban_",
        "Bearer a b",
        "Bearer " + "x" * 100_000,
        "Bearer 钥".encode().decode("latin-1"),
    ],
)
def test_what_is_no_key_is_refused(visitor: Visitor, value: str) -> None:
    response = visitor.get(SECTIONS, headers={"Authorization": value})
    assert (response.status_code, response.get_json(force=True)["code"]) == (401, "key_invalid")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_another_scheme_is_no_key(visitor: Visitor, secret: str) -> None:
    response = visitor.get(SECTIONS, auth=("erp", secret))
    assert response.get_json(force=True)["code"] == "key_required"


def test_a_key_is_taken_from_nowhere_but_its_header(visitor: Visitor, secret: str) -> None:
    visitor.client.set_cookie("fenban", secret)
    assert visitor.get(f"{SECTIONS}?key={secret}&access_token={secret}").status_code == 401


def test_a_revoked_key_is_refused_at_once(visitor: Visitor, keys: Keys, secret: str) -> None:
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 200
    keys.revoke("erp", "command:root")
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 401


def test_the_end_of_the_last_key_opens_nothing(visitor: Visitor, app: Flask, keys: Keys, secret: str) -> None:
    keys.revoke("erp", "command:root")
    assert app.test_client().get(SECTIONS).status_code == 401


def test_an_expired_key_is_refused(visitor: Visitor, keys: Keys, clock: Clock) -> None:
    from datetime import timedelta

    secret = keys.create("erp", [Scope.SUGGEST], "command:root", clock() + timedelta(days=1)).secret
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 200
    clock.pass_by(days=1)
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 401


def test_a_key_without_the_scope_is_refused_and_noted_once(
    visitor: Visitor, secret: str, audit: Audit
) -> None:
    for _ in range(3):
        response = visitor.get("/api/v1/plugins", headers=bearer(secret))
        assert (response.status_code, response.get_json(force=True)["code"]) == (403, "forbidden")
    (entry,) = [entry for entry in audit.entries() if entry.action == "access_refused"]
    assert (entry.actor, entry.subject) == ("key:erp", "api.plugins")


def test_wrong_keys_do_not_flood_the_audit_log(visitor: Visitor, audit: Audit) -> None:
    for turn in range(20):
        visitor.get(SECTIONS, headers=bearer(f"fenban_{turn}"))
    assert actions(audit).count("key_refused") == 1
    assert audit.entries(limit=1)[0].subject == "10.1.2.3"


def test_wrong_keys_from_many_addresses_do_not_either(app: Flask, audit: Audit) -> None:
    for turn in range(100):
        Visitor(app, f"10.1.3.{turn}").get(SECTIONS, headers=bearer("fenban_"))
    assert actions(audit).count("key_refused") == 60


def test_more_calls_than_allowed_wait(visitor: Visitor, keys: Keys, clock: Clock, audit: Audit) -> None:
    secret = keys.create("slow", [Scope.SUGGEST], "command:root", per_minute=2).secret
    answers = [visitor.get(SECTIONS, headers=bearer(secret)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[2].get_json(force=True)["code"] == "rate_limited"
    assert answers[2].headers["Retry-After"] == "60"
    assert actions(audit).count("key_limited") == 1
    clock.pass_by(seconds=60)
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 200


def test_while_no_call_can_be_counted_reading_goes_on_and_writing_waits(
    visitor: Visitor, keys: Keys, database: Database
) -> None:
    secret = keys.create("slow", [Scope.SUGGEST], "command:root", per_minute=2).secret
    database.close()
    event.listen(database._engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    for _ in range(3):
        assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 200
        assert visitor.client.head(SECTIONS, headers=bearer(secret)).status_code == 200
    response = visitor.post("/api/v1/suggest", json={"title": "路灯不亮"}, headers=bearer(secret))
    assert (response.status_code, response.get_json(force=True)["code"]) == (503, "storage_unavailable")


def test_calls_that_are_not_permitted_count_as_well(visitor: Visitor, keys: Keys) -> None:
    secret = keys.create("slow", [Scope.SUGGEST], "command:root", per_minute=1).secret
    assert visitor.get("/api/v1/plugins", headers=bearer(secret)).status_code == 403
    assert visitor.get("/api/v1/plugins", headers=bearer(secret)).status_code == 429


def test_a_key_opens_no_page(visitor: Visitor, keys: Keys) -> None:
    secret = keys.create("all", [Scope.ADMIN], "command:root").secret
    response = visitor.get("/", headers=bearer(secret))
    assert (response.status_code, response.headers["Location"]) == (303, "/login?next=/")


def test_a_login_opens_no_interface(visitor: Visitor) -> None:
    visitor.log_in("wang", PASSWORD)
    assert visitor.get("/").status_code == 200
    assert visitor.get(SECTIONS).status_code == 401
    assert visitor.post("/api/v1/suggest", json={"title": "路灯不亮"}).status_code == 401


def test_calls_with_a_key_need_no_form_token(visitor: Visitor, secret: str) -> None:
    headers = {**bearer(secret), "Origin": "https://oa.example"}
    response = visitor.post("/api/v1/suggest", json={"title": "路灯不亮"}, headers=headers)
    assert response.status_code == 200


def test_a_monitoring_agent_sees_the_service_and_nothing_else(visitor: Visitor, keys: Keys) -> None:
    secret = keys.create("zabbix", [Scope.MONITOR], "command:root").secret
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 401
    assert visitor.get("/readyz", headers=bearer(secret)).status_code == 200
    assert visitor.get(SECTIONS, headers=bearer(secret)).status_code == 403


def test_an_agent_on_this_machine_needs_no_key(app: Flask) -> None:
    assert app.test_client().get("/readyz").status_code == 200
    assert app.test_client().get("/readyz", headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 401
    assert app.test_client().get("/readyz", headers={"Host": "fenban.example"}).status_code == 401
