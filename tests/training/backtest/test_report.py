from __future__ import annotations

import dataclasses
import json
from datetime import date

import numpy as np
import pytest

from router.errors import InputError
from training.backtest.report import as_json, try_rules
from training.history import to_history

from .trying import LABELS, SITE, Words, case, kept, report, router, rule

ROADS = {"roads": 0.95, "lamps": 0.05}
CLOSE = {"roads": 0.52, "lamps": 0.48}
CASES = [
    case("灯 一", "lamps", received_on=date(2023, 1, 2)),
    case("灯 二", "lamps", received_on=date(2024, 1, 2)),
    case("路 三", "roads", received_on=date(2024, 1, 2)),
    case("路 四", "roads", received_on=None),
]
RULE = rule("灯归路灯所", "灯", "require", "lamps")


def test_accuracy_coverage_and_what_changed_are_told_without_and_with_rules() -> None:
    overall = report(CASES, [ROADS, ROADS, ROADS, CLOSE], RULE).overall
    assert (overall.model.accuracy.value, overall.rules.accuracy.value) == (0.5, 1.0)
    assert (overall.better, overall.worse) == (2, 0)
    assert (overall.model.coverage, overall.rules.coverage) == (0.75, 0.75)
    assert (overall.model.accuracy_covered, overall.rules.accuracy_covered) == (pytest.approx(1 / 3), 1.0)
    assert overall.rules.accuracy.low < 1


def test_each_year_is_told_and_the_undated_come_last() -> None:
    years = report(CASES, [ROADS] * 4, RULE).years
    assert [(year, found.model.n, found.better) for year, found in years.items()] == [
        ("2023", 1, 1),
        ("2024", 2, 1),
        ("", 1, 0),
    ]


def test_cases_judged_ahead_are_compared_by_themselves() -> None:
    ahead = np.array([[float(label == "lamps") for label in LABELS]] * 2)
    held_out = kept(CASES, [ROADS] * 4, ahead_rows=np.array([1, 2]), ahead=ahead)
    found = try_rules(router(RULE), to_history(CASES, SITE), held_out, LABELS, Words())
    assert found.ahead
    assert (found.ahead.model.n, found.ahead.model.accuracy.value) == (2, 0.5)
    assert report(CASES, [ROADS] * 4, RULE).ahead is None


def test_what_was_left_out_is_counted() -> None:
    more = [case("没写", ""), case("不认得", "老股"), case("新的", "roads")]
    cases = [*CASES, dataclasses.replace(CASES[0], body="改过的正文，说法不同"), *more]
    held_out = kept(CASES, [ROADS] * 4)
    about = try_rules(router(RULE), to_history(cases, SITE), held_out, LABELS, Words()).about
    assert (about.held_out, about.new, about.reworded, about.unlabelled) == (4, 1, 1, 1)
    assert about.unknown_labels == {"老股": 1}


def test_dead_planned_and_expired_rules_are_named() -> None:
    rules = [
        RULE,
        rule("从不", "井盖", "flag", "big"),
        rule("来年", "灯", "flag", "big", valid_from="2027-01-01"),
        rule("过期", "灯", "flag", "big", valid_to="2020-01-01"),
    ]
    found = report(CASES, [ROADS] * 4, *rules)
    assert found.dead == ("从不",)
    assert found.about.expired == ("过期",)
    assert [one.rule for one in found.rules if one.planned] == ["来年"]


def test_a_site_without_rules_is_tried_all_the_same() -> None:
    found = report(CASES, [ROADS] * 4)
    assert found.rules == ()
    assert found.overall.model == found.overall.rules


def test_without_a_case_to_try_there_is_no_report() -> None:
    with pytest.raises(InputError, match="没有一件能拿来试算"):
        report([case("没写", "")], [ROADS], RULE)


def test_the_report_is_json_and_holds_no_text_of_a_case() -> None:
    secret = [dataclasses.replace(c, title=f"{c.title}张某某", body="不可外传的正文") for c in CASES]
    found = report(secret, [ROADS] * 4, RULE, rule("错", "路", "require", "drains"))
    told = json.dumps(as_json(found), ensure_ascii=False)
    assert json.loads(told)["overall"]["better"] == 2
    assert "号路 三" in told
    assert "张某某" not in told
    assert "正文" not in told
