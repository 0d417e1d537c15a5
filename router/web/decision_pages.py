"""The pages about what was suggested: the list, one decision, and what a person makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from router.present import STATUS_WORDS
from router.readers.values import normal_id
from router.site import Site
from router.storage.records import StoredDecision
from router.text import percent
from router.verdict import Verdict, VerdictKind
from router.web.callers import caller
from router.web.cards import stored_card
from router.web.engine import services
from router.web.intake import checked, to_verdict
from router.web.problems import ProblemError
from router.web.recording import store_verdict
from router.web.refusals import note_refusal
from router.web.rendering import render
from router.web.schemas import VerdictIn
from router.web.suggesting import may_be_id
from router.web.visible import draft_before, may_accept, may_judge, sees, visible_decision

__all__ = ["decide", "decision", "decisions", "verdict_words"]

_SHOWN = 50
_LOOKED_AT = 500
"""A section head sees few of all decisions; so many are looked through for one page."""
_MOST_WORDS = 5
_JUDGED = {"open": False, "done": True}
_FIELDS = tuple(VerdictIn.model_fields)
_NOT_YOURS_TO_ACCEPT = "采纳原来的建议，这一件就回到原来的股室；愿意办的不用按，不该办的请按退回"


@dataclass(frozen=True, slots=True)
class Line:
    """A decision as the list shows it."""

    stored: StoredDecision
    title: str
    badge: str
    badge_class: str
    lead: str
    percent: str
    verdict: str
    judgeable: bool


def decisions() -> Response:
    """List what was suggested, the newest first."""
    before = request.args.get("before") or None
    if before and not may_be_id(before):
        raise ProblemError("unknown_decision")
    state, number, title = (request.args.get(name, "").strip()[:200] for name in ("state", "number", "title"))
    site = services().engine.site
    words = title.split()[:_MOST_WORDS] if site.settings.keep_texts else []
    found, following = _page(before, _JUDGED.get(state), number, words)
    return render(
        "decisions.html",
        lines=[_line(stored, site) for stored in found],
        following=following,
        state=state if state in _JUDGED else "",
        number=number,
        title=" ".join(words),
    )


def decision(decision_id: str) -> Response:
    """Show one decision with what people decided on it."""
    return _shown(visible_decision(decision_id))


def decide(decision_id: str) -> AnyResponse:
    """Take note of what a person decided."""
    stored, site = visible_decision(decision_id), services().engine.site
    if not may_judge(stored):
        note_refusal(caller().actor, "access_refused", request.endpoint or "")
        raise ProblemError("forbidden", "这一件由主办股室或办公室处理，会办股室可以看")
    given: dict[str, object] = {name: request.form.get(name, "").strip() or None for name in _FIELDS}
    if given["kind"] == VerdictKind.ACCEPTED and not may_accept(stored):
        raise ProblemError("forbidden", _NOT_YOURS_TO_ACCEPT)
    given |= {"decision_id": stored.id, "co_sections": request.form.getlist("co_sections")}
    own = caller().own_section
    if own and given["kind"] == VerdictKind.RETURNED:
        given |= {"returned_by": own, "section": None}
    try:
        verdict = to_verdict(checked(VerdictIn, given), site)
    except ProblemError as problem:
        return _shown(stored, problem)
    store_verdict(stored.id, verdict)
    if request.headers.get("X-Requested-With") == "fetch":
        return make_response(render_template("judged.html", words=verdict_words(verdict, site), id=stored.id))
    if request.form.get("back") == "list":
        return redirect(url_for("pages.decisions"), 303)
    return redirect(url_for("pages.decision", decision_id=stored.id), 303)


def verdict_words(verdict: Verdict, site: Site) -> str:
    """Say a verdict in words.

    Examples
    --------
    >>> verdict_words(Verdict(VerdictKind.CHANGED, section="drainage"), Site())
    '改由drainage主办'
    """
    if verdict.kind is VerdictKind.ACCEPTED:
        return "已采纳"
    if verdict.kind is VerdictKind.CHANGED:
        others = "、".join(map(site.name, verdict.co_sections))
        return f"改由{site.name(verdict.section)}主办" + (f"，{others}会办" if others else "")
    if verdict.returned_by:
        return f"{site.name(verdict.returned_by)}退回"
    whose = f"，应由{site.name(verdict.section)}办" if verdict.section else ""
    return f"已退回来文单位{whose}"


def _page(
    before: str | None, judged: bool | None, number: str, words: Sequence[str]
) -> tuple[list[StoredDecision], str | None]:
    """Return a page, and after which decision the next one begins; None where there is none."""
    journal, numbers = services().journal, sorted({number, normal_id(number)}) if number else []
    most = _SHOWN if caller().own_section is None else _LOOKED_AT
    looked_at = journal.latest(before, most + 1, judged=judged, numbers=numbers, words=words)
    found: list[StoredDecision] = []
    for at, stored in enumerate(looked_at[:most]):
        if sees(stored):
            found.append(stored)
        if len(found) == _SHOWN and at + 1 < len(looked_at):
            return found, stored.id
    if len(looked_at) > most:
        return found, looked_at[most - 1].id
    in_part = not numbers and (judged is False or bool(words))
    return found, journal.beyond(before) if in_part else None


def _line(stored: StoredDecision, site: Site) -> Line:
    return Line(
        stored,
        _title(stored),
        STATUS_WORDS[stored.status],
        stored.status.replace("_", "-"),
        site.name(stored.lead),
        percent(stored.probability),
        verdict_words(stored.verdict.verdict, site) if stored.verdict else "",
        may_judge(stored),
    )


def _title(stored: StoredDecision) -> str:
    if stored.proposal is None:
        return "（未存文字）"
    return stored.proposal.title or "（无案由）"


def _shown(stored: StoredDecision, problem: ProblemError | None = None) -> Response:
    site = services().engine.site
    given = services().journal.verdicts(stored.id)
    return render(
        "decision.html",
        problem.kind.status if problem else 200,
        card=stored_card(stored, draft_before(stored.answer)),
        decision_id=stored.id,
        judgeable=may_judge(stored),
        verdicts=[(one, verdict_words(one.verdict, site)) for one in reversed(given)],
        acceptable=may_accept(stored) and not (given and given[-1].verdict.kind is VerdictKind.ACCEPTED),
        site=site,
        problem=problem,
        wrong={error.path.lstrip("/"): error.message for error in problem.errors} if problem else {},
        values=request.form,
    )
