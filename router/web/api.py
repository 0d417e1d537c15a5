"""The JSON interface under ``/api/v1``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request, stream_with_context

from router.plugins import GROUPS, list_plugins
from router.rules.describing import rule_json
from router.site import Neighbour, Section
from router.web.batch import suggest_each
from router.web.dry_run import try_rules
from router.web.engine import services
from router.web.intake import (
    checked,
    json_body,
    json_bytes,
    known_site,
    live_router,
    parsed_json,
    to_proposal,
    to_verdict,
)
from router.web.recording import answered, earlier, new_decision, repeatable, store, store_verdict
from router.web.rule_schemas import DryRunIn
from router.web.schemas import BatchIn, CaseIn, SinceIn, VerdictIn
from router.web.suggesting import answer_of, known_decision, stored_json, suggested
from router.web.unheeded import name_unheeded

__all__ = ["blueprint"]

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.post("/suggest")
def suggest() -> Response:
    """Suggest who handles one case."""
    known = services()
    body = json_bytes(request, known.limits.json_bytes)
    repeated = repeatable(body)
    before = earlier(repeated)
    if before is not None:
        return answered(before, repeated=True)
    sent = parsed_json(body)
    case = checked(CaseIn, sent)
    proposal = to_proposal(case)
    router = live_router(known.engine)
    decision = suggested(proposal, router)
    answer = answer_of(case, proposal, decision, router.site)
    new = new_decision(proposal, decision, router, case.source or "", answer)
    recorded = store([(new, repeated)])[0]
    if recorded.repeated:
        return answered(recorded.answer, repeated=True)
    return name_unheeded(answered(recorded.answer), [sent])


@blueprint.post("/suggest/batch")
def suggest_batch() -> Response:
    """Suggest who handles each of many cases."""
    known = services()
    body = json_bytes(request, known.limits.batch_bytes)
    whole = repeatable(body)
    cases = checked(BatchIn, parsed_json(body)).cases
    pieces = suggest_each(cases, live_router(known.engine), whole)
    return name_unheeded(Response(stream_with_context(pieces), mimetype="application/json"), cases)


@blueprint.post("/verdicts")
def verdicts() -> Response:
    """Take note of what a person decided."""
    body = json_bytes(request, services().limits.json_bytes)
    repeated = repeatable(body)
    before = earlier(repeated)
    if before is not None:
        return answered(before, repeated=True)
    given = checked(VerdictIn, parsed_json(body))
    recorded = store_verdict(given.decision_id, to_verdict(given, known_site(services().engine)), repeated)
    return answered(recorded.answer, repeated=recorded.repeated)


@blueprint.get("/verdicts")
def verdict_list() -> Response:
    """List what people decided in the order it was stored."""
    asked = checked(SinceIn, request.args.to_dict())
    found = services().journal.all_verdicts(asked.since, asked.after, asked.limit + 1)
    shown = found[: asked.limit]
    following = shown[-1].id if shown else asked.after
    told = {"verdicts": [one.told() for one in shown], "next": following, "more": len(found) > len(shown)}
    return jsonify(told)


@blueprint.get("/decisions")
def decisions() -> Response:
    """List the decisions in the order they were stored."""
    asked = checked(SinceIn, request.args.to_dict())
    found = services().journal.decisions(asked.since, asked.after, asked.limit + 1)
    shown = found[: asked.limit]
    following = shown[-1].id if shown else asked.after
    told = {"decisions": list(map(stored_json, shown)), "next": following, "more": len(found) > len(shown)}
    return jsonify(told)


@blueprint.get("/decisions/<decision_id>")
def decision(decision_id: str) -> Response:
    """Show a decision with what people decided on it."""
    found = known_decision(decision_id)
    given = [one.told() for one in services().journal.verdicts(found.id)]
    return jsonify({**stored_json(found), "verdicts": given})


@blueprint.get("/sections")
def sections() -> Response:
    """List the sections of the bureau and the units outside it."""
    site = known_site(services().engine)
    units = [_section(s) for s in site.sections.values()] + [_neighbour(n) for n in site.neighbours.values()]
    return jsonify({"sections": units})


@blueprint.get("/topics")
def topics() -> Response:
    """List the topics and the sections they belong to."""
    found = known_site(services().engine).topics.values()
    return jsonify(
        {"topics": [{"id": t.id, "name": t.name, "section": t.section, "duty": t.duty} for t in found]}
    )


@blueprint.get("/models")
def models() -> Response:
    """List the stored models."""
    return jsonify({"models": services().engine.models()})


@blueprint.get("/rules")
def rules() -> Response:
    """List the rules that run now."""
    book = live_router(services().engine).rules
    return jsonify({"version": book.digest[:12], "rules": [rule_json(one) for one in book.rules]})


@blueprint.post("/rules/dry-run")
def dry_run() -> Response:
    """Try rules on a case; nothing is stored or changed."""
    known = services()
    asked = checked(DryRunIn, json_body(request, known.limits.json_bytes))
    return jsonify(try_rules(asked, live_router(known.engine)))


@blueprint.get("/plugins")
def plugins() -> Response:
    """List the plugins that were found."""
    return jsonify({"plugins": [asdict(info) for group in GROUPS for info in list_plugins(group)]})


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "name": section.name,
        "external_code": section.external_code,
        "duty": section.duty,
        "person": section.person,
        "deputy": section.deputy,
        "outside": False,
        "valid_from": _iso(section.valid_from),
        "valid_to": _iso(section.valid_to),
    }


def _neighbour(unit: Neighbour) -> dict[str, Any]:
    return {
        "id": unit.id,
        "name": unit.name,
        "external_code": unit.external_code,
        "duty": unit.duty,
        "person": "",
        "deputy": "",
        "outside": True,
        "valid_from": None,
        "valid_to": None,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
