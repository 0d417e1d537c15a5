from __future__ import annotations

import time
from typing import Any

import pytest

from router.proposal import Proposal
from router.rules.base import WrongKeyError
from router.rules.reading import Reading, WordFinder
from router.rules.regex import RegexRule

from .tables import fires


def regex(pattern: Any, **more: Any) -> RegexRule:
    return RegexRule("式", "flag", "k", "因为", pattern=pattern, **more)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"第[一二三]小区", "第二小区停水", True),
        (r"\d+号楼", "３号楼", True),
        (r"led灯", "ＬＥＤ灯", True),
        (r"LED灯", "led灯", True),
        (r"Ａ座", "a座", True),
        ("（[一二]）", "(一)修路", True),
        ("（[一二]）", "一、修路", False),
        ("路.灯", "路\n灯", False),
        (r"\D灯", "路灯", True),
    ],
)
def test_a_pattern_is_found_in_whatever_width_and_case(pattern: str, text: str, expected: bool) -> None:
    assert fires(regex(pattern), body=text) is expected


def test_a_pattern_looks_where_it_is_told_and_words_count_too() -> None:
    rule = regex("路.?灯", within="title", none=["采购"])
    assert fires(rule, title="路灯")
    assert not fires(rule, body="路灯")
    assert not fires(rule, title="路灯采购")


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("", "缺少 pattern"),
        (3, "缺少 pattern"),
        ("(路", r"pattern 写法有误：missing \)"),
        (r"(路)\1", "不能用反向引用"),
        ("(?=路)灯", "不能用反向引用"),
        ("路*", "什么文字都合"),
        ("路" * 1001, "超过 1000 个字符"),
        ("((路{1,1000}){1,1000}){1,1000}", "pattern 写法有误"),
    ],
)
def test_a_wrong_pattern_is_named(pattern: object, wanted: str) -> None:
    with pytest.raises(WrongKeyError, match=wanted) as caught:
        regex(pattern)
    assert caught.value.key == "pattern"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_hostile_pattern_on_a_hostile_text_takes_no_time(pattern: str) -> None:
    rule = regex(pattern)
    started = time.perf_counter()
    fires(rule, body="a" * 100_000 + "!")
    assert time.perf_counter() - started < 2


def test_a_pattern_says_what_it_found() -> None:
    rule = regex("第.小区")

    def why(body: str) -> str:
        return rule.why(Reading(Proposal(body=body), (), WordFinder(rule.words)))

    assert why("在第二小区") == "“第二小区”合于 第.小区"
    assert why("小区") == "没有合于 第.小区 的文字"
