"""Logging in and out, another password, and the audit log for whom it is for."""

from __future__ import annotations

import re
import time

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from router.errors import InputError, LoginError
from router.storage.accounts import Accounts, Session
from router.storage.audit import Audit
from router.storage.limits import Limits
from router.storage.passwords import check_password
from router.web import auth
from router.web.account_forms import is_local, login_page, password_page
from router.web.audit_words import in_words
from router.web.callers import caller
from router.web.engine import services
from router.web.guard import home
from router.web.kept import carried
from router.web.pages import filled_in
from router.web.problems import ProblemError
from router.web.refusals import note_refusal
from router.web.rendering import render
from router.web.verdict_forms import Typed

__all__ = ["blueprint"]

blueprint = Blueprint("accounts", __name__)

REFUSED_AFTER = 0.5
"""Seconds after which a login is refused, so that its time tells nothing of the account."""

_REFUSED = "用户名或口令不对；连续输错 5 次，账户锁定 15 分钟"
LOGINS_A_MINUTE = 60
"""From one address."""
_NOT_SENT = "刚才登录已过期，填的还没有提交；内容都在，请核对后再提交一次"
_AT_ONCE = 50
_ROW = r"[1-9]\d{0,17}"
"""A number that any database can count to."""


@blueprint.get("/login")
def login() -> AnyResponse:
    """Show the form for name and password."""
    if caller().role is not None:
        return redirect(home(), 303)
    return _login_page()


@blueprint.post("/login")
def enter() -> AnyResponse:
    """Begin a session; the one that the browser had before ends."""
    began = time.monotonic()
    wait = Limits(services().database).take(f"login:{auth.client_address()}", LOGINS_A_MINUTE)
    if wait:
        raise auth.too_many(wait)
    name = request.form.get("name", "").strip()
    try:
        session = Accounts(services().database).login(name, request.form.get("password", ""))
    except LoginError:
        note_refusal("unknown", "login_refused", auth.client_address())
        time.sleep(max(0.0, began + REFUSED_AFTER - time.monotonic()))
        return _login_page(name, ProblemError("login_refused", _REFUSED))
    auth.end_session()
    return _let_in(session)


@blueprint.post("/logout")
def leave() -> AnyResponse:
    """End the session."""
    auth.end_session()
    Audit(services().database).add(caller().actor, "logout", caller().name)
    answer = redirect(url_for("accounts.login"), 303)
    auth.drop_cookie(answer)
    return answer


@blueprint.get("/password")
def password() -> Response:
    """Show the form for another password."""
    return _password_page()


@blueprint.post("/password")
def change_password() -> AnyResponse:
    """Set another password; whoever else is logged in under the name is no more."""
    if "session" not in g or g.session is None:
        return _password_page()
    accounts, name = Accounts(services().database), g.session.user.name
    try:
        session = accounts.change_password(name, request.form.get("old", ""), _new_password(name))
    except LoginError:
        return _password_page(ProblemError("login_refused", "原口令不对；连续输错 5 次，账户锁定 15 分钟"))
    except InputError as error:
        return _password_page(ProblemError("invalid_input", error.message))
    return _let_in(session)


@blueprint.get("/audit")
def audit() -> Response:
    """Show who did what, the newest first."""
    before = request.args.get("before")
    if before is not None and not re.fullmatch(_ROW, before, re.ASCII):
        raise ProblemError("bad_request", "before 须为审计记录的行号")
    log = Audit(services().database)
    found = log.entries(int(before) if before else None, _AT_ONCE + 1)
    return render(
        "audit.html",
        entries=[in_words(entry, services().engine.site) for entry in found[:_AT_ONCE]],
        older=found[_AT_ONCE - 1].seq if len(found) > _AT_ONCE else None,
        newest=before is None,
        head=log.head(),
        verified=log.verify() if "verify" in request.args else None,
    )


def _new_password(name: str) -> str:
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise InputError("两次输入的新口令不一样")
    if new == request.form.get("old", ""):
        raise InputError("新口令不能与原口令相同")
    check_password(name, new)
    return new


def _let_in(session: Session) -> AnyResponse:
    g.caller, g.session = auth.caller_of(session.user), session
    answer = _going_on(request.form.get("next", ""), carried())
    auth.set_cookie(answer, auth.cookie_name(), session.token)
    return answer


def _going_on(target: str, found: Typed) -> AnyResponse:
    """Show what was typed before the login in its form again; where there is nothing, go on to a page."""
    if found and auth.password_due():
        return password_page(target, found)
    page = filled_in(target, found, ProblemError("login_required", _NOT_SENT)) if found else None
    if page:
        page.status_code = 200  # the login itself went well
    return page or redirect(target if is_local(target) else home(), 303)


def _login_page(name: str = "", problem: ProblemError | None = None) -> Response:
    return login_page(request.values.get("next", ""), carried(), name, problem)


def _password_page(problem: ProblemError | None = None) -> Response:
    return password_page(request.form.get("next", ""), carried(), problem)
