"""From what was sent to a case that may go on: checked, screened, masked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from router.errors import InputError
from router.interfaces import ReadProblem
from router.pipeline import Router
from router.proposal import Proposal
from router.readers import Screen
from router.readers.masking import mask
from router.readers.values import normal_kind, normal_level, normal_role
from router.site import Site
from router.verdict import Verdict, VerdictKind
from router.web.engine import Engine
from router.web.problems import FieldError, ProblemError, field_errors
from router.web.schemas import CaseIn, VerdictIn

__all__ = [
    "checked",
    "json_body",
    "json_bytes",
    "known_site",
    "live_router",
    "parsed_json",
    "to_proposal",
    "to_verdict",
]

M = TypeVar("M", bound=BaseModel)

_SCREEN_CODES = {"secret": "secret_paper", "bad_value": "text_too_long", "empty": "empty_text"}
_BOTH_TEXTS = ("/title", "/body")
_PLAIN = ("", "identity")
_NAME = re.compile(r"[A-Za-z0-9., -]{1,40}", re.ASCII)


def json_bytes(request: Request, limit: int) -> bytes:
    """Read the body of a JSON request of at most `limit` bytes.

    Raises
    ------
    ProblemError
        415 for another media type or a compressed body, 413 for too much.
    """
    if request.mimetype != "application/json":
        raise ProblemError("unsupported_media_type")
    encoding = request.headers.get("Content-Encoding", "").strip()
    if encoding.lower() not in _PLAIN:
        named = encoding if _NAME.fullmatch(encoding) else "…"
        detail = f"不接受 Content-Encoding: {named}，请求体请不要压缩"
        raise ProblemError("unsupported_media_type", detail, headers={"Accept-Encoding": "identity"})
    # A chunked body tells no length beforehand, so it is the reading that stops.
    data = request.stream.read(limit + 1)
    if len(data) > limit:
        raise ProblemError("body_too_large", f"请求体超过 {limit // 2**20} MB")
    return data


def json_body(request: Request, limit: int) -> Any:
    """Read and parse the body of a JSON request; see `json_bytes` and `parsed_json`."""
    return parsed_json(json_bytes(request, limit))


def parsed_json(data: bytes | str) -> Any:
    """Parse JSON, strictly: UTF-8, no NaN, no bottomless nesting.

    Raises
    ------
    ProblemError
        400 for anything else, saying what is wrong and where.
    """
    if not data:
        raise ProblemError("invalid_json", "请求体是空的")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProblemError("invalid_json", _why_no_json(error)) from error


def _why_no_json(error: ValueError | RecursionError) -> str:
    """Say it without repeating what was sent."""
    if isinstance(error, UnicodeDecodeError):
        return f"请求体不是 UTF-8 编码（第 {error.start + 1} 个字节起），多半是发成了 GBK"
    if isinstance(error, json.JSONDecodeError):
        return f"请求体不是合法的 JSON：错在第 {error.lineno} 行第 {error.colno} 个字"
    if isinstance(error, RecursionError):
        return "JSON 的嵌套太深"
    return "JSON 里有的数太长"  # what `int` refuses to read


def checked(model: type[M], value: object) -> M:
    """Check a value against a schema.

    Raises
    ------
    ProblemError
        422 with a JSON pointer for each field that is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = field_errors(error)
    first = errors[0]
    raise ProblemError("invalid_fields", f"{first.path or '请求体'}：{first.message}", errors)


def to_proposal(case: CaseIn) -> Proposal:
    """Make the case that the router sees; nothing unmasked passes.

    Raises
    ------
    ProblemError
        422 for a paper marked secret, an empty text or one that is too long.
    """
    given = {name: value for name, value in case.model_dump(exclude={"source"}).items() if value is not None}
    for name, normal in _NORMAL.items():
        if name in given:
            given[name] = normal(given[name].strip())
    screened = Screen("").proposal(Proposal(**given))
    if isinstance(screened, ReadProblem):
        _refuse(screened)
    return screened


def to_verdict(given: VerdictIn, site: Site) -> Verdict:
    """Make the verdict that was sent; sections and topics may be written by id, name or code.

    Parameters
    ----------
    given : VerdictIn
    site : Site

    Raises
    ------
    ProblemError
        422 naming the field that doesn't fit.
    """
    section = _label(given.section, site)
    verdict = Verdict(
        kind=given.kind,
        section=section,
        co_sections=_others(section, given, site),
        topic=site.topic_of(given.topic or "") or given.topic or "",
        returned_by=_label(given.returned_by, site),
        reason=mask((given.reason or "").strip()).text,
        returned_on=given.returned_on,
    )
    try:
        verdict.check(site)
    except InputError as error:
        place = _place(error.where, given, site)
        wrong = FieldError(place, "。".join(filter(None, (error.message, error.hint))))
        raise ProblemError("invalid_fields", f"{wrong.path}：{wrong.message}", [wrong]) from error
    return verdict


def _place(field: str, given: VerdictIn, site: Site) -> str:
    """Return where a wrong field was sent; of sections that co-handle, which of them is unknown."""
    if field == "co_sections" and given.kind is VerdictKind.CHANGED:
        written = enumerate(given.co_sections or ())
        unknown = [at for at, one in written if one and not site.label_of(one)]
        field = "/".join([field, *map(str, unknown[:1])])
    return f"/{field}"


def _others(lead: str, given: VerdictIn, site: Site) -> tuple[str, ...]:
    """Return who co-handles; in a change each once, and not whoever leads."""
    labels = tuple(_label(one, site) for one in given.co_sections or ())
    if given.kind is not VerdictKind.CHANGED:
        return labels
    return tuple(label for label in dict.fromkeys(labels) if label != lead)


def _label(written: str | None, site: Site) -> str:
    return site.label_of(written or "") or written or ""


def live_router(engine: Engine) -> Router:
    """Return the router of the live model.

    Raises
    ------
    ProblemError
        503, saying why there is none.
    """
    router = engine.router
    if router is None:
        raise ProblemError("not_ready", engine.ready()[1])
    return router


def known_site(engine: Engine) -> Site:
    """Return the bureau's own data.

    Raises
    ------
    ProblemError
        503 where it could not be read yet: an empty one would tell that there
        are no sections, and let any word pass as one.
    """
    if not engine.site_known:
        raise ProblemError("not_ready", engine.ready()[1])
    return engine.site


_NORMAL: Mapping[str, Any] = {"kind": normal_kind, "level": normal_level, "role": normal_role}


def _refuse(problem: ReadProblem) -> NoReturn:
    code = _SCREEN_CODES.get(problem.code, "invalid_input")
    detail, message = ("", "没有文字") if code == "empty_text" else (problem.reason, problem.reason)
    raise ProblemError(code, detail, [FieldError(path, message) for path in _BOTH_TEXTS])


def _no_constant(name: str) -> NoReturn:
    raise ProblemError("invalid_json", f"JSON 里不能有 {name}")
