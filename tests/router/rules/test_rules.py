from __future__ import annotations

import itertools
from typing import Any

import pytest

from router.decision import VoteKind
from router.errors import SiteError
from router.interfaces import Rule
from router.proposal import Proposal
from router.rules import build_rules
from router.rules.base import Effect, word_list
from router.rules.field import FieldRule
from router.rules.keyword import KeywordRule
from router.rules.neighbour import NeighbourRule

LABELS = frozenset({"roads", "lamps", "out:water"})
KEYWORD: dict[str, object] = {
    "type": "keyword",
    "name": "路灯",
    "effect": "prefer",
    "target": "lamps",
    "any": ["路灯"],
    "reason": "路灯归路灯股",
}


def fires(rule: Rule, **case: Any) -> bool:
    return bool(list(rule.evaluate(Proposal(**case), ())))


def keyword(**more: Any) -> KeywordRule:
    return KeywordRule("词", "prefer", "lamps", "因为", **more)


def test_a_vote_carries_what_the_file_says() -> None:
    (rule,) = build_rules([KEYWORD], LABELS)
    (vote,) = rule.evaluate(Proposal(title="路灯不亮"), ())
    assert (vote.rule, vote.kind, vote.target, vote.reason) == (
        "路灯",
        VoteKind.PREFER,
        "lamps",
        "路灯归路灯股",
    )


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ({"any": ["路灯", "照明"]}, "没有照明", True),
        ({"any": ["路灯", "照明"]}, "路面坏了", False),
        ({"all": ["充电", "消防"]}, "充电引发消防隐患", True),
        ({"all": ["充电", "消防"]}, "充电不便", False),
        ({"any": ["污水"], "none": ["集镇"]}, "集镇污水直排", False),
        ({"any": ["污水"], "none": ["集镇"]}, "村里污水直排", True),
        ({"any": "路灯"}, "路灯", True),
        ({"any": ["ＬＥＤ灯"]}, "换成led灯", True),
        ({"any": ["３号楼"]}, "3号楼停水", True),
        ({"any": ["3号楼"]}, "5号楼停水", False),
        ({"any": ["３号楼"]}, "翻修3号楼", True),
        ({"any": ["3号楼"]}, "翻修5号楼", False),
        ({"any": ["5G"]}, "有17个路口", False),
        ({"any": ["路灯"]}, "", False),
    ],
)
def test_words_asked_for_and_ruled_out(words: dict[str, Any], text: str, expected: bool) -> None:
    assert fires(keyword(**words), body=text) is expected


@pytest.mark.parametrize(
    ("within", "title", "body", "expected"),
    [
        ("title", "路灯", "", True),
        ("title", "", "路灯", False),
        ("body", "路灯", "", False),
        ("text", "", "路灯", True),
        ("text", "路", "灯", False),
    ],
)
def test_a_keyword_looks_where_it_is_told(within: str, title: str, body: str, expected: bool) -> None:
    assert fires(keyword(any=["路灯"], within=within), title=title, body=body) is expected


@pytest.mark.parametrize(
    ("more", "case", "expected"),
    [
        ({"field": "level", "values": ["省", "国"]}, {"level": "省"}, True),
        ({"field": "level", "values": ["省"]}, {"level": "省级"}, False),
        ({"field": "level", "values": ["省"], "contains": True}, {"level": "省级"}, True),
        ({"field": "proposer", "values": ["某某"], "contains": True}, {"proposer": ""}, False),
        ({"field": "密级", "values": ["内部"]}, {"extra": {"密级": "内部"}}, True),
        ({"field": "密级", "values": ["内部"]}, {}, False),
    ],
)
def test_a_field_is_compared_or_searched(more: dict[str, Any], case: dict[str, Any], expected: bool) -> None:
    assert fires(FieldRule("字段", "flag", "key", "因为", **more), **case) is expected


def test_a_neighbour_is_required_unless_the_bureau_only_co_handles() -> None:
    rule = NeighbourRule("河道", "out:water", "河道归水利", any=["河道"])
    (vote,) = rule.evaluate(Proposal(title="河道清淤"), ())
    assert (vote.kind, vote.target) == (VoteKind.REQUIRE, "out:water")
    assert not fires(rule, title="河道清淤", role="co")


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"type": "magic"}, "没有名为 'magic' 的 fenban.rules 插件。现有：field、keyword、neighbour"),
        ({"type": None}, "缺少 type"),
        ({"type": 3}, "缺少 type"),
        ({"effect": "must"}, "effect 'must' 不是 require、forbid、prefer"),
        ({"effect": "flag", "target": ""}, "要写 target"),
        ({"target": "nobody"}, "target 'nobody' 不是本局股室或外单位"),
        ({"reason": ""}, "缺少 reason"),
        ({"any": []}, "any 和 all 至少要写一个"),
        ({"any": ["路灯", " "]}, "any 里有空词"),
        ({"any": [3]}, "any 里有空词或不是文字"),
        ({"any": 3}, "any"),
        ({"within": "proposer"}, "within 'proposer' 不是 title、body、text 之一"),
        ({"name": ""}, "缺少 name"),
        ({"name": 5}, "name 应是带引号的文字，现为 5"),
        ({"reason": 5}, "reason 应是带引号的文字"),
        ({"target": ["lamps"]}, "target 应是带引号的文字"),
        ({"effect": ["flag"]}, "effect 应是带引号的文字"),
        ({"anny": ["路灯"]}, "不认识 anny，可写：name、effect、target、reason、any、all、none、within"),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_wrong(changed: dict[str, object], wanted: str) -> None:
    with pytest.raises(SiteError) as caught:
        build_rules([{**KEYWORD, **changed}], LABELS)
    assert wanted in str(caught.value)
    assert str(caught.value).startswith("rules.toml：规则“")


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (
            {
                "type": "field",
                "effect": "flag",
                "target": "k",
                "reason": "r",
                "field": "body",
                "values": ["省"],
            },
            "field 不能是 body",
        ),
        ({"type": "field", "effect": "flag", "target": "k", "reason": "r", "values": ["省"]}, "缺少 field"),
        ({"type": "field", "effect": "flag", "target": "k", "reason": "r", "field": "level"}, "缺少 values"),
        ({"type": "neighbour", "target": "roads", "reason": "r", "any": ["村道"]}, "应是 out: 开头"),
        (
            {
                "type": "field",
                "effect": "flag",
                "target": "k",
                "reason": "r",
                "field": "title",
                "values": ["路"],
            },
            "field 不能是 title",
        ),
    ],
)
def test_the_other_kinds_check_their_own_parts(table: dict[str, object], wanted: str) -> None:
    with pytest.raises(SiteError, match=wanted):
        build_rules([{"name": "规则", **table}], LABELS)


class Nameless:
    """A foreign rule that forgot its name."""

    def evaluate(self, proposal: Proposal, candidates: object) -> list[object]:
        raise NotImplementedError


class Unwilling(Nameless):
    """A foreign rule that can't be built."""

    def __init__(self, **_: object) -> None:
        raise KeyError("13800000000")


@pytest.mark.parametrize(
    ("plugin", "wanted"),
    [(Nameless, "没有 name"), (Unwilling, r"规则“甲”：建不起来（KeyError）。改正后再试$")],
)
def test_a_foreign_rule_that_cannot_be_built_is_told_like_any_other(
    plugin: type, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.rules.get_plugin", lambda _group, _name: plugin)
    name = {} if plugin is Nameless else {"name": "甲"}
    with pytest.raises(SiteError, match=wanted):
        build_rules([{"type": "foreign", **name}], LABELS)


def test_all_wrong_rules_are_told_at_once() -> None:
    with pytest.raises(SiteError) as caught:
        build_rules([{"name": "甲"}, {"name": "乙"}, {"name": "甲", **KEYWORD}, {}], LABELS)
    said = str(caught.value)
    assert all(part in said for part in ("规则“甲”：", "规则“乙”：", "规则“第 4 条”："))


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(SiteError, match="规则“路灯”重名"):
        build_rules([KEYWORD, KEYWORD], LABELS)


def test_rules_come_in_the_order_of_their_names_whatever_the_files_order() -> None:
    tables = [{**KEYWORD, "name": name} for name in ("丙", "甲", "乙")]
    orders = {tuple(rule.name for rule in build_rules(t, LABELS)) for t in itertools.permutations(tables)}
    assert orders == {tuple(sorted(("丙", "甲", "乙")))}


def test_a_flag_may_have_any_id_and_a_review_none() -> None:
    assert build_rules([{**KEYWORD, "effect": "flag", "target": "planned"}], LABELS)
    review = {key: value for key, value in KEYWORD.items() if key != "target"}
    assert build_rules([{**review, "effect": "review"}], LABELS)


@pytest.mark.parametrize("kind", [kind for kind in VoteKind if kind is not VoteKind.REVIEW])
def test_every_effect_but_review_needs_a_target(kind: VoteKind) -> None:
    assert Effect.parse("r", kind, "roads", "因为").vote().kind is kind
    with pytest.raises(ValueError, match="要写 target"):
        Effect.parse("r", kind, "", "因为")


def test_a_lone_string_is_one_word_not_its_letters() -> None:
    assert word_list("any", "路灯") == ("路灯",)
