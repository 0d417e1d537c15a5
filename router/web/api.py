"""The JSON interface under ``/api/v1``."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request

from router.decision import Decision
from router.plugins import GROUPS, list_plugins
from router.present import decision_json
from router.proposal import Proposal
from router.site import Neighbour, Section, Site
from router.web.engine import services
from router.web.intake import checked, json_body, live_router, to_proposal
from router.web.offsets import Origin
from router.web.schemas import CaseIn

__all__ = ["blueprint"]

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.post("/suggest")
def suggest() -> Response:
    """Suggest who handles one case."""
    known = services()
    case = checked(CaseIn, json_body(request, known.limits.json_bytes))
    proposal = to_proposal(case)
    router = live_router(known.engine)
    return jsonify(_answer(case, proposal, router.suggest(proposal), router.site))


@blueprint.get("/sections")
def sections() -> Response:
    """List the sections of the bureau and the units outside it."""
    site = services().engine.site
    units = [_section(s) for s in site.sections.values()] + [_neighbour(n) for n in site.neighbours.values()]
    return jsonify({"sections": units})


@blueprint.get("/topics")
def topics() -> Response:
    """List the topics and the sections they belong to."""
    found = services().engine.site.topics.values()
    return jsonify(
        {"topics": [{"id": t.id, "name": t.name, "section": t.section, "duty": t.duty} for t in found]}
    )


@blueprint.get("/models")
def models() -> Response:
    """List the stored models."""
    return jsonify({"models": services().engine.models()})


@blueprint.get("/plugins")
def plugins() -> Response:
    """List the plugins that were found."""
    return jsonify({"plugins": [asdict(info) for group in GROUPS for info in list_plugins(group)]})


def _answer(case: CaseIn, proposal: Proposal, decision: Decision, site: Site) -> dict[str, Any]:
    """Write the decision, its evidence pointing into the text as it was sent."""
    answer = decision_json(decision, site)
    origins = {
        "title": Origin(case.title or "", proposal.title),
        "body": Origin(case.body or "", proposal.body),
    }
    for candidate in answer["candidates"]:
        for word in candidate["evidence"]:
            word["start"], word["end"] = origins[word["field"]].span(word["start"], word["end"])
    return {"decision_id": uuid.uuid4().hex, **answer}


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
