"""Events carry identifiers and figures of what was stored, and nothing of the text of a case."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from router.decision import (
    Candidate,
    Decision,
    Evidence,
    Flag,
    OtherCase,
    Reason,
    ScoredLabel,
    SimilarCase,
    Status,
    Vote,
    VoteKind,
)
from router.events import decision_event, verdict_event
from router.present import decision_json
from router.site import Site
from router.storage.answers import told
from router.storage.records import StoredVerdict
from router.verdict import Verdict, VerdictKind

_TEXT = "张三家门前污水外溢"
_NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)

_DECISION = Decision(
    case_id="028",
    title=_TEXT,
    status=Status.REVIEW,
    lead="drainage",
    probability=0.61,
    decided_by="model",
    prediction_set=("drainage",),
    topic=ScoredLabel("sewers", 0.9),
    co_sections=(ScoredLabel("villages", 0.4),),
    flags=(Flag("key", _TEXT),),
    reasons=(Reason("close_call", _TEXT),),
    candidates=(Candidate("drainage", 0.61, (Evidence("title", 0, 2, 1.0),)),),
    votes=(Vote("规则", VoteKind.FLAG, "key", _TEXT),),
    similar=(SimilarCase(OtherCase("7", title=_TEXT, result=_TEXT), 0.8),),
)


def stored(decision: Decision, site: Site) -> dict[str, object]:
    return told(decision_json(decision, site), "0193", 2, "0192", _NOW)


def test_a_decision_is_told_by_its_identifiers(site: Site) -> None:
    event = decision_event(stored(_DECISION, site))
    assert (event.kind, event.case_id) == ("decision", "028")
    assert event.payload["decision_id"] == "0193"
    assert event.payload["previous_decision"] == "0192"
    assert event.payload["lead"]["id"] == "drainage"
    assert event.payload["lead"]["name"] == site.name("drainage")
    assert event.payload["topic"] == {"id": "sewers", "name": site.name("sewers"), "probability": 0.9}
    assert [unit["id"] for unit in event.payload["co_sections"]] == ["villages"]
    assert (event.payload["flags"], event.payload["reasons"]) == (["key"], ["close_call"])


def test_nothing_of_the_text_goes_out_whoever_quoted_it(site: Site) -> None:
    told = json.dumps(decision_event(stored(_DECISION, site)).payload, ensure_ascii=False)
    assert not [part for part in ("张三", "门前", "污水外溢", "evidence", "person") if part in told]


def test_a_case_without_topic_has_none(site: Site) -> None:
    assert decision_event(stored(replace(_DECISION, topic=None), site)).payload["topic"] is None


def test_a_verdict_is_told_without_the_reason_a_person_wrote() -> None:
    verdict = Verdict(
        VerdictKind.RETURNED, section="out:transport", reason=_TEXT, returned_on=date(2026, 3, 2)
    )
    event = verdict_event("028", StoredVerdict("01", "0193", _NOW, "user:wang", verdict).told())
    assert (event.kind, event.case_id) == ("verdict", "028")
    assert event.payload["kind"] == "returned"
    assert event.payload["section"] == "out:transport"
    assert event.payload["returned_on"] == "2026-03-02"
    assert _TEXT not in json.dumps(event.payload, ensure_ascii=False)
