"""The clerk's page: paste a case or upload a file, read the suggestion, take the table.

It is plain forms and server-rendered HTML. What is suggested is stored; its
table isn't, so the page itself carries that to the download.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from urllib.parse import quote

from flask import Blueprint, Response, current_app, make_response, redirect, request, url_for
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from router.errors import FenbanError
from router.readers import ReadReport, read_files
from router.web import decision_pages, worklist
from router.web.account_forms import login_page, password_page
from router.web.callers import caller
from router.web.engine import services
from router.web.intake import checked, live_router, parsed_json, to_proposal
from router.web.kept import page_of_form, typed, typed_to_carry
from router.web.once import sent_once
from router.web.openapi import document
from router.web.permissions import permission
from router.web.problems import ProblemError, from_fenban_error
from router.web.rendering import render
from router.web.results import Results, parse_payload, workbook
from router.web.schemas import CaseIn
from router.web.verdict_forms import Typed

__all__ = ["blueprint", "filled_in", "problem_page"]

blueprint = Blueprint("pages", __name__)

_FIELDS = tuple(CaseIn.model_fields)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_TOO_LATE = "页面已过期，没有提交；填的内容都在，请核对后再提交一次"

View = Callable[[], Response]


def problem_page(problem: ProblemError) -> Response:
    """Tell a person of an error on a page of its own; what came too late is not lost."""
    code, page = problem.kind.code, None
    if code == "login_required":
        return login_page(page_of_form(), typed_to_carry(), problem=problem)
    if code == "password_expired":
        return password_page(page_of_form(), typed_to_carry(), problem)
    if code == "form_expired":
        page = filled_in(page_of_form(), typed(), ProblemError(code, _TOO_LATE))
    return page or render("problem.html", problem.kind.status, problem=problem)


def filled_in(address: str, found: Typed, problem: ProblemError) -> Response | None:
    """Show a page with what was typed into its form; None where that is no page of the caller's.

    Parameters
    ----------
    address : str
    found : Typed
    problem : ProblemError
        Why it was not done.
    """
    try:
        endpoint, arguments = current_app.url_map.bind("").match(address)
        if not permission(endpoint).lets(caller()):
            return None
        if endpoint == "pages.decision":
            return decision_pages.filled_in(arguments["decision_id"], found, problem)
    except (HTTPException, ProblemError):  # no such page, or no such decision
        return None
    return _index(problem, found) if endpoint == "pages.index" else None


def _form(view: View) -> View:
    """Show what is wrong with a form above the form, with what was filled in."""

    @wraps(view)
    def shown() -> Response:
        try:
            return view()
        except RequestEntityTooLarge:
            most = services().limits.form_bytes // 2**20
            problem = ProblemError("body_too_large", f"文件超过 {most} MB，未读；请拆成几个再上传")
        except ProblemError as error:
            problem = error
        except FenbanError as error:
            problem = from_fenban_error(error)
            if problem.kind.status >= 500:
                raise
        return _index(problem, request.form if _kept(problem) else None)

    return shown


@blueprint.get("/")
def index() -> Response:
    """Show the empty form."""
    return _index()


@blueprint.post("/case")
@_form
def case() -> Response:
    """Answer a pasted case."""
    given = {name: request.form.get(name, "").strip() or None for name in _FIELDS}
    proposal = to_proposal(checked(CaseIn, given))
    router = live_router(services().engine)
    once = sent_once(*(f"{name}={value or ''}" for name, value in given.items()))
    return render("results.html", results=Results.of([proposal], router, once=once))


@blueprint.post("/file")
@_form
def file() -> Response:
    """Answer an uploaded paper, ledger or archive, on the page or as a table."""
    files = _uploaded()
    report = _read_upload(files)
    router = live_router(services().engine)
    once = sent_once(*(part for file in files for part in file))
    found = Results.of(report.proposals, router, report, once)
    if request.form.get("format") == "xlsx":
        return _download(workbook(found.table(), router.site.settings.bureau))
    name = files[0][0] if len(files) == 1 else f"{len(files)} 个文件"
    return render("results.html", results=found, file_name=name)


@blueprint.post("/table.xlsx")
@_form
def table() -> Response:
    """Turn the results that a page carries into a workbook."""
    found = parse_payload(parsed_json(request.form.get("results", "")))
    return _download(workbook(found, services().engine.site.settings.bureau))


@blueprint.get("/case")
@blueprint.get("/file")
@blueprint.get("/table.xlsx")
def back() -> AnyResponse:
    """Lead to the form whoever reloads a result by its address."""
    return redirect(url_for("pages.index"), 303)


blueprint.add_url_rule("/decisions", view_func=worklist.decisions)
blueprint.add_url_rule("/decisions/<decision_id>", view_func=decision_pages.decision)
blueprint.add_url_rule("/decisions/<decision_id>/verdict", view_func=decision_pages.decide, methods=["POST"])


@blueprint.get("/decisions.xlsx")
def decisions_table() -> Response:
    """Turn the list of decisions, narrowed as on the page, into a workbook."""
    found, about = worklist.table()
    return _download(workbook(found, services().engine.site.settings.bureau, about))


@blueprint.get("/docs")
def docs() -> Response:
    """Describe the JSON interface to a programmer."""
    return render("docs.html", document=document())


def _uploaded() -> list[tuple[str, bytes]]:
    """Return name and content of each file that was chosen."""
    files = [
        (upload.filename.replace("\\", "/").rpartition("/")[2][-120:], upload.read())
        for upload in request.files.getlist("file")
        if upload.filename
    ]
    if not files:
        raise ProblemError("bad_request", "还没有选择文件，请先选择文件再提交")
    return files


def _read_upload(files: Sequence[tuple[str, bytes]]) -> ReadReport:
    report = read_files(files, seconds=services().limits.read_seconds)
    if not report.proposals:
        raise UnreadableError(report)
    most = services().limits.page_cases
    if len(report.proposals) > most:
        count = f"文件里有 {len(report.proposals)} 件，页面一次最多 {most} 件"
        detail = f"{count}；请拆分后上传，或用命令 fenban suggest"
        raise ProblemError("invalid_input", detail)
    return report


class UnreadableError(ProblemError):
    """An upload without a single case, with what was found instead."""

    def __init__(self, report: ReadReport) -> None:
        super().__init__("invalid_input", "没有读到可以分办的建议或提案，原因见下")
        self.report = report


def _index(problem: ProblemError | None = None, found: Typed | None = None) -> Response:
    wrong = {error.path.lstrip("/"): error.message for error in problem.errors} if problem else {}
    report = problem.report if isinstance(problem, UnreadableError) else None
    values = {name: found.get(name, "") for name in _FIELDS} if found else {}
    status = problem.kind.status if problem else 200
    return render("index.html", status, problem=problem, wrong=wrong, values=values, report=report)


def _kept(problem: ProblemError) -> bool:
    """Whether to show what was filled in: not what was too large, and never a secret paper."""
    return problem.kind.code not in ("body_too_large", "secret_paper")


def _download(data: bytes) -> Response:
    response = make_response(data)
    response.mimetype = _XLSX
    # Headers are ASCII: the Chinese name goes by RFC 5987, old browsers get the other.
    names = f"filename=fenban.xlsx; filename*=UTF-8''{quote('分办表.xlsx')}"
    response.headers["Content-Disposition"] = f"attachment; {names}"
    return response
