"""What is typed into any field is data, wherever it comes out again."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from router.storage.accounts import Accounts
from router.storage.audit import Audit
from router.storage.database import Database

from .people import PASSWORD, Visitor, token_of

HOSTILE = [
    "' OR '1'='1' --",
    "'; DROP TABLE users; --",
    '"><script>alert(1)</script>',
    "{{ 7*7 }}${7*7}<%= 7*7 %>",
    "x\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "../../../../etc/passwd",
    "\x00",
    "\ud800",
    "=cmd|' /C calc'!A0",
    "%0d%0aX-Injected:1",
    "路" * 5000,
]


def is_safe(response: TestResponse, sent: str) -> None:
    assert response.status_code < 500
    assert "X-Injected" not in response.headers
    assert not any(line.startswith("a=") for line in response.headers.getlist("Set-Cookie"))
    assert "<script>alert" not in response.text
    assert "Traceback" not in response.text
    if "7*7" in sent:
        assert "$49" not in response.text


def raw(value: str) -> bytes:
    """Encode as a browser would not: half characters as well."""
    return value.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("field", ["name", "password", "next", "csrf_token", "unknown"])
def test_the_login_form(visitor: Visitor, field: str) -> None:
    token = token_of(visitor.get("/login"))
    for value in HOSTILE:
        sent = {"csrf_token": token, "name": "nobody", "password": "x", field: raw(value)}
        is_safe(visitor.post("/login", data=sent), value)
        assert visitor.cookie() == ""


@pytest.mark.parametrize("field", ["old", "new", "again"])
def test_the_password_form(visitor: Visitor, field: str) -> None:
    visitor.log_in("zhang")
    for value in HOSTILE:
        sent = {"old": PASSWORD, "new": "x", "again": "y", field: raw(value)}
        is_safe(visitor.send("/password", **sent), value)


@pytest.mark.parametrize("field", ["title", "body", "case_id", "session", "kind", "role", "received_on"])
def test_the_case_form(visitor: Visitor, field: str) -> None:
    visitor.log_in("zhang")
    token = token_of(visitor.get("/"))
    for value in HOSTILE:
        response = visitor.post("/case", data={"csrf_token": token, "title": "路灯不亮", field: raw(value)})
        assert response.status_code < 500, value
        assert "<script>alert" not in response.text
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/audit?before=", "/audit?verify=", "/login?next=", "/?", "/audit?"])
def test_the_addresses(visitor: Visitor, path: str) -> None:
    visitor.log_in("wang")
    for value in HOSTILE:
        is_safe(visitor.get(path + quote_from_bytes(raw(value))), value)


def test_a_row_number_that_is_none(visitor: Visitor) -> None:
    visitor.log_in("zhao")
    for before in ("0", "-1", "x", "", "1.5", "9" * 30, "１", str(2**63)):
        assert visitor.get("/audit", query_string={"before": before}).status_code == 400, before


@pytest.mark.parametrize(
    "header", ["Authorization", "Cookie", "X-Remote-User", "X-Forwarded-For", "Origin", "Host", "Referer"]
)
def test_the_headers(visitor: Visitor, header: str) -> None:
    scheme = {"Authorization": "Bearer ", "Cookie": "fenban="}.get(header, "")
    for value in (one for one in HOSTILE if one.isprintable() and one.isascii()):
        for path in ("/", "/api/v1/sections", "/readyz", "/login"):
            assert visitor.get(path, headers={header: scheme + value}).status_code < 500, value


def test_hostile_names_stand_in_the_log_as_they_are(visitor: Visitor, database: Database) -> None:
    Audit(database).add("user:<b>x</b>", "<i>do</i>", "<script>alert(1)</script>", reason="<img src=x>")
    visitor.log_in("zhao")
    page = visitor.get("/audit").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>" not in page
    assert "<img src=x" not in page


def test_nothing_was_dropped(visitor: Visitor, database: Database, accounts: Accounts) -> None:
    for value in HOSTILE[:2]:
        visitor.log_in(value, value)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 4
    assert visitor.log_in("zhang").status_code == 303
