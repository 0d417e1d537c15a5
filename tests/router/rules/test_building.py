from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any

import pytest

from router.proposal import Proposal
from router.rule_tables import RuleMistake, RuleTable, RuleTables
from router.rules.building import build_rules

from .tables import KEYWORD, SITE, book, refused, written


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"type": "magic"}, "没有名为 'magic' 的 fenban.rules 插件。现有：field、keyword、neighbour"),
        ({"type": None}, "缺少 type"),
        ({"type": 3}, "缺少 type"),
        ({"target": "nobody"}, "target 'nobody' 不是本局股室或外单位"),
        ({"name": ""}, "规则“第 1 条”：缺少 name"),
        ({"name": 5}, "name 应是带引号的文字，现为 5"),
        ({"reason": 5}, "reason 应是带引号的文字"),
        ({"target": ["lamps"]}, "target 应是带引号的文字"),
        ({"effect": ["flag"]}, "effect 应是带引号的文字"),
        (
            {"anny": ["路灯"]},
            "不认识 anny，可写：name、effect、target、reason、any、all、none、within、match、type",
        ),
        ({"critical": "是"}, "critical 应是 true 或 false"),
        ({"margin": 2}, "margin 应为 0 到 1 之间的数，现为 2"),
        ({"margin": True}, "margin 应为 0 到 1 之间的数"),
        ({"author": 3}, "author 应是带引号的文字"),
        ({"valid_from": "三月"}, "valid_from '三月' 不是日期，请写成 2026-03-01"),
        ({"valid_to": datetime(2026, 1, 1)}, "valid_to"),  # noqa: DTZ001  # as TOML reads it
        ({"valid_from": "2026-03-02", "valid_to": "2026-03-01"}, "valid_to 2026-03-01 早于 valid_from"),
        ({"examples": ["路灯"]}, "examples 应写成"),
        ({"examples": {"fire": ["路灯"]}}, "examples 里不认识 fire"),
        ({"examples": {"fires": [3]}}, "examples 的 fires 应是一列文字"),
        ({"examples": {"fires": [" "]}}, "examples 的 fires 应是一列文字"),
        ({"any": ["@水"]}, "any 里的 @水 没有在 [synonyms] 里写明。现有：@灯"),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_wrong(changed: dict[str, object], wanted: str) -> None:
    assert wanted in refused([{**KEYWORD, **changed}], synonyms={"灯": ("路灯",)})


def test_all_wrong_rules_are_told_at_once() -> None:
    said = refused([{"name": "甲"}, {"name": "乙"}, {"name": "甲", **KEYWORD}, {}])
    assert all(part in said for part in ("规则“甲”：", "规则“乙”：", "规则“第 4 条”："))


def test_what_could_not_be_read_is_told_with_the_rest() -> None:
    said = refused([{"name": "甲"}], mistakes=(RuleMistake("rules.csv", "表头缺少 词"),))
    assert "rules.csv：表头缺少 词；规则“甲”：缺少 type" in said


def test_two_rules_of_one_name_are_refused_with_both_places() -> None:
    places = ({"": "rules.toml 第 1 行"}, {"": "rules.csv 第 2 行"})
    tables = RuleTables(tuple(RuleTable(KEYWORD, place) for place in places))
    _, (mistake,) = build_rules(tables, SITE)
    assert str(mistake) == "rules.csv 第 2 行：规则“路灯”：重名（另一条在 rules.toml 第 1 行）"


def test_a_mistake_is_told_at_the_line_of_its_key() -> None:
    table = RuleTable(
        {**KEYWORD, "within": "all"}, {"": "rules.toml 第 1 行", "within": "rules.toml 第 7 行"}
    )
    _, (mistake,) = build_rules(RuleTables((table,)), SITE)
    assert mistake.where == "rules.toml 第 7 行"


def test_rules_come_in_the_order_of_their_names_whatever_the_files_order() -> None:
    tables = [{**KEYWORD, "name": name} for name in ("丙", "甲", "乙")]
    orders = {tuple(one.name for one in book(*some).rules) for some in itertools.permutations(tables)}
    assert orders == {tuple(sorted(("丙", "甲", "乙")))}


def test_a_flag_may_have_any_id_and_a_review_none() -> None:
    assert book({**KEYWORD, "effect": "flag", "target": "planned"}).rules
    review = {key: value for key, value in KEYWORD.items() if key != "target"}
    assert book({**review, "effect": "review"}).rules


@pytest.mark.parametrize("target", ["roads", "道路所", "路桥股", " 道路所 "])
def test_a_section_may_be_written_by_id_name_or_alias(target: str) -> None:
    (vote,) = book({**KEYWORD, "target": target}).run(Proposal(title="路灯"), ()).votes
    assert vote.target == "roads"


def test_words_of_a_shared_set_stand_for_its_name() -> None:
    synonyms = {"充电": ("飞线", "充电桩"), "火": ("起火", "火灾")}
    rules = book({**KEYWORD, "any": [], "all": ["@充电", "@火"]}, synonyms=synonyms)

    def fires(title: str) -> bool:
        return bool(rules.run(Proposal(title=title), ()).votes)

    assert fires("飞线起火")
    assert fires("充电桩火灾")
    assert not fires("飞线充电桩")
    assert book({**KEYWORD, "any": ["@火", "路灯"]}, synonyms=synonyms).run(Proposal(title="火灾"), ()).votes
    assert not book({**KEYWORD, "none": "@火"}, synonyms=synonyms).run(Proposal(title="路灯起火"), ()).votes


def test_a_sites_own_names_of_places_reach_its_rules() -> None:
    table = {key: value for key, value in KEYWORD.items() if key != "any"} | {
        "type": "place",
        "place": "集镇",
    }
    assert book(table, places={"集镇": ("街上",)}).run(Proposal(title="街上"), ()).votes
    assert not book(table).run(Proposal(title="街上"), ()).votes


@pytest.mark.parametrize("written_as", [date(2026, 3, 1), "2026-03-01", "2026/3/1"])
def test_days_may_be_written_as_excel_does(written_as: object) -> None:
    ((one,), _) = build_rules(written({**KEYWORD, "valid_from": written_as}), SITE)
    assert (one.valid_from, one.valid_on(date(2026, 2, 28)), one.valid_on(date(2026, 3, 1))) == (
        date(2026, 3, 1),
        False,
        True,
    )


class Nameless:
    """A foreign rule that forgot its name."""

    def evaluate(self, proposal: Proposal, candidates: object) -> list[object]:
        raise NotImplementedError


class Unwilling(Nameless):
    """A foreign rule that can't be built."""

    def __init__(self, **_: object) -> None:
        raise KeyError("13800000000")


@pytest.mark.parametrize(
    ("plugin", "table", "wanted"),
    [
        (Nameless, {"type": "foreign"}, "没有 name"),
        (Unwilling, {"type": "foreign", "name": "甲"}, "规则“甲”：建不起来（KeyError）。改正后再试"),
    ],
)
def test_a_foreign_rule_that_cannot_be_built_is_told_like_any_other(
    plugin: type, table: dict[str, Any], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.rules.building.get_plugin", lambda _group, _name: plugin)
    said = refused([table])
    assert wanted in said
    assert "13800000000" not in said


def test_a_foreign_rule_sees_none_of_the_common_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    class Curious(Nameless):
        def __init__(self, **params: object) -> None:
            self.name, self.params = "甲", params

    monkeypatch.setattr("router.rules.building.get_plugin", lambda _group, _name: Curious)
    table = {"type": "foreign", "name": "甲", "limit": 3, "critical": True, "author": "办公室", "margin": 0.2}
    (one,) = book(table).rules
    assert one.rule.params == {"name": "甲", "limit": 3}  # type: ignore[attr-defined]  # of Curious
    assert (one.critical, one.author, one.margin) == (True, "办公室", 0.2)
