from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.decision import Candidate, Reason, Status, Vote, VoteKind
from router.interfaces import Asked
from router.policy import doubts
from router.precedence import Choice, choose
from router.site import Neighbour, Section, Settings, Site

from .fixed_model import ranked

LABELS = ["a", "b", "c", "out:x"]
SITE = Site(
    sections={label: Section(label, f"{label}股") for label in "abc"},
    neighbours={"out:x": Neighbour("out:x", "外单位")},
)
A, B, C = Candidate("a", 0.5), Candidate("b", 0.45), Candidate("c", 0.05)
THREE = (A, B, C)


def vote(kind: VoteKind, target: str, rule: str = "规则") -> Vote:
    return Vote(rule, kind, target, f"{rule}说的")


def status_of(
    choice: Choice, candidates: Sequence[Candidate], votes: Sequence[Vote] = (), **more: Any
) -> Status:
    return judged(choice, candidates, votes, **more)[0]


def judged(
    choice: Choice, candidates: Sequence[Candidate], votes: Sequence[Vote] = (), **more: Any
) -> tuple[Status, list[str]]:
    given_: dict[str, Any] = {
        "text": "关于路灯的建议",
        "known_share": 1.0,
        "site": SITE,
        "accept": 0.4,
        **more,
    }
    found = doubts(choice, candidates, votes, **given_)
    return found.status, [reason.id for reason in found.reasons]


def test_a_new_kind_of_case_goes_to_a_person_unless_a_rule_knows_it() -> None:
    assert judged(Choice(A), [A], new_kind=True) == (Status.REVIEW, ["new_kind_of_case"])
    assert status_of(Choice(A, "规则", by_rule=True), [A], new_kind=True) is Status.SUGGESTED


def test_two_requires_that_disagree_go_to_a_person_and_are_both_named() -> None:
    choice = choose(THREE, [vote(VoteKind.REQUIRE, "c", "甲"), vote(VoteKind.REQUIRE, "b", "乙")], 0.1)
    assert choice.lead == B  # the more probable of the two is the best guess
    assert set(choice.conflict) == {"甲", "乙"}
    found = doubts(choice, THREE, [], "关于路灯的建议", 1.0, SITE, 0.4)
    assert found.status is Status.REVIEW
    assert Reason("rule_conflict", "规则 “乙”、“甲” 互相矛盾，请人工判断") in found.reasons


def test_require_against_forbid_goes_to_a_person_and_both_are_named() -> None:
    choice = choose(THREE, [vote(VoteKind.REQUIRE, "b", "甲"), vote(VoteKind.FORBID, "b", "乙")], 0.1)
    assert set(choice.conflict) == {"甲", "乙"}
    assert status_of(choice, THREE) is Status.REVIEW


def test_forbid_of_everything_goes_to_a_person() -> None:
    choice = choose(THREE, [vote(VoteKind.FORBID, label) for label in "abc"], 0.1)
    assert choice.lead == A
    assert status_of(choice, THREE) is Status.REVIEW


def test_what_is_left_after_forbid_still_needs_the_models_confidence() -> None:
    unsure = ranked({"a": 0.95, "b": 0.03, "c": 0.02})
    choice = choose(unsure, [vote(VoteKind.FORBID, "a")], 0.1)
    status, reasons = judged(choice, unsure)
    assert status is Status.REVIEW
    assert "low_confidence" in reasons


candidates_of_any_kind = st.lists(st.sampled_from(LABELS), unique=True, min_size=1).flatmap(
    lambda labels: st.lists(st.floats(0, 1), min_size=len(labels), max_size=len(labels)).map(
        lambda shares: ranked(dict(zip(labels, shares, strict=True)))
    )
)
votes_of_any_kind = st.lists(
    st.builds(vote, st.sampled_from(VoteKind), st.sampled_from([*LABELS, "gone"]), st.sampled_from("甲乙丙"))
)


@given(candidates_of_any_kind, votes_of_any_kind)
def test_two_requires_never_settle_a_case_silently(
    candidates: Sequence[Candidate], votes: list[Vote]
) -> None:
    known = {c.label for c in candidates}
    required = {v.target for v in votes if v.kind is VoteKind.REQUIRE and v.target in known}
    forbidden = {v.target for v in votes if v.kind is VoteKind.FORBID}
    choice = choose(candidates, votes, 0.1)
    if len(required) > 1 or required & forbidden:
        assert len(choice.conflict) >= 1
        assert status_of(choice, candidates, votes) is Status.REVIEW
    elif required:
        assert choice.lead.label in required
        assert choice.by_rule


@given(candidates_of_any_kind, votes_of_any_kind, st.floats(0, 1))
def test_only_a_case_without_reasons_is_suggested(
    candidates: Sequence[Candidate], votes: list[Vote], accept: float
) -> None:
    choice = choose(candidates, votes, 0.1)
    status, reasons = judged(choice, candidates, votes, accept=accept)
    assert (status is Status.SUGGESTED) <= (not reasons)
    assert (status is Status.NOT_OURS) <= choice.lead.label.startswith("out:")


SURE = ranked({"a": 0.9, "b": 0.06, "out:x": 0.04})


def test_a_sure_choice_on_a_plain_text_is_suggested() -> None:
    assert judged(choose(SURE, [], 0.1), SURE) == (Status.SUGGESTED, [])


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        (0.95, "把握 90%，到 95% 才可直接采纳"),
        (0.9021, "把握 90.00%，到 90.21% 才可直接采纳"),
        (1.01, "往年案件还少，定不出多大的把握才可直接采纳，一律请人工核对"),
    ],
)
def test_who_is_told_to_look_learns_how_sure_would_be_enough(accept: float, said: str) -> None:
    found = doubts(choose(SURE, [], 0.1), SURE, [], "关于修复路灯的建议", 1.0, SITE, accept)
    assert [reason.text for reason in found.reasons] == [said]


@pytest.mark.parametrize(
    ("candidates", "more", "reason"),
    [
        (SURE, {"accept": 0.95}, "low_confidence"),
        (SURE, {"text": "，。！ \n"}, "too_short"),
        (SURE, {"known_share": 0.1}, "unknown_words"),
        (ranked({"a": 0.5, "b": 0.45}), {}, "close_call"),
        (ranked({"out:x": 0.5, "a": 0.3}), {}, "likely_not_ours"),
    ],
)
def test_each_doubt_sends_the_case_to_a_person(
    candidates: Sequence[Candidate], more: dict[str, Any], reason: str
) -> None:
    ours = next(c for c in candidates if c.label == "a")
    status, reasons = judged(Choice(ours), candidates, **more)
    assert status is Status.REVIEW
    assert reason in reasons


UNSURE = ranked({"a": 0.5, "b": 0.3, "c": 0.1, "out:x": 0.1})
BOTH = (Asked("a", 2), Asked("b", 1))


def told(asks: Sequence[Asked], votes: Sequence[Vote] = (), accept: float = 0.9) -> str:
    """Return the sentence about several requests; empty where there is none."""
    choice = choose(UNSURE, votes, 0.1)
    found = doubts(choice, UNSURE, votes, "关于路灯的建议", 1.0, SITE, accept, asks=asks)
    return "".join(reason.text for reason in found.reasons if reason.id == "several_requests")


def test_an_unsure_case_names_the_sections_its_requests_speak_for() -> None:
    assert told(BOTH) == "文中不止一个诉求：a股 2 处、b股 1 处，由谁主办请人工判断"


def test_requests_to_several_sections_are_no_doubt_by_themselves() -> None:
    assert told(BOTH, accept=0.4) == ""
    assert judged(choose(SURE, [], 0.1), SURE, asks=BOTH) == (Status.SUGGESTED, [])


def test_requests_to_one_section_or_to_nobody_here_say_nothing() -> None:
    assert told((Asked("a", 4),)) == told((Asked("a", 1), Asked("gone", 3))) == told(()) == ""
    assert told(BOTH, [vote(VoteKind.FORBID, "b")]) == ""


def test_of_many_sections_the_most_asked_are_named_and_the_rest_counted() -> None:
    labels = {str(n): Section(str(n), f"{n}股") for n in range(6)}
    candidates = ranked(dict.fromkeys(labels, 1 / 6))
    asks = [Asked(label, 6 - int(label)) for label in labels]
    found = doubts(
        Choice(candidates[0]), candidates, [], "很长的一件", 1.0, Site(sections=labels), 0.9, asks=asks
    )
    assert "3股 3 处等 6 家，" in found.reasons[-1].text
    assert "4股" not in found.reasons[-1].text


def test_a_rule_may_ask_for_a_person_whatever_else_is_sure() -> None:
    votes = [vote(VoteKind.REVIEW, "")]
    assert judged(choose(SURE, votes, 0.1), SURE, votes) == (Status.REVIEW, ["rule_review"])


def test_a_required_lead_needs_no_confidence() -> None:
    votes = [vote(VoteKind.REQUIRE, "b")]
    assert judged(choose(SURE, votes, 0.1), SURE, votes, accept=0.99) == (Status.SUGGESTED, [])


def test_a_required_lead_is_still_no_answer_to_an_empty_text() -> None:
    votes = [vote(VoteKind.REQUIRE, "b")]
    assert judged(choose(SURE, votes, 0.1), SURE, votes, text="") == (Status.REVIEW, ["too_short"])


def test_an_outside_lead_goes_back() -> None:
    outside = ranked({"out:x": 0.9, "a": 0.1})
    assert status_of(Choice(outside[0]), outside) is Status.NOT_OURS


def test_the_numbers_are_the_sites_own() -> None:
    careless = Site(settings=Settings(close_margin=0.0, min_known_share=0.0, min_letters=1))
    assert judged(Choice(A), THREE, site=careless, known_share=0.0, text="灯") == (Status.SUGGESTED, [])


def test_prefer_settles_a_close_call_but_makes_nothing_surer() -> None:
    near = ranked({"a": 0.3, "b": 0.25, "c": 0.1})
    votes = [vote(VoteKind.PREFER, "b")]
    choice = choose(near, votes, 0.1)
    assert choice.lead.label == "b"
    status, reasons = judged(choice, near, votes, accept=0.9)
    assert status is Status.REVIEW
    assert reasons == ["low_confidence"]
