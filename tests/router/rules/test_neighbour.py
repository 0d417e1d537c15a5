from __future__ import annotations

from typing import Any

import pytest

from router.decision import VoteKind
from router.proposal import Proposal
from router.rules.base import WrongKeyError
from router.rules.neighbour import NeighbourRule

from .tables import KEYWORD, book, fires


def neighbour(target: str = "out:water", **more: Any) -> NeighbourRule:
    return NeighbourRule("河道", target, "河道归水利", **more)


def test_a_neighbour_is_required_unless_the_bureau_only_co_handles() -> None:
    rule = neighbour(any=["河道"])
    (vote,) = rule.evaluate(Proposal(title="河道清淤"), ())
    assert (vote.kind, vote.target) == (VoteKind.REQUIRE, "out:water")
    assert not fires(rule, title="河道清淤", role="co")


def test_a_neighbour_may_depend_on_the_place_and_on_a_pattern() -> None:
    rule = neighbour("out:farm", any=["污水"], place="村", pattern="污水.{0,4}直排")
    assert fires(rule, title="自然村污水随意直排")
    assert not fires(rule, title="自然村污水收集")
    assert not fires(rule, title="集镇污水随意直排")


@pytest.mark.parametrize(
    ("more", "key"), [({"target": "roads", "any": ["河"]}, "target"), ({}, "any"), ({"place": "村"}, "any")]
)
def test_a_wrong_key_is_named(more: dict[str, Any], key: str) -> None:
    with pytest.raises(WrongKeyError) as caught:
        neighbour(**more)
    assert caught.value.key == key


def test_the_site_fills_in_why_a_unit_gets_a_case_back() -> None:
    table = {"type": "neighbour", "name": "河道", "target": "水利局", "any": ["河道"]}
    (vote,) = book(table, KEYWORD).run(Proposal(title="河道"), ()).votes
    assert (vote.target, vote.reason) == ("out:water", "河道归水利局，建议改由该局承办。")
