from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from router.pipeline import Router
from router.proposal import Proposal
from router.rules.explaining import Explanation, explain, explanation_json
from tests.router.fixed_model import FixedModel

from .tables import KEYWORD, SITE, written

DAY = date(2026, 3, 1)
REQUIRE = {**KEYWORD, "effect": "require"}


def explained(title: str, *tables: dict[str, object], role: str = "") -> Explanation:
    model = FixedModel({"roads": 0.6, "lamps": 0.3, "drains": 0.05, "out:water": 0.05})
    router = Router(model, replace(SITE, rules=written(*tables)), today=DAY)
    return explain(router, Proposal(title=title, role=role))


def steps(explanation: Explanation) -> dict[str, str]:
    return dict(explanation.steps)


def test_every_rule_is_told_with_what_it_rests_on() -> None:
    found = explained(
        "路灯坏了要修",
        REQUIRE,
        {**KEYWORD, "name": "旧", "valid_to": "2020-01-01"},
        {**KEYWORD, "name": "桥", "any": ["桥"]},
    )
    assert [(trace.rule, trace.state, trace.why) for trace in found.rules] == [
        ("旧", "not_valid", "有效期  至 2020-01-01"),
        ("桥", "quiet", "文中没有“桥”中的任何一个"),
        ("路灯", "fired", "文中有“路灯”"),
    ]
    assert all(trace.seconds >= 0 for trace in found.rules)


def test_the_way_to_the_lead_is_told_step_by_step() -> None:
    told = steps(explained("路灯坏了要修", REQUIRE))
    assert list(told) == ["model", "required", "decided"]
    assert told["model"] == "模型认为最可能是道路所（60%）"
    assert told["required"] == "“路灯”定路灯所主办（模型给它 30%）"
    assert told["decided"] == "主办 路灯所，由规则“路灯”决定，把握仍是模型的 30%"


def test_rules_that_contradict_are_both_named() -> None:
    told = steps(explained("路灯坏了要修", REQUIRE, {**REQUIRE, "name": "排水", "target": "drains"}))
    assert told["conflict"] == "“排水”、“路灯”互相矛盾，暂填路灯所，请人判断"


def test_a_prefer_beyond_its_margin_is_told() -> None:
    assert "差得太远" in steps(explained("路灯坏了要修", KEYWORD))["too_far"]
    assert "改选它" in steps(explained("路灯坏了要修", {**KEYWORD, "margin": 0.4}))["preferred"]


def test_what_was_added_is_told() -> None:
    flag = {**KEYWORD, "name": "提示", "effect": "flag", "target": "k", "reason": "重点件"}
    told = steps(explained("路灯坏了要修", {**KEYWORD, "effect": "co_handle"}, flag))
    assert told["co_handle"] == "会办：路灯所"
    assert told["flag"] == "提示：重点件"


def test_a_case_for_an_opinion_stays_here_and_that_is_told() -> None:
    table = {**REQUIRE, "target": "out:water", "any": ["河"]}
    assert "不能退给水利局" in steps(explained("河边路灯坏了", table, role="co"))["for_an_opinion"]


def test_the_explanation_is_ready_for_json() -> None:
    told = json.loads(json.dumps(explanation_json(explained("路灯坏了要修", REQUIRE), SITE)))
    assert set(told) == {"decision", "rules", "steps"}
    assert told["rules"][0]["votes"][0]["target"] == "lamps"
    assert told["decision"]["decided_by"] == "路灯"
