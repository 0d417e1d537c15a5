"""What bad requests get: a status, a stable code, a Chinese sentence."""

import gzip
import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from router.errors import FenbanError, InputError, SecretPaperError, StoreError, TamperedError, UsageError
from router.logs import JsonFormatter
from router.site import Site
from router.storage.database import Database
from router.web.app import make_app
from router.web.problems import KINDS

from .stub import StubEngine

URL = "/api/v1/suggest"


def problem(response: TestResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    body = response.get_json(force=True)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:fenban:problem:{body['code']}"
    assert body["title"] == KINDS[body["code"]].title
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    return response.status_code, body["code"]


def send(client: FlaskClient, data: bytes | str, content_type: str = "application/json") -> TestResponse:
    return client.post(URL, data=data, content_type=content_type)


@pytest.mark.parametrize(
    "data",
    [
        b"{not json",
        b"",
        "路灯".encode("gbk"),
        '{"title": "路灯"}'.encode("gb18030"),
        '{"title": "路灯"}'.encode("utf-16"),
        b'{"title": NaN}',
        b"[" * 100_000,
        b'{"case_id": ' + b"9" * 5000 + b"}",
    ],
)
def test_broken_json(client: FlaskClient, data: bytes) -> None:
    assert problem(send(client, data)) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "请求体是空的"),
        ('{"title": "文昌街"}'.encode("gbk"), "请求体不是 UTF-8 编码（第 12 个字节起），多半是发成了 GBK"),
        ('{"title": "路灯",\n "body" "不亮"}'.encode(), "请求体不是合法的 JSON：错在第 2 行第 9 个字"),
        (b'{"title": NaN}', "JSON 里不能有 NaN"),
        (b'{"title": -Infinity}', "JSON 里不能有 -Infinity"),
        (b"[" * 100_000, "JSON 的嵌套太深"),
        (b'{"case_id": ' + b"9" * 5000 + b"}", "JSON 里有的数太长"),
    ],
)
def test_broken_json_is_told_what_is_wrong_and_where(client: FlaskClient, data: bytes, said: str) -> None:
    assert send(client, data).get_json(force=True)["detail"] == said


@pytest.mark.parametrize(("encoding", "named"), [("gzip", "gzip"), ("br, <路灯>", "…")])
def test_a_compressed_body_is_named(client: FlaskClient, encoding: str, named: str) -> None:
    headers = {"Content-Encoding": encoding.encode().decode("latin-1"), "Content-Type": "application/json"}
    response = client.post(URL, data=gzip.compress(b'{"title": "x"}'), headers=headers)
    assert problem(response) == (415, "unsupported_media_type")
    assert response.get_json(force=True)["detail"] == f"不接受 Content-Encoding: {named}，请求体请不要压缩"


def test_a_body_that_says_that_it_is_not_compressed_is_read(client: FlaskClient) -> None:
    headers = {"Content-Encoding": "identity"}
    assert client.post(URL, json={"title": "路灯不亮"}, headers=headers).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type(client: FlaskClient, content_type: str) -> None:
    assert problem(send(client, b'{"title": "x"}', content_type)) == (415, "unsupported_media_type")


def test_a_body_over_the_limit(client: FlaskClient) -> None:
    assert problem(send(client, b" " * (2 * 1024 * 1024 + 1))) == (413, "body_too_large")


def test_a_body_over_the_limit_of_all_forms(client: FlaskClient) -> None:
    assert problem(send(client, b" " * (50 * 1024 * 1024 + 1))) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": 5}, "/title"),
        ({"title": "路灯", "body": ["不亮"]}, "/body"),
        ({"title": "路灯", "case_id": 28}, "/case_id"),
        ({"title": "路灯", "case_id": "9" * 201}, "/case_id"),
        ({"title": "路灯", "received_on": "2026-02-30"}, "/received_on"),
        ({"title": "路灯", "received_on": "2026/2/3"}, "/received_on"),
        ({"title": "路灯", "received_on": 20260203}, "/received_on"),
        ({"title": "路灯", "received_on": "9999-12-31"}, "/received_on"),
        (["路灯"], ""),
        ("路灯", ""),
        (None, ""),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(client: FlaskClient, fields: Any, path: str) -> None:
    response = send(client, json.dumps(fields))
    assert problem(response) == (422, "invalid_fields")
    assert [error["path"] for error in response.get_json(force=True)["errors"]] == [path]


@pytest.mark.parametrize("fields", [{}, {"nonsense": 1}, {"title": "", "body": None}, {"title": " \u3000\n"}])
def test_a_case_without_text(client: FlaskClient, fields: Any) -> None:
    response = send(client, json.dumps(fields))
    assert problem(response) == (422, "empty_text")
    assert [error["path"] for error in response.get_json(force=True)["errors"]] == ["/title", "/body"]


def test_a_text_that_is_too_long(client: FlaskClient) -> None:
    response = send(
        client, json.dumps({"title": "路灯", "body": "亮" * 200_000}, ensure_ascii=False).encode()
    )
    assert problem(response) == (422, "text_too_long")
    assert [error["path"] for error in response.get_json(force=True)["errors"]] == ["/title", "/body"]


@pytest.mark.parametrize(
    "fields", [{"title": "【机密】关于某事的建议"}, {"title": "某事", "body": "秘密★10年\n正文"}]
)
def test_a_paper_marked_secret(client: FlaskClient, fields: Any, caplog: pytest.LogCaptureFixture) -> None:
    response = send(client, json.dumps(fields))
    assert problem(response) == (422, "secret_paper")
    assert [error["path"] for error in response.get_json(force=True)["errors"]] == ["/title", "/body"]
    assert "某事" not in response.get_data(as_text=True) + caplog.text


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/", "/api/v1/suggest/", "/api/v2/suggest", "/api", "/API/v1/sections"]
)
def test_an_unknown_address_of_the_interface(client: FlaskClient, path: str) -> None:
    assert problem(client.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", URL), ("DELETE", "/api/v1/sections"), ("POST", "/healthz")]
)
def test_a_method_that_is_not_allowed(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(path, method=method)
    assert problem(response) == (405, "method_not_allowed")
    assert response.headers["Allow"]


def test_no_model(bare_client: FlaskClient) -> None:
    response = bare_client.post(URL, json={"title": "路灯不亮"})
    assert problem(response) == (503, "not_ready")
    assert "fenban train" in response.get_json(force=True)["detail"]


class FailingRouter:
    """A router that raises what it is given."""

    def __init__(self, error: Exception, site: Any) -> None:
        self.error, self.site = error, site

    def suggest(self, proposal: Any) -> None:
        raise self.error


@pytest.mark.parametrize("testing", [True, False])
def test_an_unexpected_error_tells_and_logs_no_text(
    site: Site, database: Database, caplog: pytest.LogCaptureFixture, testing: bool
) -> None:
    app = make_app(StubEngine(FailingRouter(ValueError("张三家的路灯"), site), site), database)
    app.testing = testing
    caplog.handler.setFormatter(JsonFormatter())  # as `fenban serve` writes it
    with caplog.at_level(logging.INFO):
        response = app.test_client().post(URL, json={"title": "张三家的路灯", "proposer": "张三"})
    assert problem(response) == (500, "internal")
    assert "张三" not in response.get_data(as_text=True) + caplog.text
    assert "ValueError" in caplog.text
    assert response.headers["X-Request-ID"] in caplog.text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InputError("用不了"), (422, "invalid_input")),
        (SecretPaperError("涉密"), (422, "secret_paper")),
        (UsageError("用法不对"), (400, "usage")),
        (StoreError("读不出", where="/srv/store"), (503, "store")),
        (TamperedError("摘要不符", where="/srv/store"), (503, "tampered")),
    ],
)
def test_errors_on_purpose_keep_their_code_but_no_path(
    site: Site, database: Database, error: FenbanError, expected: tuple[int, str]
) -> None:
    client = make_app(StubEngine(FailingRouter(error, site), site), database).test_client()
    response = client.post(URL, json={"title": "路灯"})
    assert problem(response) == expected
    assert "/srv" not in response.get_data(as_text=True)
    assert error.message in response.get_data(as_text=True)
