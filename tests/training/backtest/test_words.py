from __future__ import annotations

import tomllib
from collections.abc import Sequence

import pytest

from router.proposal import Proposal
from router.rule_tables import RuleTable
from training.backtest.words import LEAST_CASES, WordRule, word_rules

from .trying import SITE, Words, case, router, rule, trial

ROADS, LAMPS = {"roads": 0.9, "lamps": 0.1}, {"lamps": 0.9, "roads": 0.1}


def plain(n: int) -> list[Proposal]:
    """Return cases that the model has right."""
    return [case(f"路面,第{at}件", "roads") for at in range(n)]


def offered(cases: Sequence[Proposal], *rules: dict[str, object], wrong: int = 0) -> tuple[WordRule, ...]:
    """Look for words; the model says roads of everything, lamps of the last `wrong` cases."""
    said = [ROADS] * (len(cases) - wrong) + [LAMPS] * wrong
    return word_rules(trial(cases, said, *rules).cases, Words(), SITE)


MISSED = [case(f"灯杆,第{at}根", "lamps") for at in range(6)]


def test_a_word_of_cases_that_go_wrong_is_offered_with_where_they_belong() -> None:
    [found] = offered([*plain(60), *MISSED])
    assert (found.word, found.cases, found.errors, found.section) == ("灯杆", 6, 6, "lamps")
    assert (found.errors_of_section, found.cases_of_section) == (6, 6)
    assert (found.effect, found.better, found.worse) == ("require", 6, 0)
    assert found.chance < 0.001
    assert found.base == pytest.approx(6 / 66)
    assert found.error_share.low > 0.5
    assert {example.true for example in found.examples} == {"lamps"}


def test_what_is_offered_can_be_pasted_and_does_what_it_says() -> None:
    [found] = offered([*plain(60), *MISSED])
    [table] = tomllib.loads(found.toml)["rule"]
    one = router(RuleTable(table).params).suggest(case("换灯杆", ""))
    assert (one.lead, one.decided_by) == ("lamps", "候选：灯杆")


def test_a_word_that_would_spoil_as_much_only_asks_for_a_person() -> None:
    right = [case(f"灯杆,刷漆{at}", "roads") for at in range(6)]
    [found] = offered([*plain(200), *right, *MISSED])
    assert (found.effect, found.better, found.worse) == ("review", 6, 6)
    assert tomllib.loads(found.toml)["rule"][0]["effect"] == "review"


def test_what_a_rule_puts_right_already_is_not_looked_at() -> None:
    assert offered([*plain(60), *MISSED], dict(rule("灯杆归路灯所", "灯杆", "require", "lamps"))) == ()


def test_words_are_found_where_the_rule_would_find_them_inside_others_too() -> None:
    longer = [case(f"新灯杆{at}", "lamps") for at in range(2)]
    [found] = offered([*plain(60), *MISSED, *longer])
    assert found.cases == 8


def test_a_word_of_few_cases_is_never_offered() -> None:
    assert LEAST_CASES == 5
    assert offered([*plain(60), *MISSED[:4]]) == ()
    assert offered([*plain(60), *MISSED[:5]]) != ()


def test_names_are_never_offered() -> None:
    for word in ("张三丰", "三丰", "张三丰代表"):
        named = [case(f"{word},第{at}根", "lamps", proposer="张三丰") for at in range(6)]
        assert offered([*plain(60), *named]) == ()
    assert offered([*plain(60), *[case(f"张三丰,第{at}根", "lamps") for at in range(6)]]) != ()


def test_words_scattered_over_errors_by_chance_are_not_offered() -> None:
    words = ("甲词", "乙词", "丙词", "丁词", "戊词", "己词", "庚词", "辛词")
    cases = [case(f"{words[at % 8]},{words[at // 8 % 8]},第{at}件", "roads") for at in range(256)]
    cases[::17] = [case(f"{c.title}", "lamps") for c in cases[::17]]
    assert offered(cases) == ()


def test_words_that_tell_of_the_same_errors_are_offered_once() -> None:
    cases = [case(f"灯杆,歪斜,第{at}根", "lamps") for at in range(6)]
    assert len(offered([*plain(60), *cases])) == 1


def test_without_an_error_nothing_is_offered() -> None:
    assert offered(plain(20)) == ()
