from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from tests.models.test_card_page import Page
from training.backtest.page import backtest_page
from training.backtest.report import Backtest
from training.backtest.telling import grids, notes, summary

from .test_words import MISSED, plain
from .trying import SITE, case, report, rule

ROADS = {"roads": 0.95, "lamps": 0.05}
EVIL = '<script>alert("规则")</script>'
CASES = [
    case("灯 一", "lamps", received_on=date(2023, 1, 2), co_sections=("drains",)),
    case("灯 二 路", "lamps", received_on=date(2024, 1, 2)),
    case("路 三", "roads", received_on=date(2024, 1, 2)),
]
RULES = [
    rule(EVIL, "灯", "require", "lamps"),
    rule("路归排水所", "路", "require", "drains"),
    rule("会办", "灯", "co_handle", "drains"),
    rule("请人看", "灯", "review"),
    rule("从不", "井盖", "flag", "big"),
]


@pytest.fixture(scope="module")
def found() -> Backtest:
    return report(CASES, [ROADS] * 3, *RULES)


def page_of(found: Backtest) -> Page:
    return Page(backtest_page(found, SITE.name, "某局"))


def test_the_page_tells_what_the_back_test_found(found: Backtest) -> None:
    text = page_of(found).text
    for wanted in (
        summary(found),
        "某局",
        "定主办的规则",
        "加会办的规则",
        "加提示、请人看的规则",
        "互相矛盾的规则",
        "规则说错的件",
        "一次也没对上的规则 1 条：从不。",
        "2024年号路 三（道路所）",
    ):
        assert wanted in text


def test_the_page_needs_no_script_and_nothing_from_elsewhere(found: Backtest) -> None:
    page = page_of(found)
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    given = [
        value or "" for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href")
    ]
    assert len(given) == 1
    assert given[0].startswith("data:image/svg+xml;base64,")
    assert "url(" not in backtest_page(found, SITE.name)


def test_names_of_rules_are_text_whatever_is_in_them(found: Backtest) -> None:
    assert EVIL not in backtest_page(found, SITE.name, EVIL)
    assert EVIL in page_of(found).text


def test_no_text_of_a_case_is_on_the_page(found: Backtest) -> None:
    assert CASES[0].body not in page_of(found).text


def test_bars_are_as_long_as_what_a_rule_changed(found: Backtest) -> None:
    page = backtest_page(found, SITE.name)
    # one puts two right, the other spoils one
    assert [page.count(f'style="width: {width}%"') for width in ("100.0", "50.0", "0.0")] == [1, 1, 2]


def test_one_year_makes_no_chart() -> None:
    cases = [dataclasses.replace(one, received_on=None) for one in CASES]
    assert "img" not in {tag for tag, _ in page_of(report(cases, [ROADS] * 3, *RULES)).tags}


def test_a_candidate_stands_there_to_be_copied() -> None:
    cases = [*plain(60), *MISSED]
    found = report(cases, [ROADS] * len(cases))
    assert "[[rule]]" in page_of(found).text
    assert 'any = ["灯杆"]' in page_of(found).text


def test_without_candidates_the_page_says_so(found: Backtest) -> None:
    assert "没有一个词里的错件比碰巧的多" in page_of(found).text


def test_every_row_has_a_cell_for_every_column(found: Backtest) -> None:
    shown = list(grids(found, SITE.name))
    assert len(shown) >= 6
    assert all(len(row) == len(grid.columns) for grid in shown for row in grid.rows)


def test_a_table_with_nothing_to_tell_is_left_out() -> None:
    assert [grid.title for grid in grids(report(CASES, [ROADS] * 3), SITE.name)] == ["用规则前后"]


def test_long_lists_of_cases_are_cut_short_and_say_how_many_there_are() -> None:
    cases = [case(f"路 {at}", "roads") for at in range(12)]
    [wrong] = [
        grid
        for grid in grids(report(cases, [ROADS] * 12, RULES[1]), SITE.name)
        if grid.title == "规则说错的件"
    ]
    assert wrong.rows[0][1].endswith("等 12 件")


def test_the_rules_that_spoil_most_come_first(found: Backtest) -> None:
    [leads] = [grid for grid in grids(found, SITE.name) if grid.title == "定主办的规则"]
    assert [row[0] for row in leads.rows] == ["路归排水所", EVIL]


def test_only_what_happened_is_noted(found: Backtest) -> None:
    told = "".join(notes(found))
    assert "3 件是模型学过的" in told
    assert "由模型现判" not in told
    assert "没有写承办股室" not in told
