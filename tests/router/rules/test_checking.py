from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from router.decision import Vote
from router.proposal import Proposal
from router.rule_tables import RuleTable, RuleTables
from router.rules.checking import check_rules, example_case

from .tables import KEYWORD, SITE, written


def told(*tables: Mapping[str, object]) -> list[str]:
    return list(map(str, check_rules(replace(SITE, rules=written(*tables))).mistakes))


def test_examples_that_do_what_they_say_pass() -> None:
    examples = {"fires": ["路灯不亮", {"title": "换路灯"}], "quiet": ["路面\n坑洼"]}
    check = check_rules(replace(SITE, rules=written({**KEYWORD, "examples": examples})))
    assert (check.mistakes, check.examples, len(check.book.rules)) == ((), 3, 1)


def test_an_example_that_does_not_is_told_with_the_reason() -> None:
    assert told(
        {**KEYWORD, "examples": {"fires": ["路面"], "quiet": ["路灯不亮，已经坏了很久很久很久很久了"]}}
    ) == [
        "规则“路灯”：样例“路面”应当对上而没有对上：文中没有“路灯”中的任何一个",
        "规则“路灯”：样例“路灯不亮，已经坏了很久很久很久很久了”不应对上却对上了：文中有“路灯”",
    ]


def test_a_mistake_of_an_example_has_its_place() -> None:
    table = RuleTable({**KEYWORD, "examples": {"fires": "路面"}}, {"": "第 1 行", "examples": "第 9 行"})
    (mistake,) = check_rules(replace(SITE, rules=RuleTables((table,)))).mistakes
    assert mistake.where == "第 9 行"


def test_examples_count_whatever_the_day() -> None:
    assert not told({**KEYWORD, "valid_to": "2020-01-01", "examples": {"fires": ["路灯"]}})


def test_rules_that_can_be_built_are_tried_beside_those_that_cannot() -> None:
    found = told({**KEYWORD, "examples": {"fires": ["路面"]}}, {"name": "坏"})
    assert len(found) == 2


def test_an_example_may_fill_the_fields_of_a_register() -> None:
    table = {key: value for key, value in KEYWORD.items() if key != "any"}
    table |= {"type": "field", "field": "co_authors", "at_least": 10}
    assert not told({**table, "examples": {"fires": [{"附议人": 12}], "quiet": [{"co_authors": "3"}]}})


def test_a_rule_that_raises_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        name = "坏"

        def __init__(self, name: str) -> None: ...

        def evaluate(self, proposal: Proposal, candidates: object) -> list[Vote]:
            raise ZeroDivisionError

    monkeypatch.setattr("router.rules.building.get_plugin", lambda *_: Broken)
    examples = {"fires": ["路灯", "桥"]}
    assert told({"type": "broken", "name": "坏", "examples": examples}) == [
        "规则“坏”：样例“路灯”跑不成（ZeroDivisionError）"
    ]


def test_a_table_of_an_example_becomes_a_case() -> None:
    case = example_case({"title": "路灯", "level": "省", "role": "co", "代表团": "东关", "附议人": 3})
    assert (case.title, case.level, case.role) == ("路灯", "省", "co")
    assert case.extra == {"代表团": "东关", "附议人": "3"}
