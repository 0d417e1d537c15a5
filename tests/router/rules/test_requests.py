from __future__ import annotations

from typing import Any

import pytest

from router.decision import VoteKind
from router.proposal import Proposal
from router.rules.base import WrongKeyError
from router.rules.reading import Reading, WordFinder
from router.rules.requests import RequestsRule, requests_of

from .tables import SITE, book, refused

SECTIONS = {"lamps": ["路灯"], "roads": ["路面", "井盖"], "drains": ["下水道"]}


def several(**more: Any) -> RequestsRule:
    return RequestsRule("几件事", "请会办。", **{"sections": SECTIONS, **more})


def named(body: str, **more: Any) -> list[str]:
    return [vote.target for vote in several(**more).evaluate(Proposal(title="整治", body=body), ())]


@pytest.mark.parametrize(
    "body",
    [
        "1.修路灯。\n2.补路面。",
        "1、修好路灯；2、补好路面",
        "建议：一、修路灯。二、补路面。",
        "（一）修路灯。\n（二）补路面。",
        "一是修路灯；二是补路面。",
        "第一，修路灯。第二，补路面。",
        "①修好路灯\n②补好路面",
        "1．修好路灯\n2．补好路面",
    ],
)
def test_numbered_requests_are_told_apart_however_they_are_numbered(body: str) -> None:
    assert named(body) == ["lamps", "roads"]


@pytest.mark.parametrize(
    "body",
    [
        "路灯坏了，路面也坏了。",
        "1.修路灯。\n2.换路灯。",
        "1.路灯路面都修",
        "一条路有路灯三十盏，二十盏不亮，路面坏了",
        "",
    ],
)
def test_where_requests_are_not_numbered_or_are_one_sections_nothing_is_said(body: str) -> None:
    assert named(body) == []


def test_more_requests_may_be_asked_for() -> None:
    body = "1.修好路灯。\n2.补好路面。"
    assert named(body, least=2)
    assert not named(body, least=3)


def test_the_vote_says_which_request_it_rests_on() -> None:
    rule = several()
    case = Proposal(title="整治", body="近来不便。\n1.修好路灯。\n2.补好井盖。")
    votes = list(rule.evaluate(case, ()))
    assert [(v.kind, v.reason) for v in votes] == [
        (VoteKind.CO_HANDLE, "第 1 条说到“路灯”。请会办。"),
        (VoteKind.CO_HANDLE, "第 2 条说到“井盖”。请会办。"),
    ]
    reading = Reading(case, (), WordFinder(rule.words))
    assert rule.why(reading) == "有 2 条编号的诉求，第 1 条的“路灯”说的是 lamps，第 2 条的“井盖”说的是 roads"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"sections": {"lamps": ["路灯"]}}, "sections"),
        ({"sections": ["路灯"]}, "sections"),
        ({"least": 1}, "least"),
        ({"least": True}, "least"),
        ({"sections": {"lamps": [""], "roads": ["路"]}}, "sections 的 lamps"),
    ],
)
def test_a_wrong_key_is_named(more: dict[str, Any], key: str) -> None:
    with pytest.raises(WrongKeyError) as caught:
        several(**more)
    assert caught.value.key == key


def test_sections_may_be_written_by_name_and_must_exist() -> None:
    table = {"type": "requests", "name": "几件事", "reason": "请会办"}
    run = book({**table, "sections": {"路灯所": ["路灯"], "路桥股": ["路面"]}}).run(
        Proposal(body="1.修好路灯。\n2.补好路面。"), ()
    )
    assert [vote.target for vote in run.votes] == ["lamps", "roads"]
    assert "sections 里的 园林所 不是本局股室" in refused(
        [{**table, "sections": {"园林所": ["树"], "lamps": ["灯"]}}]
    )
    assert "园林所" not in SITE.sections


def test_what_comes_before_the_first_number_is_no_request() -> None:
    assert requests_of("一条街有路灯。1.修好路灯\n2.补好路面") == ["修好路灯", "补好路面"]
