from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest

from router.decision import (
    Candidate,
    Deadlines,
    Decision,
    Evidence,
    FailedRule,
    Flag,
    OtherCase,
    Reason,
    ScoredLabel,
    SimilarCase,
    Status,
    Versions,
    Vote,
    VoteKind,
)
from router.present import ROW_COLUMNS, decision_json, decision_line, decision_row
from router.site import Neighbour, Section, Site, Topic

SITE = Site(
    sections={
        "roads": Section("roads", "道路所", "C-01", person="甲某", deputy="乙某"),
        "lamps": Section("lamps", "路灯所", "C-02"),
    },
    topics={"potholes": Topic("potholes", "坑洞", "roads")},
    neighbours={"out:water": Neighbour("out:water", "水利局", "W-1", return_reason="河道由水利局负责")},
)
DECISION = Decision(
    case_id="028",
    title="关于路面的建议",
    status=Status.REVIEW,
    lead="roads",
    probability=0.87654,
    decided_by="路规则",
    prediction_set=("roads", "lamps"),
    topic=ScoredLabel("potholes", 0.5),
    co_sections=(ScoredLabel("lamps", 0.3), ScoredLabel("out:water", 0.01)),
    flags=(Flag("key", "省级案件"), Flag("planned", "按计划实施")),
    reasons=(Reason("too_short", "文字太短。"),),
    candidates=(
        Candidate("roads", 0.87654, (Evidence("title", 2, 4, 1.0),)),
        Candidate("lamps", 0.1),
        Candidate("out:water", 0.02),
    ),
    votes=(
        Vote("路规则", VoteKind.REQUIRE, "roads", "路归道路所"),
        Vote("别的", VoteKind.FLAG, "key", "省级案件"),
    ),
    failed_rules=(FailedRule("坏规则", "ZeroDivisionError"),),
    similar=(
        SimilarCase(OtherCase("028", "关于坑洞的建议", "roads", 2021, "A"), 0.83219),
        SimilarCase(OtherCase("7", section="old"), 0.2),
    ),
    deadlines=Deadlines(date(2025, 6, 16), date(2025, 9, 9), certain=False),
    versions=Versions("2025-06-09.1", "abc", "def"),
)


def test_json_has_the_keys_of_the_contract_and_no_objects_of_ours() -> None:
    answer = json.loads(json.dumps(decision_json(DECISION, SITE), ensure_ascii=False))
    wanted = "case_id status lead probability decided_by set topic co_sections flags reasons candidates votes"
    assert {*wanted.split(), "similar", "deadlines", "versions"} <= set(answer)
    assert answer["lead"] == {
        "id": "roads",
        "name": "道路所",
        "external_code": "C-01",
        "person": "甲某",
        "deputy": "乙某",
    }
    assert (answer["status"], answer["probability"], answer["set"]) == ("review", 0.8765, ["roads", "lamps"])
    assert answer["topic"] == {"id": "potholes", "name": "坑洞", "probability": 0.5}
    assert answer["co_sections"][0] == {
        "id": "lamps",
        "name": "路灯所",
        "external_code": "C-02",
        "probability": 0.3,
    }
    assert answer["candidates"][0]["evidence"] == [{"start": 2, "end": 4, "field": "title", "weight": 1.0}]
    assert answer["votes"][0]["kind"] == "require"
    assert answer["failed_rules"] == [{"rule": "坏规则", "error": "ZeroDivisionError"}]
    assert answer["deadlines"] == {"return_by": "2025-06-16", "reply_by": "2025-09-09"} | {
        "certain": False,
        "assumed": False,
    }


@pytest.mark.parametrize(
    ("dates", "note"),
    [
        (Deadlines(), ""),
        (Deadlines(assumed=True), "没有收到日期，暂从当天起算"),
        (Deadlines(certain=False), "放假安排尚未公布，按周一至周五推算"),
        (
            Deadlines(certain=False, assumed=True),
            "没有收到日期，暂从当天起算；放假安排尚未公布，按周一至周五推算",
        ),
    ],
)
def test_a_row_says_what_its_deadlines_rest_on(dates: Deadlines, note: str) -> None:
    assert decision_row(dataclasses.replace(DECISION, deadlines=dates), SITE)["deadline_note"] == note


def test_json_names_past_cases_with_section_year_and_result() -> None:
    first, second = decision_json(DECISION, SITE)["similar"]
    assert first == {
        "case_id": "028",
        "year": 2021,
        "section": "roads",
        "name": "道路所",
        "result": "A",
        "similarity": 0.8322,
        "title": "关于坑洞的建议",
    }
    assert (second["year"], second["name"], second["result"]) == (None, "old", "")


def test_a_row_names_no_section_that_is_not_worth_a_look() -> None:
    candidates = (Candidate("roads", 0.985), Candidate("lamps", 0.01), Candidate("out:water", 0.0099))
    row = decision_row(dataclasses.replace(DECISION, candidates=candidates), SITE)
    assert row["alternatives"] == "路灯所 1%"


def test_a_row_says_past_cases_in_few_words() -> None:
    assert decision_row(DECISION, SITE)["similar"] == "2021 028 道路所 83%；7 old 20%"


def test_json_of_a_bare_decision_is_complete_too() -> None:
    bare = Decision("", "", Status.NOT_OURS, "out:water", 0.9, "model")
    answer = decision_json(bare, SITE)
    assert (answer["topic"], answer["deadlines"]["return_by"]) == (None, None)
    assert answer["lead"]["person"] == ""


def test_a_row_has_the_columns_of_the_contract() -> None:
    row = decision_row(DECISION, SITE)
    assert tuple(row) == ROW_COLUMNS
    wanted = (
        "case_id title status lead lead_name person probability decided_by topic co_sections flags reasons "
        "alternatives return_by"
    )
    assert set(wanted.split()) <= set(ROW_COLUMNS)
    assert row["lead_name"] == "道路所"
    assert row["person"] == "甲某"
    assert row["co_sections"] == "lamps;out:water"
    assert row["co_names"] == "路灯所；水利局"
    assert row["topic_name"] == "坑洞"
    assert row["flags"] == "省级案件；按计划实施"
    assert row["alternatives"] == "路灯所 10%；水利局 2%"
    assert row["return_by"] == "2025-06-16"


def test_a_row_says_why_with_the_deciding_rules_own_words() -> None:
    assert decision_row(DECISION, SITE)["reasons"] == "文字太短；路归道路所"


def test_a_row_carries_the_ids_of_the_doubts_for_programs() -> None:
    twice = dataclasses.replace(DECISION, reasons=(*DECISION.reasons, Reason("close_call", "不相上下")))
    assert decision_row(twice, SITE)["reason_ids"] == "too_short;close_call"
    assert decision_row(dataclasses.replace(DECISION, reasons=()), SITE)["reason_ids"] == ""


def test_a_row_of_a_case_for_somebody_else_carries_the_sentence_for_the_slip() -> None:
    returned = dataclasses.replace(DECISION, lead="out:water", decided_by="model", reasons=())
    assert decision_row(returned, SITE)["reasons"] == "河道由水利局负责"


def test_without_a_site_labels_stand_for_themselves() -> None:
    row = decision_row(DECISION, Site())
    assert (row["lead"], row["lead_name"], row["person"]) == ("roads", "roads", "")


def test_a_line_for_programs_is_the_row_with_numbers_evidence_and_cases() -> None:
    row = decision_row(DECISION, SITE)
    line = json.loads(json.dumps(decision_line({**row, "source": "台账"}, DECISION, SITE)))
    assert set(row) <= set(line)
    assert (line["lead"], line["co_names"], line["source"]) == (row["lead"], row["co_names"], "台账")
    assert line["probability"] == 0.8765
    assert line["candidates"][0]["evidence"]
    assert isinstance(line["similar"], list)


def test_the_row_says_why_a_rule_asks_for_a_helper() -> None:
    votes = [Vote("灯", VoteKind.CO_HANDLE, label, "要改路灯") for label in ("lamps", "nobody")]
    asked = dataclasses.replace(DECISION, votes=(*DECISION.votes, *votes))
    assert "会办路灯所：要改路灯" in decision_row(asked, SITE)["reasons"]
    assert "nobody" not in decision_row(asked, SITE)["reasons"]


def test_a_date_nobody_understands_is_quoted_and_not_told_as_missing() -> None:
    dates = Deadlines(assumed=True, unread="2026年3月\n" + "左右" * 20)
    note = decision_row(dataclasses.replace(DECISION, deadlines=dates), SITE)["deadline_note"]
    assert note.startswith("收到日期“2026年3月 左右左右")
    assert note.endswith("…”认不出，暂从当天起算")
    assert len(note) < 45
