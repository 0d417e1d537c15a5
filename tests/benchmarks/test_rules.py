from __future__ import annotations

import pytest

from benchmarks.rules import backtest_table, growth_table, hostile_table, made_up_rules
from router.proposal import Proposal
from router.site import Site
from tests.sample import CASES
from training.history import to_history
from training.train import Trained


def test_made_up_rules_ask_for_words_of_the_site_and_are_the_same_every_time(site: Site) -> None:
    book = made_up_rules(site, 20)
    assert len(book.rules) == 20
    assert [one.table for one in book.rules] == [one.table for one in made_up_rules(site, 20).rules]


@pytest.mark.parametrize("sizes", [(5, 50)])
def test_growth_is_told_against_the_number_of_rules(site: Site, sizes: tuple[int, ...]) -> None:
    cases = [Proposal(title="路灯不亮", body="路面坑洼，污水外溢。" * 20)] * 20
    table, found = growth_table(site, cases, sizes, 1)
    assert [row[0] for row in table.rows] == ["5", "50"]
    assert all(each["together"] > 0 for each in found)


def test_hostile_patterns_are_timed_at_each_length() -> None:
    table, found = hostile_table((100, 1_000), 1)
    assert len(table.columns) == 4
    assert all({"pattern", "100", "1000"} <= each.keys() for each in found)


def test_a_back_test_is_timed_with_the_sites_own_rules_first(site: Site, described: Trained) -> None:
    table, found = backtest_table(site, described.model, to_history(CASES, site), [5], 1)
    assert [row[0] for row in table.rows] == [f"{len(site.rules.tables)}, the site's own", "5"]
    assert all(each["seconds"] >= 0 for each in found)
