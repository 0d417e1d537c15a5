from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from router.pipeline import Router
from router.site import Site
from router.storage.accounts import Accounts, Role
from router.storage.database import open_database
from router.web.app import make_app

from .stub import StubEngine


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_answered(client: FlaskClient, address: str) -> None:
    assert client.get("/healthz", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "", "unix:"])
def test_others_are_refused_while_there_is_no_key(client: FlaskClient, address: str) -> None:
    response = client.get("/api/v1/sections", environ_base={"REMOTE_ADDR": address})
    assert (response.status_code, response.get_json(force=True)["code"]) == (403, "loopback_only")


def test_the_page_refuses_in_words(client: FlaskClient) -> None:
    response = client.get("/", environ_base={"REMOTE_ADDR": "10.1.2.3"})
    assert (response.status_code, response.mimetype) == (403, "text/html")
    assert "只回应本机访问" in response.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_a_proxy_does_not_lend_its_address(client: FlaskClient, header: str) -> None:
    assert client.get("/healthz", headers={header: "10.1.2.3"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403),
        ("[::1", 403),
    ],
)
def test_the_host_must_be_this_machine(client: FlaskClient, host: str, status: int) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://localhost", 200), ("https://evil.example", 403), ("null", 403), ("http://localhost:81", 403)],
)
def test_forms_of_other_sites_are_refused(client: FlaskClient, origin: str, status: int) -> None:
    response = client.post("/case", data={"title": "路灯不亮"}, headers={"Origin": origin})
    assert response.status_code == status


@pytest.mark.parametrize("path", ["/", "/healthz", "/no/such/page", "/api/v1/nothing", "/static/page.css"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_answers_are_not_kept_by_the_browser(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["Via", "X-Forwarded-Host", "X-Forwarded-Proto"])
def test_whatever_tells_of_a_proxy_tells(client: FlaskClient, header: str) -> None:
    assert client.get("/", headers={header: "gateway"}).status_code == 403


def test_on_this_machine_forms_need_no_token(client: FlaskClient) -> None:
    page = client.get("/")
    assert "csrf_token" not in page.text
    assert "Set-Cookie" not in page.headers


def test_a_key_is_not_looked_at_while_there_is_none(client: FlaskClient) -> None:
    assert client.get("/api/v1/sections", headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_the_first_account_ends_it(router: Router, site: Site, tmp_path: Path) -> None:
    database = open_database(f"{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert [client.get(path).status_code for path in ("/", "/api/v1/sections")] == [200, 200]
    Accounts(database).create("wang", "Qinghe-2026-lamp", Role.ADMIN, "command:root")
    assert [client.get(path).status_code for path in ("/", "/api/v1/sections")] == [303, 401]
    Accounts(database).disable("wang", "command:root")
    assert [client.get(path).status_code for path in ("/", "/api/v1/sections")] == [303, 401]
    database.close()


def test_without_its_database_the_service_is_alive_and_shut(
    router: Router, site: Site, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    database = open_database(f"{tmp_path}/file/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert client.get("/healthz").status_code == 200
    elsewhere = {"REMOTE_ADDR": "10.1.2.3"}
    for path in ("/", "/healthz", "/readyz", "/api/v1/sections", "/no/such/page"):
        assert client.get(path, environ_base=elsewhere).status_code == 503
    assert client.get("/api/v1/sections").get_json(force=True)["code"] == "storage_unavailable"
    database.close()
