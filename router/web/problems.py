"""Errors as ``application/problem+json`` (RFC 9457), each with a stable code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g
from pydantic import ValidationError

from router.errors import FenbanError

__all__ = [
    "KINDS",
    "FieldError",
    "Kind",
    "ProblemError",
    "field_errors",
    "from_fenban_error",
    "problem_json",
    "response",
]

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = "5"
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem.

    Parameters
    ----------
    code : str
        Stable; programs decide by it.
    status : int
    title : str
        English, the same every time.
    detail : str
        Chinese, used where nothing more exact is known.
    """

    code: str
    status: int
    title: str
    detail: str


_ALL = (
    Kind("bad_request", 400, "Bad request", "请求格式不对"),
    Kind("invalid_json", 400, "Malformed JSON", "请求体不是 UTF-8 编码的合法 JSON"),
    Kind(
        "invalid_idempotency_key",
        400,
        "Unusable Idempotency-Key",
        "Idempotency-Key 须为 1 至 255 个可见的 ASCII 字符",
    ),
    Kind("usage", 400, "Wrong usage", "调用方式不对"),
    Kind("key_required", 401, "API key required", "需要接口密钥：Authorization: Bearer 密钥"),
    Kind("key_invalid", 401, "API key not accepted", "接口密钥不对、已停用或已到期"),
    Kind("loopback_only", 403, "Only local clients are answered", "未配置访问密钥，本服务只回应本机访问"),
    Kind("cross_site", 403, "Cross-site form refused", "不接受从其他网站提交的表单"),
    Kind("form_expired", 403, "Form expired", "页面已过期，没有提交；请返回、刷新页面后再提交一次"),
    Kind("forbidden", 403, "Not permitted", "没有这项权限，请找管理员"),
    Kind("login_required", 403, "Login required", "还没有登录或登录已过期，没有提交；请登录后再提交一次"),
    Kind("login_refused", 403, "Login refused", "用户名或口令不对"),
    Kind("password_expired", 403, "Password must be changed", "口令已到期，请先改口令"),
    Kind("unknown_account", 403, "No such account", "统一身份认证给出的用户在本系统没有账户，请找管理员"),
    Kind("untrusted_proxy", 403, "Identity header refused", "身份头只能由登记的代理服务器发来"),
    Kind("not_found", 404, "Not found", "没有这个地址"),
    Kind("unknown_decision", 404, "No such decision", "没有这个编号的决定"),
    Kind("unknown_verdict", 404, "No such verdict", "没有这个编号的处理"),
    Kind("method_not_allowed", 405, "Method not allowed", "此地址不支持这种请求方法"),
    Kind(
        "idempotency_conflict",
        409,
        "Idempotency-Key used for another request",
        "这个 Idempotency-Key 已用于另一个请求，不同的请求请换一个键",
    ),
    Kind("overtaken", 409, "Decided on in the meantime", "这一件的处理与打开这一页时不同，这次没有存"),
    Kind("body_too_large", 413, "Request body too large", "请求体过大"),
    Kind("unsupported_media_type", 415, "Unsupported media type", "请求体须为 application/json"),
    Kind("invalid_fields", 422, "Invalid fields", "有字段不合要求"),
    Kind("empty_text", 422, "No text to route", "案由和正文都是空的，至少填一项"),
    Kind("text_too_long", 422, "Text too long", "文字过长"),
    Kind("secret_paper", 422, "Paper marked as secret", "标有密级的文件不得进入本系统"),
    Kind("invalid_input", 422, "Unusable input", "输入无法使用"),
    Kind("rate_limited", 429, "Too many requests", "请求太频繁，请稍后再试"),
    Kind("internal", 500, "Internal error", "系统内部出错，请把请求号告知管理员"),
    Kind("site", 500, "Site files are wrong", "站点文件有误，请告知管理员"),
    Kind("plugin", 500, "Plugin failed", "插件有误，请告知管理员"),
    Kind("output", 500, "Result could not be written", "结果写不出来，请告知管理员"),
    Kind("storage", 500, "Database unusable", "数据库有问题，请告知管理员"),
    Kind("not_ready", 503, "Not ready", "现在还不能回答"),
    Kind("store", 503, "Model store unavailable", "模型库暂不可用"),
    Kind("tampered", 503, "Model failed its integrity check", "模型文件未通过完整性校验"),
    Kind("storage_unavailable", 503, "Database unavailable", "数据库暂不可用，没有确认存上，请稍后重试"),
)
KINDS: Mapping[str, Kind] = {kind.code: kind for kind in _ALL}

_BY_STATUS = {
    status: next(kind for kind in _ALL if kind.status == status)
    for status in (400, 404, 405, 413, 415, 422, 500)
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    Parameters
    ----------
    path : str
        JSON pointer into the request body; empty for the body as a whole.
    message : str
        Chinese.
    """

    path: str
    message: str


class ProblemError(Exception):
    """A problem to answer a request with.

    Parameters
    ----------
    code : str
        A key of `KINDS`.
    detail : str, optional
        One Chinese sentence; else the kind's own.
    errors : iterable of FieldError, optional
    headers : mapping of str to str, optional
        Of the answer.

    Examples
    --------
    >>> problem = ProblemError("empty_text")
    >>> problem.kind.status, problem.detail
    (422, '案由和正文都是空的，至少填一项')
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = KINDS[code]
        self.detail = detail or self.kind.detail
        self.errors = tuple(errors)
        later = {"Retry-After": _RETRY_AFTER} if self.kind.status == 503 else {}
        self.headers = {**later, **(headers or {})}
        super().__init__(code)


def response(problem: ProblemError) -> Response:
    """Write a problem as the answer to a JSON call."""
    text = current_app.json.dumps(problem_json(problem))
    return Response(text, problem.kind.status, headers=problem.headers, content_type=MEDIA_TYPE)


def problem_json(problem: ProblemError) -> dict[str, Any]:
    """Return a problem JSON-ready, with the number of the request at hand."""
    kind = problem.kind
    body: dict[str, Any] = {
        "type": f"urn:fenban:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": kind.code,
        "request_id": g.get("request_id", ""),
    }
    if problem.errors:
        body["errors"] = [{"path": e.path, "message": e.message} for e in problem.errors]
    return body


def from_status(status: int) -> ProblemError:
    """Return the problem that stands for an HTTP status raised by the framework."""
    if status not in _BY_STATUS:
        status = 500 if status >= 500 else 400
    return ProblemError(_BY_STATUS[status].code)


def from_fenban_error(error: FenbanError) -> ProblemError:
    """Return the problem for an error that fenban raised on purpose.

    The place is left out where the fault is the server's: it is a path there.
    """
    kind = KINDS.get(error.code, KINDS["internal"])
    if kind.code == "internal":
        return ProblemError("internal")
    if kind.status < 500:
        return ProblemError(kind.code, str(error))
    return ProblemError(kind.code, "。".join(part for part in (error.message, error.hint) if part))


_MESSAGES = {
    "missing": "必须填写",
    "string_type": "须为字符串",
    "string_too_long": "最多 {max_length} 个字",
    "string_unicode": "含有无法编码的字符",
    "model_type": "须为 JSON 对象",
    "int_parsing": "须为整数",
    "string_pattern_mismatch": "写法不对",
    "enum": "须为 {expected} 之一",
    "moment": "须为日期或带时区的时间，写作 2026-03-01 或 2026-03-01T08:00:00+08:00",
    "list_type": "须为数组",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "extra_forbidden": "没有这一项",
    "literal_error": "须为 {expected} 之一",
    "word_groups": "须为词，或者一列词",
    "string_too_short": "不能为空",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "bool_type": "须为 true 或 false",
    "iso_date": "须为 1980 至 2099 年间的日期，写作 2026-03-01",
}


def field_errors(error: ValidationError) -> list[FieldError]:
    """Tell in Chinese what pydantic found, without repeating what was sent."""
    return [
        FieldError(
            _pointer(found["loc"]),
            _MESSAGES.get(found["type"], "格式不对").format(**_in_chinese(found.get("ctx", {}))),
        )
        for found in error.errors(include_url=False, include_input=False)
    ]


def _in_chinese(context: Mapping[str, Any]) -> dict[str, Any]:
    """Join what may be written as Chinese does; pydantic writes 'a', 'b' or 'c'."""
    expected = str(context.get("expected", "")).replace(" or ", ", ").replace(", ", "、")
    return {**context, "expected": expected.replace("'", "")}


def _pointer(loc: Iterable[int | str]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in loc)
