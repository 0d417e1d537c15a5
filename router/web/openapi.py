"""The OpenAPI 3.1 file, made from the schemas that requests are checked with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from router.web import examples, schemas
from router.web.problems import KINDS, MEDIA_TYPE

__all__ = ["OPERATIONS", "Operation", "document"]

_REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call.

    Parameters
    ----------
    method, path : str
    summary : str
        Chinese.
    answer : type of BaseModel
        Body of the 200 response.
    example : dict
        Of the answer.
    takes : type of BaseModel, optional
        Body of the request.
    problems : tuple of str
        Codes of the problems it may answer with, beside those of all calls.
    """

    method: str
    path: str
    summary: str
    answer: type[BaseModel]
    example: dict[str, Any]
    takes: type[BaseModel] | None = None
    problems: tuple[str, ...] = field(default=())


_EVERYWHERE = ("loopback_only", "internal")
_BODY_PROBLEMS = (
    "bad_request",
    "invalid_json",
    "cross_site",
    "body_too_large",
    "unsupported_media_type",
    "invalid_fields",
    "empty_text",
    "text_too_long",
    "secret_paper",
    "not_ready",
    "tampered",
    "store",
    "site",
    "plugin",
)
OPERATIONS = (
    Operation(
        "post",
        "/api/v1/suggest",
        "给一件建议或提案提出分办意见",
        schemas.DecisionOut,
        examples.DECISION,
        schemas.CaseIn,
        _BODY_PROBLEMS,
    ),
    Operation(
        "get", "/api/v1/sections", "本局股室和外单位", schemas.SectionsOut, {"sections": [examples.SECTION]}
    ),
    Operation("get", "/api/v1/topics", "主题及其所属股室", schemas.TopicsOut, {"topics": [examples.TOPIC]}),
    Operation(
        "get",
        "/api/v1/models",
        "模型库里的版本",
        schemas.ModelsOut,
        {"models": [{"version": "2026-01-05.1", "live": True}]},
        problems=("store",),
    ),
    Operation(
        "get",
        "/api/v1/plugins",
        "找到的插件及其来源",
        schemas.PluginsOut,
        {"plugins": [examples.PLUGIN]},
        problems=("plugin",),
    ),
    Operation("get", "/healthz", "进程是否在运行", schemas.HealthOut, {"status": "ok"}),
    Operation(
        "get",
        "/readyz",
        "是否已载入模型、可以分办",
        schemas.ReadyOut,
        {"status": "ready", "model": "2026-01-05.1"},
        problems=("not_ready", "tampered", "store"),
    ),
)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document; the same object every time."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fenban 分办",
            "version": version("fenban"),
            "description": "建议、提案分办服务。结果只是意见，由人决定。出错时按 code 判断，detail 给人看。",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.path.strip("/").replace("api/v1/", ""),
        "summary": operation.summary,
        "responses": {
            "200": {
                "description": operation.answer.__doc__,
                "content": {
                    "application/json": {"schema": _ref(operation.answer), "example": operation.example}
                },
            },
            **_problem_responses((*_EVERYWHERE, *operation.problems)),
        },
    }
    if operation.takes:
        content = {"application/json": {"schema": _ref(operation.takes)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _problem_responses(codes: tuple[str, ...]) -> dict[str, Any]:
    """Describe problems by status; one status may stand for several codes."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {str(status): _problem_response(by_status[status]) for status in sorted(by_status)}


def _problem_response(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"value": _problem_example(code)} for code in codes}
    content = {MEDIA_TYPE: {"schema": _ref(schemas.ProblemOut), "examples": examples}}
    return {"description": "；".join(f"{code} {KINDS[code].detail}" for code in codes), "content": content}


def _problem_example(code: str) -> dict[str, Any]:
    kind = KINDS[code]
    example: dict[str, Any] = {
        "type": f"urn:fenban:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "code": code,
        "request_id": "3f0c9b6e1d2a",
    }
    if code == "invalid_fields":
        example["errors"] = [{"path": "/title", "message": "须为字符串"}]
    return example


def _schemas() -> dict[str, Any]:
    answers = [operation.answer for operation in OPERATIONS]
    _, definitions = models_json_schema(
        [
            (schemas.CaseIn, "validation"),
            (schemas.ProblemOut, "serialization"),
            *((answer, "serialization") for answer in answers),
        ],
        ref_template=_REF,
    )
    found: dict[str, Any] = definitions["$defs"]
    return found


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
