from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.proposal import Proposal
from router.rules.base import WrongKeyError
from router.rules.field import FieldRule
from router.rules.reading import Reading, WordFinder

from .tables import fires


def field(**more: Any) -> FieldRule:
    return FieldRule("字段", "flag", "key", "因为", **more)


@pytest.mark.parametrize(
    ("more", "case", "expected"),
    [
        ({"field": "level", "values": ["省", "国"]}, {"level": "省"}, True),
        ({"field": "level", "values": ["省"]}, {"level": "省级"}, False),
        ({"field": "level", "values": ["省"], "contains": True}, {"level": "省级"}, True),
        ({"field": "proposer", "values": ["某某"], "contains": True}, {"proposer": ""}, False),
        ({"field": "密级", "values": ["内部"]}, {"extra": {"密级": "内部"}}, True),
        ({"field": "密级", "values": ["内部"]}, {}, False),
        (
            {"field": "delegation", "values": ["东关"], "contains": True},
            {"extra": {"代表团": "东关街道"}},
            True,
        ),
        ({"field": "delegation", "values": ["共青团界"]}, {"extra": {"界别": "共青团界"}}, True),
    ],
)
def test_a_field_is_compared_or_searched(more: dict[str, Any], case: dict[str, Any], expected: bool) -> None:
    assert fires(field(**more), **case) is expected


@pytest.mark.parametrize(
    ("extra", "number"),
    [
        ({"co_authors": "12"}, 12),
        ({"附议人": "12人"}, 12),
        ({"附议人": "甲某、乙某，丙某"}, 3),
        ({"联名代表": "甲某等12人"}, 12),
        ({"附议人": "甲某"}, 1),
        ({"附议人": ""}, None),
        ({}, None),
    ],
)
def test_co_authors_are_counted_however_a_register_lists_them(
    extra: dict[str, str], number: int | None
) -> None:
    reached = [n for n in range(20) if fires(field(field="co_authors", at_least=n), extra=extra)]
    assert (max(reached) if reached else None) == number


def test_a_number_may_be_bounded_on_both_sides() -> None:
    rule = field(field="附件数", at_least=3, at_most=5)
    fits = [fires(rule, extra={"附件数": str(n)}) for n in (2, 3, 5, 6)]
    assert fits == [False, True, True, False]


def test_words_may_be_asked_for_beside_the_field() -> None:
    rule = field(field="level", values=["省"], any=["路灯"])
    assert fires(rule, level="省", title="路灯")
    assert not fires(rule, level="省", title="路面")


@pytest.mark.parametrize(
    ("more", "key", "wanted"),
    [
        ({"values": ["省"]}, "field", "缺少 field"),
        ({"field": "level"}, "values", "缺少 values"),
        ({"field": "body", "values": ["省"]}, "field", "field 不能是 body"),
        ({"field": "title", "values": ["路"]}, "field", "field 不能是 title"),
        ({"field": "levle", "values": ["省"]}, "field", "field 'levle' 不是"),
        ({"field": "level", "values": ["省"], "at_least": 3}, "values", "只能写一种"),
        ({"field": "co_authors", "values": ["3"]}, "values", "co_authors 是数目"),
        ({"field": "co_authors", "at_least": "3"}, "at_least", "应是不小于 0 的整数"),
        ({"field": "co_authors", "at_most": True}, "at_most", "应是不小于 0 的整数"),
        ({"field": "level", "values": ["省"], "contains": "是"}, "contains", "true 或 false"),
    ],
)
def test_a_wrong_key_is_named(more: dict[str, Any], key: str, wanted: str) -> None:
    with pytest.raises(WrongKeyError, match=wanted) as caught:
        field(**more)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"field": "level", "values": ["国", "省"]}, "level 是“县”，要求为国、省"),
        ({"field": "level", "values": ["省"], "contains": True}, "level 是“县”，要求含省"),
        ({"field": "co_authors", "at_least": 3}, "co_authors 是 2，要求不少于 3"),
        ({"field": "附件数", "at_most": 3}, "附件数 没有数目，要求不多于 3"),
    ],
)
def test_a_rule_says_what_the_field_holds(more: dict[str, Any], wanted: str) -> None:
    rule = field(**more)
    case = Proposal(level="县", extra={"co_authors": "2"})
    assert rule.why(Reading(case, (), WordFinder(()))) == wanted


@given(st.text(max_size=30))
def test_no_cell_breaks_the_counting(cell: str) -> None:
    assert fires(field(field="co_authors", at_least=1), extra={"附议人": cell}) in (True, False)
