from __future__ import annotations

from collections.abc import Mapping

import pytest

from training.backtest.pairs import Pair, pairs_of

from .trying import case, rule, trial

ROADS = {"roads": 0.95, "lamps": 0.05}


def pairs(*rules: Mapping[str, object]) -> list[Pair]:
    cases = [case("灯 一", "lamps"), case("灯 二 井", "lamps"), case("井 三", "roads")]
    return list(pairs_of(trial(cases, [ROADS] * 3, *rules).cases))


@pytest.mark.parametrize(
    ("first", "second", "disagree", "to_person"),
    [
        (("require", "lamps"), ("require", "drains"), 1, 1),
        (("require", "lamps"), ("require", "lamps"), 0, 0),
        (("require", "lamps"), ("forbid", "lamps"), 1, 1),
        (("require", "lamps"), ("forbid", "roads"), 0, 0),
        (("require", "lamps"), ("prefer", "drains"), 1, 0),
        (("prefer", "lamps"), ("prefer", "drains"), 1, 0),
        (("prefer", "lamps"), ("forbid", "lamps"), 1, 0),
        (("forbid", "lamps"), ("forbid", "drains"), 0, 0),
        (("require", "lamps"), ("co_handle", "drains"), 0, 0),
        (("flag", "big"), ("review", ""), 0, 0),
    ],
)
def test_rules_disagree_that_cannot_both_have_their_way(
    first: tuple[str, str], second: tuple[str, str], disagree: int, to_person: int
) -> None:
    [pair] = pairs(rule("甲", "灯", *first), rule("乙", "井", *second))
    assert ({pair.first, pair.second}, pair.together) == ({"甲", "乙"}, 1)
    assert (pair.disagree, pair.to_person) == (disagree, to_person)
    assert [found.case_id for found in pair.cases] == ["号灯 二 井"][:disagree]


def test_those_that_disagree_come_first_then_those_that_meet_most() -> None:
    found = pairs(
        rule("甲", "灯", "require", "lamps"),
        rule("乙", "灯", "flag", "big"),
        rule("丙", "井", "require", "drains"),
    )
    told = [({pair.first, pair.second}, pair.together) for pair in found]
    assert told[:2] == [({"甲", "丙"}, 1), ({"甲", "乙"}, 2)]


def test_rules_that_never_meet_are_no_pair() -> None:
    assert pairs(rule("甲", "一", "flag", "big"), rule("乙", "三", "flag", "big")) == []
