"""The page of one suggestion, and what a person makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from router.errors import InputError, OvertakenError
from router.site import Site
from router.storage.records import StoredDecision, StoredVerdict
from router.verdict import Verdict, VerdictKind
from router.web.callers import caller
from router.web.cards import stored_card
from router.web.engine import services
from router.web.intake import checked, known_site, to_verdict
from router.web.past import with_past_titles
from router.web.problems import FieldError, ProblemError
from router.web.recording import store_verdict
from router.web.refusals import note_refusal
from router.web.rendering import render
from router.web.schemas import VerdictIn
from router.web.verdict_forms import SEEN, Typed, change_form, return_form
from router.web.visible import draft_before, may_accept, may_judge, visible_decision

__all__ = ["decide", "decision", "filled_in", "verdict_words"]

_FIELDS = tuple(VerdictIn.model_fields)
_NOT_YOURS_TO_ACCEPT = "采纳原来的建议，这一件就回到原来的股室；愿意办的不用按，不该办的请按退回"


def decision(decision_id: str) -> Response:
    """Show one decision with what people decided on it."""
    return _shown(visible_decision(decision_id))


def filled_in(decision_id: str, typed: Typed, problem: ProblemError) -> Response:
    """Show one decision with what was typed into one of its forms, but not stored."""
    stored = visible_decision(decision_id)
    newest = _newest(stored)
    if newest and newest.id != typed.get(SEEN, ""):
        problem = ProblemError("overtaken", _overtaken_by(newest, again=False))
    return _shown(stored, problem, typed)


def decide(decision_id: str) -> AnyResponse:
    """Take note of what a person decided, unless somebody did so since the page was shown."""
    stored = visible_decision(decision_id)
    _check_may_judge(stored)
    try:
        verdict = _verdict(stored)
        store_verdict(stored.id, verdict, seen=request.form.get(SEEN, ""))
    except ProblemError as problem:
        return _shown(stored, problem, request.form)
    except OvertakenError:
        stored = visible_decision(decision_id)
        newest = _newest(stored)
        again = _is_said_again(newest, stored.id, verdict)
        if newest is None or not again or newest.made_by != caller().actor:  # else pressed twice
            return _overtaken(stored, ProblemError("overtaken", _overtaken_by(newest, again=again)))
    if _asked_by_script():
        words = verdict_words(verdict, services().engine.site, stored.answer)
        return make_response(render_template("judged.html", words=words, id=stored.id))
    if request.form.get("back") == "list":
        return redirect(url_for("pages.decisions"), 303)
    return redirect(url_for("pages.decision", decision_id=stored.id), 303)


def verdict_words(verdict: Verdict, site: Site, answer: Mapping[str, Any] | None = None) -> str:
    """Say a verdict in words; with the answer it is about, what of a change is one.

    Examples
    --------
    >>> verdict_words(Verdict(VerdictKind.CHANGED, section="drainage"), Site())
    '改由drainage主办'
    >>> helped = Verdict(VerdictKind.CHANGED, "drainage", ("villages",), "flooding")
    >>> verdict_words(helped, Site(), {"lead": {"id": "drainage"}, "topic": {"id": "sewers"}})
    '仍由drainage主办，villages会办，主题flooding'
    """
    if verdict.kind is VerdictKind.ACCEPTED:
        return "已采纳"
    if verdict.kind is VerdictKind.CHANGED:
        return _change_words(verdict, site, answer or {})
    if verdict.returned_by:
        return f"{site.name(verdict.returned_by)}退回"
    whose = f"，应由{site.name(verdict.section)}办" if verdict.section else ""
    return f"已退回来文单位{whose}"


def _change_words(verdict: Verdict, site: Site, answer: Mapping[str, Any]) -> str:
    same_lead = answer.get("lead", {}).get("id") == verdict.section
    words = [f"{'仍' if same_lead else '改'}由{site.name(verdict.section)}主办"]
    if verdict.co_sections:
        words.append(f"{'、'.join(map(site.name, verdict.co_sections))}会办")
    if verdict.topic and verdict.topic != (answer.get("topic") or {}).get("id"):
        words.append(f"主题{site.name(verdict.topic)}")
    return "，".join(words)


def _check_may_judge(stored: StoredDecision) -> None:
    if not may_judge(stored):
        note_refusal(caller().actor, "access_refused", request.endpoint or "")
        raise ProblemError("forbidden", "这一件由主办股室或办公室处理，会办股室可以看")
    if request.form.get("kind") == VerdictKind.ACCEPTED and not may_accept(stored):
        raise ProblemError("forbidden", _NOT_YOURS_TO_ACCEPT)


def _verdict(stored: StoredDecision) -> Verdict:
    """Return what was decided, checked against the site and the case."""
    given: dict[str, object] = {name: request.form.get(name, "").strip() or None for name in _FIELDS}
    given |= {"decision_id": stored.id, "co_sections": request.form.getlist("co_sections")}
    own = caller().own_section
    if own and given["kind"] == VerdictKind.RETURNED:
        given |= {"returned_by": own, "section": None}
    verdict = to_verdict(checked(VerdictIn, given), known_site(services().engine))
    try:
        verdict.check_return(_holders(stored), stored.received_on, _today())
    except InputError as error:
        wrong = FieldError(f"/{error.where}", error.message)
        raise ProblemError("invalid_fields", f"{wrong.path}：{wrong.message}", [wrong]) from error
    return verdict


def _holders(stored: StoredDecision) -> set[str]:
    """Return the sections that lead or co-handle the case; once it was given back, those that did."""
    involved = {stored.lead, *(unit["id"] for unit in stored.answer.get("co_sections", ()))}
    outcome = stored.outcome
    if outcome is None:
        return involved
    if outcome.given.verdict.kind is not VerdictKind.RETURNED:
        return {outcome.lead, *outcome.co_sections}
    for one in services().journal.history(stored.id):
        involved |= {one.verdict.section, one.verdict.returned_by, *one.verdict.co_sections}
    return involved


def _today() -> date:
    return services().database.now().astimezone().date()


def _newest(stored: StoredDecision) -> StoredVerdict | None:
    return stored.outcome.given if stored.outcome else None


def _seen(stored: StoredDecision) -> str:
    newest = _newest(stored)
    return newest.id if newest else ""


def _is_said_again(newest: StoredVerdict | None, decision_id: str, verdict: Verdict) -> bool:
    """Whether what is said now of a suggestion is what stands."""
    if newest is None or newest.decision_id != decision_id:
        return False
    day = verdict.returned_on or newest.verdict.returned_on
    return newest.verdict == replace(verdict, returned_on=day)


def _overtaken_by(newest: StoredVerdict | None, *, again: bool) -> str:
    """Say who decided what in the meantime, and what to do unless that is what was to be said."""
    if newest is None:
        return ""
    known = services().journal.decision(newest.decision_id)
    words = verdict_words(newest.verdict, services().engine.site, known.answer if known else None)
    at = f"{newest.created_at.astimezone():%m-%d %H:%M}"
    said = f"这一页打开以后，{_who(newest)} 在 {at} 处理过这一件：{words}。这次没有存"
    return said if again else f"{said}；看过以后仍要这样办，请再按一次"


def _who(given: StoredVerdict) -> str:
    return given.made_by.partition(":")[2] or "本机"


def _overtaken(stored: StoredDecision, problem: ProblemError) -> Response:
    if not _asked_by_script():
        return _shown(stored, problem, request.form)
    page = render_template(
        "judged.html",
        id=stored.id,
        problem=problem,
        seen=_seen(stored),
        acceptable=_acceptable(stored),
        back=request.form.get("back", ""),
    )
    return make_response(page, problem.kind.status)


def _asked_by_script() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _acceptable(stored: StoredDecision) -> bool:
    """Whether there is a button to accept the suggestion: not where that is what stands."""
    newest = _newest(stored)
    stands = newest and newest.decision_id == stored.id and newest.verdict.kind is VerdictKind.ACCEPTED
    return may_accept(stored) and not stands


def _shown(
    stored: StoredDecision, problem: ProblemError | None = None, typed: Typed | None = None
) -> Response:
    site, typed = services().engine.site, MultiDict() if typed is None else typed
    return render(
        "decision.html",
        problem.kind.status if problem else 200,
        card=stored_card(with_past_titles(stored), draft_before(stored.answer)),
        decision_id=stored.id,
        judgeable=may_judge(stored),
        verdicts=_history(stored, site),
        acceptable=_acceptable(stored),
        seen=_seen(stored),
        site=site,
        problem=problem,
        wrong={error.path.lstrip("/"): error.message for error in problem.errors} if problem else {},
        change=change_form(stored, typed, site),
        back=return_form(stored, typed),
        received_on=stored.received_on,
        today=_today(),
    )


def _history(stored: StoredDecision, site: Site) -> list[tuple[StoredVerdict, str]]:
    """Return the verdicts on the text in words, the newest first."""
    found = reversed(services().journal.history(stored.id))
    return [(one, verdict_words(one.verdict, site, stored.answer)) for one in found]
