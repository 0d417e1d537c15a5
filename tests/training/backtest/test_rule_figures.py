from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from router.proposal import Proposal
from training.backtest.rule_figures import RuleFigures

from .trying import case, report, rule

ROADS, LAMPS = {"roads": 0.95, "lamps": 0.05}, {"lamps": 0.95, "roads": 0.05}
CLOSE = {"roads": 0.52, "lamps": 0.48}


def figures(
    cases: Sequence[Proposal], said: Sequence[Mapping[str, float]], *rules: Mapping[str, object]
) -> dict[str, RuleFigures]:
    return {found.rule: found for found in report(cases, said, *rules).rules}


def test_what_a_rule_requires_is_right_or_wrong_and_better_or_worse_than_the_model() -> None:
    cases = [
        case("灯 一", "lamps"),  # the model has it right
        case("灯 二", "lamps"),  # the model has it wrong, the rule puts it right
        case("灯 三", "roads"),  # the model has it right, the rule spoils it
        case("灯 四", "drains"),  # both have it wrong
        case("不亮", "lamps"),
    ]
    found = figures(cases, [LAMPS, ROADS, ROADS, ROADS, ROADS], rule("灯归路灯所", "灯", "require", "lamps"))
    one = found["灯归路灯所"]
    assert (one.fired, one.right, one.wrong) == (4, 2, 2)
    assert (one.better, one.worse, one.neither) == (1, 1, 1)
    assert one.precision
    assert (one.precision.value, round(one.precision.low, 2), round(one.precision.high, 2)) == (
        0.5,
        0.15,
        0.85,
    )
    assert [(c.case_id, c.true, c.said) for c in one.wrong_cases] == [
        ("号灯 三", "roads", "lamps"),
        ("号灯 四", "drains", "lamps"),
    ]
    assert one.contribution.right == 0


def test_forbidding_is_right_where_another_section_led() -> None:
    cases = [case("灯 一", "lamps"), case("灯 二", "roads")]
    one = figures(cases, [ROADS, ROADS], rule("不归道路所", "灯", "forbid", "roads"))["不归道路所"]
    assert (one.right, one.wrong, one.better, one.worse) == (1, 1, 1, 1)


def test_a_preference_that_reaches_nothing_changes_nothing() -> None:
    cases = [case("灯 一", "lamps"), case("灯 二", "lamps")]
    one = figures(cases, [ROADS, CLOSE], rule("优先", "灯", "prefer", "lamps"))["优先"]
    assert (one.fired, one.right, one.better) == (2, 2, 1)


def test_who_should_co_handle_is_compared_with_who_did() -> None:
    cases = [
        case("灯 一", "roads", co_sections=("lamps",)),
        case("灯 二", "roads", co_sections=("drains",)),
        case("灯 三", "roads"),
        case("灯 四", "lamps"),
    ]
    one = figures(cases, [ROADS] * 4, rule("会办", "灯", "co_handle", "lamps"))["会办"]
    assert one.co_handled
    assert (one.co_handled.right, one.co_handled.wrong, one.co_handled.led) == (1, 2, 1)
    assert one.co_handled.precision
    assert one.co_handled.precision.value == pytest.approx(1 / 3)
    assert [c.case_id for c in one.wrong_cases] == ["号灯 二", "号灯 三"]
    assert one.precision is None


def test_where_no_case_tells_who_co_handled_nobody_is_wrong() -> None:
    one = figures([case("灯 一", "roads")], [ROADS], rule("会办", "灯", "co_handle", "lamps"))["会办"]
    assert one.co_handled is None
    assert one.wrong_cases == ()


def test_a_flag_tells_how_much_more_often_the_model_errs_there() -> None:
    cases = [case("灯 一", "lamps"), case("灯 二", "roads"), case("路 三", "roads"), case("路 四", "roads")]
    one = figures(cases, [ROADS] * 4, rule("提示", "灯", "flag", "lamp"))["提示"]
    assert (one.fired, one.model_errors, one.lift) == (2, 1, 2.0)
    assert one.error_share
    assert one.error_share.value == 0.5


def test_a_rule_that_asks_for_a_person_tells_what_it_held_back() -> None:
    cases = [case("灯 一", "lamps"), case("灯 二", "roads"), case("灯 三", "roads")]
    one = figures(cases, [ROADS, ROADS, CLOSE], rule("请人看", "灯", "review"))["请人看"]
    assert (one.fired, one.sent, one.sent_wrong) == (3, 2, 1)
    assert (one.contribution.covered, one.contribution.covered_wrong) == (-2, -1)


def test_what_two_rules_do_alike_is_owed_to_neither() -> None:
    rules = [rule(name, "灯", "require", "lamps") for name in ("甲", "乙")]
    found = figures([case("灯 一", "lamps")], [ROADS], *rules)
    assert [(one.better, one.contribution.right) for one in found.values()] == [(1, 0), (1, 0)]
    alone = figures([case("灯 一", "lamps")], [ROADS], rules[0])["甲"]
    assert (alone.better, alone.contribution.right, alone.contribution.accuracy) == (1, 1, 1.0)


def test_a_rule_that_never_fires_says_what_kind_it_is() -> None:
    one = figures([case("灯 一", "lamps")], [ROADS], rule("从不", "井盖", "退回", "out:water"))["从不"]
    assert (one.fired, one.kinds, one.precision, one.lift) == (0, ("require",), None, None)


def test_without_an_error_there_is_no_lift() -> None:
    one = figures([case("灯 一", "roads")], [ROADS], rule("提示", "灯", "flag", "lamp"))["提示"]
    assert (one.model_errors, one.lift) == (0, None)
