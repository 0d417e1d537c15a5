import json
import re
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema

from benchmarks.fuzz import BEYOND_SCHEMAS, FUZZED, takes_something
from router.web.answer_schemas import ProblemOut
from router.web.openapi import OPERATIONS, Operation, document
from router.web.problems import KINDS

ROOT = Path(__file__).resolve().parents[2]


def test_every_json_address_is_described(app: Flask) -> None:
    served = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in ("api", "health")
        and rule.rule not in ("/openapi.json", "/metrics")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert served == {(operation.method, operation.path) for operation in OPERATIONS}


def test_no_two_calls_have_the_same_name() -> None:
    names = [one["operationId"] for path in document()["paths"].values() for one in path.values()]
    assert len(set(names)) == len(OPERATIONS)


def test_names_of_calls_are_names_in_any_language() -> None:
    names = {one["operationId"] for path in document()["paths"].values() for one in path.values()}
    assert all(re.fullmatch("[a-z][A-Za-z]*", name) for name in names)
    assert {"suggest", "suggestBatch", "verdicts", "listVerdicts", "decision", "rulesDryRun"} <= names


def test_what_is_sent_is_one_plain_class_each_and_what_is_asked_a_plain_value() -> None:
    for name in ("CaseIn", "BatchIn", "VerdictIn", "DryRunIn"):
        assert not {"anyOf", "oneOf", "allOf"} & document()["components"]["schemas"][name].keys()
    for call in ("verdicts", "decisions"):
        for asked in document()["paths"][f"/api/v1/{call}"]["get"]["parameters"]:
            assert asked["schema"]["type"] in ("string", "integer")


@pytest.mark.parametrize(
    ("method", "path", "status", "names"),
    [
        ("post", "suggest", "200", {"Fenban-Ignored-Fields", "Fenban-Unknown-Values", "Idempotent-Replayed"}),
        ("post", "suggest/batch", "200", {"Fenban-Ignored-Fields", "Fenban-Unknown-Values"}),
        ("post", "verdicts", "200", {"Idempotent-Replayed"}),
        ("get", "decisions", "401", {"WWW-Authenticate"}),
        ("get", "sections", "429", {"Retry-After"}),
        ("post", "suggest", "503", {"Retry-After"}),
        ("get", "sections", "200", set()),
    ],
)
def test_the_headers_of_an_answer_are_described(method: str, path: str, status: str, names: set[str]) -> None:
    answer = document()["paths"][f"/api/v1/{path}"][method]["responses"][status]
    assert answer.get("headers", {}).keys() == names


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.path)
def test_examples_fit_their_schemas(operation: Operation) -> None:
    operation.answer.model_validate(operation.example)
    if operation.takes:
        for example in operation.takes.model_config["json_schema_extra"]["examples"]:
            operation.takes.model_validate(example)


def test_problem_examples_fit_the_schema() -> None:
    for path in document()["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                for code, example in (
                    response["content"].get("application/problem+json", {}).get("examples", {}).items()
                ):
                    found = ProblemOut.model_validate(example["value"])
                    assert (str(found.status), found.code) == (status, code)


def test_codes_and_statuses_are_stable() -> None:
    # Other systems decide by these: adding is fine, changing is not.
    assert {kind.code: kind.status for kind in KINDS.values()}.items() >= {
        "invalid_json": 400,
        "loopback_only": 403,
        "not_found": 404,
        "body_too_large": 413,
        "unsupported_media_type": 415,
        "invalid_fields": 422,
        "empty_text": 422,
        "text_too_long": 422,
        "secret_paper": 422,
        "internal": 500,
        "not_ready": 503,
    }.items()


def test_the_document_is_served_as_openapi_3_1(client: FlaskClient) -> None:
    served = client.get("/openapi.json").get_json()
    assert served["openapi"].startswith("3.1")
    assert served == document()


def test_the_checked_in_file_is_the_one_that_is_served() -> None:
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == document(), "python -m router.web.openapi > docs/openapi.json"


@pytest.fixture(scope="module")
def described(app: Flask) -> BaseSchema:
    def from_this_machine(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app({**environ, "REMOTE_ADDR": "127.0.0.1"}, start)

    return schemathesis.openapi.from_wsgi("/openapi.json", from_this_machine)


@pytest.mark.parametrize(("operation", "mode"), FUZZED, ids=lambda given: getattr(given, "path", str(given)))
def test_whatever_is_sent_is_answered_as_described(
    described: BaseSchema, operation: Operation, mode: GenerationMode
) -> None:
    # By hand: schemathesis' own pytest plugin reaches into parts of pytest that version 9 took away.
    fuzzed = described[operation.path][operation.method.upper()]

    examples = 100 if takes_something(operation) else 5

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(case=fuzzed.as_strategy(generation_mode=mode))
    def answered_as_described(case: Case) -> None:
        case.call_and_validate(excluded_checks=BEYOND_SCHEMAS.get(operation.path, []))

    answered_as_described()
