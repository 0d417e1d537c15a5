from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.decision import Candidate, Vote, VoteKind
from router.precedence import BY_MODEL, Choice, choose, flags_of, settle
from router.site import is_outside

from .fixed_model import ranked

LABELS = ["a", "b", "c", "out:x", "out:y"]
A, B, C = Candidate("a", 0.5), Candidate("b", 0.45), Candidate("c", 0.05)
THREE = (A, B, C)
SHARES = st.floats(0, 1)


def vote(kind: VoteKind, target: str, rule: str = "规则", margin: float | None = None) -> Vote:
    return Vote(rule, kind, target, f"{rule}说的", margin)


candidates_of_any_kind = st.lists(st.sampled_from(LABELS), unique=True, min_size=1).flatmap(
    lambda labels: st.lists(SHARES, min_size=len(labels), max_size=len(labels)).map(
        lambda shares: ranked(dict(zip(labels, shares, strict=True)))
    )
)
votes_of_any_kind = st.lists(
    st.builds(
        vote,
        st.sampled_from(VoteKind),
        st.sampled_from([*LABELS, "gone"]),
        st.sampled_from("甲乙丙"),
        st.none() | SHARES,
    )
)


def steps_of(choice: Choice) -> list[str]:
    return [step.id for step in choice.steps]


def test_without_votes_the_most_probable_leads() -> None:
    assert choose(THREE, [], 0.1) == Choice(A)


def test_require_makes_its_target_the_lead_and_keeps_its_probability() -> None:
    assert choose(THREE, [vote(VoteKind.REQUIRE, "c")], 0.1) == Choice(C, "规则", by_rule=True)


def test_two_requires_that_agree_are_no_conflict() -> None:
    votes = [vote(VoteKind.REQUIRE, "c", "甲"), vote(VoteKind.REQUIRE, "c", "乙")]
    choice = choose(THREE, votes, 0.1)
    assert choice.lead == C
    assert not choice.conflict


def test_two_requires_that_disagree_are_both_named_and_leave_the_more_probable() -> None:
    choice = choose(THREE, [vote(VoteKind.REQUIRE, "c", "甲"), vote(VoteKind.REQUIRE, "b", "乙")], 0.1)
    assert choice.lead == B
    assert set(choice.conflict) == {"甲", "乙"}
    assert not choice.by_rule


def test_require_against_forbid_is_a_conflict_of_both() -> None:
    choice = choose(THREE, [vote(VoteKind.REQUIRE, "b", "甲"), vote(VoteKind.FORBID, "b", "乙")], 0.1)
    assert set(choice.conflict) == {"甲", "乙"}
    assert choice.lead == B


def test_forbid_leaves_the_next_and_says_which_rule_did() -> None:
    assert choose(THREE, [vote(VoteKind.FORBID, "a")], 0.1) == Choice(B, "规则")


def test_forbid_of_another_than_the_first_changes_nothing() -> None:
    assert choose(THREE, [vote(VoteKind.FORBID, "b")], 0.1) == Choice(A)


def test_forbid_of_everything_is_a_conflict_that_leaves_the_first() -> None:
    choice = choose(THREE, [vote(VoteKind.FORBID, label) for label in "abc"], 0.1)
    assert choice.lead == A
    assert choice.conflict == ("规则",)


@pytest.mark.parametrize(("margin", "lead"), [(0.1, "b"), (0.01, "a")])
def test_prefer_reaches_only_as_far_as_the_margin(margin: float, lead: str) -> None:
    assert choose(THREE, [vote(VoteKind.PREFER, "b")], margin).lead.label == lead


@pytest.mark.parametrize(("own", "lead"), [(0.5, "c"), (0.4, "a"), (0.0, "a")])
def test_a_rule_may_state_a_margin_of_its_own(own: float, lead: str) -> None:
    assert choose(THREE, [vote(VoteKind.PREFER, "c", margin=own)], 0.1).lead.label == lead


def test_of_two_preferred_the_more_probable_leads() -> None:
    votes = [vote(VoteKind.PREFER, "c", "甲", 0.5), vote(VoteKind.PREFER, "b", "乙")]
    assert choose(THREE, votes, 0.1) == Choice(B, "乙")


def test_prefer_of_the_first_keeps_the_models_choice() -> None:
    assert choose(THREE, [vote(VoteKind.PREFER, "a"), vote(VoteKind.PREFER, "b")], 0.1) == Choice(A)


def test_prefer_counts_among_what_forbid_leaves() -> None:
    votes = [vote(VoteKind.FORBID, "a", "甲"), vote(VoteKind.PREFER, "c", "乙", 0.4)]
    assert choose(THREE, votes, 0.1) == Choice(C, "乙")


@pytest.mark.parametrize("kind", VoteKind)
def test_a_vote_for_nobody_here_is_ignored(kind: VoteKind) -> None:
    assert choose(THREE, [vote(kind, "gone")], 0.1) == Choice(A)


def test_a_unit_outside_is_named_only_where_the_model_is_sure_enough() -> None:
    candidates = ranked({"out:x": 0.5, "a": 0.4, "out:y": 0.05})
    assert settle(candidates, [], 0.1, least_outside=0.5).lead.label == "out:x"
    assert settle(candidates, [], 0.1, least_outside=0.6).lead.label == "a"


def test_a_rule_that_requires_it_needs_no_sure_model_to_send_a_case_back() -> None:
    votes = [vote(VoteKind.REQUIRE, "out:x")]
    choice = settle(ranked({"a": 0.9, "out:x": 0.1}), votes, 0.1, least_outside=0.9)
    assert choice.lead.label == "out:x"
    assert choice.by_rule


def test_a_conflict_over_a_case_for_an_opinion_is_still_told() -> None:
    votes = [vote(VoteKind.REQUIRE, "out:x", "甲"), vote(VoteKind.REQUIRE, "out:y", "乙")]
    choice = settle(ranked({"a": 0.9, "out:x": 0.1, "out:y": 0.0}), votes, 0.1, role="co")
    assert (choice.lead.label, choice.conflict) == ("a", ("乙", "甲"))


@pytest.mark.parametrize(
    ("votes", "wanted"),
    [
        ([], ["model"]),
        ([vote(VoteKind.REQUIRE, "c")], ["model", "required"]),
        (
            [vote(VoteKind.REQUIRE, "c"), vote(VoteKind.FORBID, "c")],
            ["model", "forbidden", "required", "conflict"],
        ),
        ([vote(VoteKind.FORBID, "a")], ["model", "forbidden", "next"]),
        ([vote(VoteKind.PREFER, "b")], ["model", "preferred"]),
        ([vote(VoteKind.PREFER, "c")], ["model", "too_far"]),
        ([vote(VoteKind.FORBID, label) for label in "abc"], ["model", *["forbidden"] * 3, "all_forbidden"]),
    ],
)
def test_each_step_to_the_lead_is_told(votes: list[Vote], wanted: list[str]) -> None:
    assert steps_of(choose(THREE, votes, 0.1)) == wanted


@pytest.mark.parametrize(("role", "wanted"), [("co", "for_an_opinion"), ("lead", "unsure_outside")])
def test_giving_up_a_unit_outside_is_told(role: str, wanted: str) -> None:
    candidates = ranked({"out:x": 0.5, "a": 0.4})
    assert steps_of(settle(candidates, [], 0.1, role=role, least_outside=0.6)) == ["model", wanted, "model"]


@given(candidates_of_any_kind, votes_of_any_kind, st.randoms(use_true_random=False), SHARES, SHARES)
def test_nothing_depends_on_the_order_of_votes(
    candidates: Sequence[Candidate], votes: list[Vote], random: object, margin: float, least: float
) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    one, other = (settle(candidates, given_, margin, least_outside=least) for given_ in (votes, shuffled))
    assert (one, one.steps) == (other, other.steps)


@given(candidates_of_any_kind, votes_of_any_kind, SHARES, SHARES)
def test_the_lead_is_a_candidate_with_the_models_own_probability(
    candidates: Sequence[Candidate], votes: list[Vote], margin: float, least: float
) -> None:
    assert settle(candidates, votes, margin, least_outside=least).lead in candidates


@given(candidates_of_any_kind, votes_of_any_kind, SHARES)
def test_requires_that_contradict_never_settle_a_case(
    candidates: Sequence[Candidate], votes: list[Vote], margin: float
) -> None:
    known = {c.label for c in candidates}
    required = {v.target: v.rule for v in votes if v.kind is VoteKind.REQUIRE and v.target in known}
    forbidden = {v.target: v.rule for v in votes if v.kind is VoteKind.FORBID}
    choice = choose(candidates, votes, margin)
    if len(required) > 1:
        assert set(required.values()) <= set(choice.conflict)
    for label in set(required) & set(forbidden):
        assert {required[label], forbidden[label]} <= set(choice.conflict)
    if len(required) == 1 and not set(required) & set(forbidden):
        assert choice.lead.label in required
        assert choice.by_rule
        assert not choice.conflict


@given(candidates_of_any_kind, votes_of_any_kind, SHARES)
def test_prefer_alone_never_costs_more_than_the_widest_margin(
    candidates: Sequence[Candidate], votes: list[Vote], margin: float
) -> None:
    prefers = [v for v in votes if v.kind is VoteKind.PREFER]
    widest = max([margin, *(v.margin for v in prefers if v.margin is not None)])
    cost = candidates[0].probability - choose(candidates, prefers, margin).lead.probability
    assert cost <= widest


@given(candidates_of_any_kind, votes_of_any_kind, SHARES)
def test_what_only_adds_never_changes_the_lead(
    candidates: Sequence[Candidate], votes: list[Vote], margin: float
) -> None:
    adds = {VoteKind.CO_HANDLE, VoteKind.FLAG, VoteKind.REVIEW}
    without = [v for v in votes if v.kind not in adds]
    assert choose(candidates, votes, margin) == choose(candidates, without, margin)


@given(candidates_of_any_kind, votes_of_any_kind, SHARES, SHARES)
def test_what_came_for_an_opinion_is_never_sent_back(
    candidates: Sequence[Candidate], votes: list[Vote], margin: float, least: float
) -> None:
    if all(is_outside(c.label) for c in candidates):
        return
    lead = settle(candidates, votes, margin, role="co", least_outside=least).lead
    assert not is_outside(lead.label)


@given(candidates_of_any_kind, votes_of_any_kind, SHARES)
def test_whoever_decided_voted_so(candidates: Sequence[Candidate], votes: list[Vote], margin: float) -> None:
    choice = choose(candidates, votes, margin)
    assert choice.decided_by in {BY_MODEL, *(v.rule for v in votes)}
    if choice.by_rule:
        assert any(
            (v.rule, v.kind, v.target) == (choice.decided_by, VoteKind.REQUIRE, choice.lead.label)
            for v in votes
        )


def test_a_flag_raised_twice_is_shown_once() -> None:
    votes = [vote(VoteKind.FLAG, "key", "甲"), vote(VoteKind.FLAG, "key", "乙"), vote(VoteKind.FLAG, "plan")]
    assert [flag.id for flag in flags_of(votes)] == ["key", "plan"]
    assert flags_of([vote(VoteKind.PREFER, "a")]) == ()
