from __future__ import annotations

from typing import Any

import pytest

from router.proposal import Proposal
from router.rules.base import WrongKeyError
from router.rules.place import LEVELS, PlaceRule
from router.rules.reading import Reading, WordFinder

from .tables import fires


def place(level: Any, **more: Any) -> PlaceRule:
    return PlaceRule("地点", "flag", "k", "因为", place=level, **more)


def judged(title: str, body: str = "", **more: Any) -> list[str]:
    return [level for level in LEVELS if fires(place(level, **more), title=title, body=body)]


@pytest.mark.parametrize(
    ("title", "body", "wanted"),
    [
        ("县城内涝", "", ["县城"]),
        ("集镇污水", "", ["集镇"]),
        ("自然村污水", "", ["村"]),
        ("集镇污水", "几个自然村、行政村、村庄也一样", ["集镇"]),
        ("污水直排", "村民意见大，村口的沟发臭，集镇上好些", ["村"]),
        ("污水直排", "集镇和自然村都有", []),
        ("城中村改造", "", ["县城"]),
        ("路灯不亮", "", []),
        ("", "", []),
    ],
)
def test_a_case_is_about_the_place_its_words_name_most(title: str, body: str, wanted: list[str]) -> None:
    assert judged(title, body) == wanted


def test_a_site_may_say_what_its_places_are_called() -> None:
    places = {"集镇": ["街上"]}
    assert judged("街上污水", places=places) == ["集镇"]
    assert judged("自然村污水", places=places) == ["村"]


def test_words_may_be_asked_for_beside_the_place() -> None:
    assert fires(place("村", any=["污水"]), title="自然村污水")
    assert not fires(place("村", any=["污水"]), title="自然村路灯")


@pytest.mark.parametrize(
    ("more", "key", "wanted"),
    [
        ({"level": "镇"}, "place", "不是 县城、集镇、村 之一"),
        ({"level": ""}, "place", "不是 县城、集镇、村 之一"),
        ({"level": "村", "places": ["村"]}, "places", "各一列词"),
        ({"level": "村", "places": {"乡": ["乡"]}}, "places", "不认识 乡"),
        ({"level": "村", "places": {"村": [""]}}, "places", "有空词"),
    ],
)
def test_a_wrong_key_is_named(more: dict[str, Any], key: str, wanted: str) -> None:
    with pytest.raises(WrongKeyError, match=wanted) as caught:
        place(**more)
    assert caught.value.key == key


def test_a_rule_says_which_words_told_the_place() -> None:
    rule = place("集镇")

    def why(title: str) -> str:
        return rule.why(Reading(Proposal(title=title), (), WordFinder(rule.words)))

    assert why("村组和自然村") == "说的是村（“村组”、“自然村”），要求集镇"
    assert why("集镇和村组") == "看不出说的是哪里（“集镇”、“村组”），要求集镇"
    assert why("路灯") == "看不出说的是哪里（没有地点的字眼），要求集镇"
