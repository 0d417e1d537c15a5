"""The OpenAPI 3.1 file, made from the schemas that requests are checked with.

``python -m router.web.openapi`` prints it; ``docs/openapi.json`` is kept equal to it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from router.web import answer_schemas, examples, rule_schemas, schemas
from router.web.problems import KINDS, MEDIA_TYPE
from router.web.recording import KEY_HEADER, KEY_PATTERN, REPLAYED
from router.web.unheeded import IGNORED, UNKNOWN

__all__ = ["OPERATIONS", "Operation", "document"]

_SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "description": "接口密钥，由 fenban keys create 建立；还没有任何密钥和账户时，只回答本机，不用密钥",
}
_OTHER_IDS = {("get", "decisions/{decision_id}"): "decision", ("get", "verdicts"): "listVerdicts"}
"""Where the path alone is no good name, or another call's."""
_REF = "#/components/schemas/{model}"
_HEADERS = {
    name: {"description": description, "schema": {"type": kind}}
    for name, kind, description in (
        (IGNORED, "string", "送来而没有用上的字段，多半是名字写错；* 是另有不便列出的。都用上了就没有这个头"),
        (UNKNOWN, "string", "kind、level、role 里哪几个的值不是接口说明里的，照原样保留；没有就没有这个头"),
        (REPLAYED, "string", "true：这是同一请求第一次的回答，什么也没有新存；不是就没有这个头"),
        ("Retry-After", "integer", "多少秒以后再送"),
        ("WWW-Authenticate", "string", '要接口密钥：Bearer realm="fenban"'),
    )
}
_UNHEEDED = (IGNORED, UNKNOWN)
_OF_STATUS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


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
    asks : type of BaseModel, optional
        Parameters of the query.
    repeatable : bool
        Whether it takes an ``Idempotency-Key``.
    """

    method: str
    path: str
    summary: str
    answer: type[BaseModel]
    example: dict[str, Any]
    takes: type[BaseModel] | None = None
    problems: tuple[str, ...] = field(default=())
    asks: type[BaseModel] | None = None
    repeatable: bool = False


_EVERYWHERE = ("loopback_only", "internal")
_KEYED = ("key_required", "key_invalid", "forbidden", "rate_limited", "storage_unavailable", "storage")
"""Keys are looked up in the database."""
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
    "store",
    "site",
    "plugin",
)
_REPEATABLE = ("invalid_idempotency_key", "idempotency_conflict")
OPERATIONS = (
    Operation(
        "post",
        "/api/v1/suggest",
        "给一件建议或提案提出分办意见，并存下",
        answer_schemas.DecisionOut,
        examples.DECISION,
        schemas.CaseIn,
        (*_BODY_PROBLEMS, *_REPEATABLE),
        repeatable=True,
    ),
    Operation(
        "post",
        "/api/v1/suggest/batch",
        "一次送许多件，逐件回答",
        answer_schemas.BatchOut,
        examples.BATCH,
        schemas.BatchIn,
        (*_BODY_PROBLEMS, *_REPEATABLE),
        repeatable=True,
    ),
    Operation(
        "post",
        "/api/v1/verdicts",
        "登记人的决定：采纳、改办、退回",
        answer_schemas.VerdictOut,
        examples.VERDICT,
        schemas.VerdictIn,
        (
            "bad_request",
            "invalid_json",
            "cross_site",
            "unknown_decision",
            "body_too_large",
            "unsupported_media_type",
            "invalid_fields",
            "not_ready",
            *_REPEATABLE,
        ),
        repeatable=True,
    ),
    Operation(
        "get",
        "/api/v1/verdicts",
        "按存下的先后列出人的决定，用来取上次以后新增的",
        answer_schemas.VerdictsOut,
        {"verdicts": [examples.VERDICT], "next": examples.VERDICT["verdict_id"], "more": False},
        problems=("unknown_verdict", "invalid_fields"),
        asks=schemas.SinceIn,
    ),
    Operation(
        "get",
        "/api/v1/decisions",
        "按存下的先后列出决定，用来取上次以后新增的",
        answer_schemas.DecisionsOut,
        {"decisions": [examples.STORED], "next": examples.STORED["decision_id"], "more": False},
        problems=("unknown_decision", "invalid_fields"),
        asks=schemas.SinceIn,
    ),
    Operation(
        "get",
        "/api/v1/decisions/{decision_id}",
        "查一个决定，连同人的全部处理",
        answer_schemas.DecisionDetailOut,
        {**examples.STORED, "verdicts": [examples.VERDICT]},
        problems=("unknown_decision",),
    ),
    Operation(
        "get",
        "/api/v1/sections",
        "本局股室和外单位",
        answer_schemas.SectionsOut,
        {"sections": [examples.SECTION]},
        problems=("not_ready",),
    ),
    Operation(
        "get",
        "/api/v1/topics",
        "主题及其所属股室",
        answer_schemas.TopicsOut,
        {"topics": [examples.TOPIC]},
        problems=("not_ready",),
    ),
    Operation(
        "get",
        "/api/v1/models",
        "模型库里的版本",
        answer_schemas.ModelsOut,
        {"models": [{"version": "2026-01-05.1", "live": True}]},
        problems=("store",),
    ),
    Operation(
        "get",
        "/api/v1/rules",
        "现在起作用的规则",
        rule_schemas.RulesOut,
        {"version": "5f2a9c01d3e4", "rules": [examples.RULE]},
        problems=("not_ready",),
    ),
    Operation(
        "post",
        "/api/v1/rules/dry-run",
        "用一件案件试规则：每条说了什么，一步步怎样定下主办；什么也不存",
        rule_schemas.DryRunOut,
        examples.DRY_RUN,
        rule_schemas.DryRunIn,
        _BODY_PROBLEMS,
    ),
    Operation(
        "get",
        "/api/v1/plugins",
        "找到的插件及其来源",
        answer_schemas.PluginsOut,
        {"plugins": [examples.PLUGIN]},
        problems=("plugin",),
    ),
    Operation("get", "/healthz", "进程是否在运行", answer_schemas.HealthOut, {"status": "ok"}),
    Operation(
        "get",
        "/readyz",
        "是否已载入模型、可以分办",
        answer_schemas.ReadyOut,
        {"status": "ready", "model": "2026-01-05.1", "problems": []},
        problems=("not_ready",),
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
        "components": {"schemas": _schemas(), "securitySchemes": {"key": _SECURITY}},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _id(operation),
        "summary": operation.summary,
        "responses": {
            "200": {
                "description": operation.answer.__doc__,
                "content": {
                    "application/json": {"schema": _ref(operation.answer), "example": operation.example}
                },
            },
            **_problem_responses(_codes(operation)),
        },
    }
    if _is_keyed(operation):
        described["security"] = [{"key": []}, {}]  # none is needed here until one is made
    if parameters := [*_in_path(operation), *_in_query(operation), *_in_headers(operation)]:
        described["parameters"] = parameters
    if headers := _answer_headers(operation):
        described["responses"]["200"]["headers"] = {name: _HEADERS[name] for name in headers}
    if operation.takes:
        content = {"application/json": {"schema": _ref(operation.takes)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _answer_headers(operation: Operation) -> list[str]:
    replayed = [REPLAYED] if operation.repeatable and operation.takes is not schemas.BatchIn else []
    return [*(_UNHEEDED if operation.takes in (schemas.CaseIn, schemas.BatchIn) else ()), *replayed]


def _is_keyed(operation: Operation) -> bool:
    return operation.path.startswith("/api/")


def _codes(operation: Operation) -> tuple[str, ...]:
    keyed = _KEYED if _is_keyed(operation) else ()
    return tuple(dict.fromkeys((*_EVERYWHERE, *keyed, *operation.problems)))


def _id(operation: Operation) -> str:
    path = operation.path.strip("/").replace("api/v1/", "")
    first, *more = re.split(r"\W", path)
    return _OTHER_IDS.get((operation.method, path), first + "".join(map(str.capitalize, more)))


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    if "{decision_id}" not in operation.path:
        return []
    schema = {"type": "string", "pattern": schemas.DECISION_ID}
    return [{"name": "decision_id", "in": "path", "required": True, "schema": schema}]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    properties = operation.asks.model_json_schema()["properties"] if operation.asks else {}
    return [
        {
            "name": name,
            "in": "query",
            "description": schema.get("description", ""),
            "schema": _not_null({key: schema[key] for key in schema if key not in ("title", "description")}),
        }
        for name, schema in properties.items()
    ]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out null, which a query can't hold."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
    if not kinds:
        return rest
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _in_headers(operation: Operation) -> list[dict[str, Any]]:
    if not operation.repeatable:
        return []
    description = "同一个键、同样的请求再送一次，得到第一次的回答（24 小时内）；键相同而请求不同答 409"
    schema = {"type": "string", "pattern": KEY_PATTERN}
    return [{"name": KEY_HEADER, "in": "header", "description": description, "schema": schema}]


def _problem_responses(codes: tuple[str, ...]) -> dict[str, Any]:
    """Describe problems by status; one status may stand for several codes."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {str(status): _problem_response(status, by_status[status]) for status in sorted(by_status)}


def _problem_response(status: int, codes: list[str]) -> dict[str, Any]:
    examples = {code: {"value": _problem_example(code)} for code in codes}
    content = {MEDIA_TYPE: {"schema": _ref(answer_schemas.ProblemOut), "examples": examples}}
    description = "；".join(f"{code} {KINDS[code].detail}" for code in codes)
    header = _OF_STATUS.get(status)
    headers = {"headers": {header: _HEADERS[header]}} if header else {}
    return {"description": description, **headers, "content": content}


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
    taken = {operation.takes for operation in OPERATIONS if operation.takes}
    _, definitions = models_json_schema(
        [
            *((model, "validation") for model in sorted(taken, key=lambda m: m.__name__)),
            (answer_schemas.ProblemOut, "serialization"),
            *((answer, "serialization") for answer in answers),
        ],
        ref_template=_REF,
    )
    found: dict[str, Any] = definitions["$defs"]
    return found


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


if __name__ == "__main__":
    print(json.dumps(document(), ensure_ascii=False, indent=1))
