from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.held_out import HeldOutCases
from router.decision import Candidate, Status, Vote, VoteKind
from router.proposal import Proposal
from router.rule_tables import RuleTable
from router.rules.building import BookRule
from training.backtest.cases import Basis, Trial, rules_to_try, try_cases
from training.history import to_history

from .trying import LABELS, SITE, case, kept, router, rule, trial

SURE = {"roads": 0.95, "lamps": 0.05}


def tried(cases: Sequence[Proposal], held_out: HeldOutCases, **more: object) -> Trial:
    made = router(**more)  # type: ignore[arg-type]
    return try_cases(made, to_history(cases, SITE), held_out, LABELS, lambda found, _: found)


def test_a_learned_case_is_judged_by_what_others_said_of_it() -> None:
    cases = [case("路面破损", "roads")]
    [one] = tried(cases, kept(cases, [SURE])).cases
    assert (one.basis, one.model.lead) == (Basis.HELD_OUT, "roads")


def test_a_case_the_model_never_saw_is_judged_by_the_model() -> None:
    cases = [case("路面破损", "roads"), case("路灯不亮", "lamps")]
    found = tried(cases, kept(cases[:1], [SURE]), said={"drains": 1.0})
    assert [one.basis for one in found.cases] == [Basis.HELD_OUT, Basis.NEW]
    assert [one.model.lead for one in found.cases] == ["roads", "drains"]


def test_where_earlier_models_judged_a_case_it_is_tried_once_more() -> None:
    cases = [case("路面破损", "roads"), case("路灯不亮", "lamps")]
    ahead = np.array([[float(label == "drains") for label in LABELS]])
    found = tried(cases, kept(cases, [SURE, SURE], ahead_rows=np.array([1]), ahead=ahead))
    assert [one.model.lead for one in found.cases] == ["roads", "roads"]
    assert [(one.proposal.title, one.model.lead) for one in found.ahead] == [("路灯不亮", "drains")]


def test_a_case_whose_text_was_changed_since_is_left_out() -> None:
    cases = [case("路面破损", "roads"), case("路灯不亮", "lamps")]
    reworded = [dataclasses.replace(cases[0], body="改过的正文，说法不同"), cases[1]]
    found = tried(reworded, kept(cases, [SURE, SURE]))
    assert [one.proposal.title for one in found.cases] == ["路灯不亮"]
    assert found.reworded == 1


def test_learned_cases_without_a_judgement_are_left_out() -> None:
    cases = [case("路面破损", "roads")]
    none_judged = HeldOutCases.build(cases, np.zeros((0, len(LABELS))))
    found = tried([*cases, case("路灯不亮", "lamps")], none_judged)
    assert [one.basis for one in found.cases] == [Basis.NEW]
    assert found.not_judged == 1


def test_the_same_text_learned_twice_is_told() -> None:
    cases = [case("路面破损", "roads"), case("路面破损", "roads", case_id="另一号"), case("路灯", "lamps")]
    assert tried(cases, kept(cases, [SURE] * 3)).twins == 2


class Peeking:
    """A rule of other people that looks at everything."""

    name = "偷看"

    def __init__(self) -> None:
        self.seen: list[Proposal] = []

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        self.seen.append(proposal)
        return []


def test_no_rule_sees_who_handled_a_case() -> None:
    cases = [case("路面破损", "roads", co_sections=("lamps",), topic="potholes", result="A")]
    peeking = Peeking()
    tried(cases, kept(cases, [SURE]), others=[BookRule(peeking, "peeking", RuleTable({}))])
    assert [(p.section, p.co_sections, p.topic, p.result) for p in peeking.seen] == [("", (), "", "")]
    assert peeking.seen[0].title == "路面破损"


class Raising:
    """A rule that fails."""

    name = "坏的"

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        raise ValueError("nothing works")


def test_a_failing_rule_stops_nothing_and_a_critical_one_sends_to_a_person() -> None:
    cases = [case("路面破损", "roads")]
    for critical, status in ((False, Status.SUGGESTED), (True, Status.REVIEW)):
        bad = BookRule(Raising(), "raising", RuleTable({}), critical=critical)
        [one] = tried(cases, kept(cases, [SURE]), others=[bad]).cases
        assert one.failed == ("坏的",)
        assert (one.rules.lead, one.rules.status, one.model.status) == ("roads", status, Status.SUGGESTED)
        assert one.without.get("坏的", one.model).status is Status.SUGGESTED


@pytest.mark.parametrize(
    ("dates", "tried_today"),
    [
        ({"valid_to": "2026-03-01"}, False),
        ({"valid_to": "2026-03-02"}, True),
        ({"valid_from": "2027-01-01"}, True),
        ({}, True),
    ],
)
def test_rules_of_today_and_of_later_are_tried_and_those_of_the_past_not(
    dates: Mapping[str, str], tried_today: bool
) -> None:
    cases = [case("路面破损", "roads")]
    [one] = trial(cases, [SURE], rule("定路灯", "路面", "require", "lamps", **dates)).cases
    assert (one.rules.lead == "lamps") is tried_today


def test_planned_rules_count_only_in_a_trial() -> None:
    made = router(rule("定路灯", "路面", "require", "lamps", valid_from=date(2027, 1, 1)))
    asked = case("路面破损", "roads")
    assert not made.suggest(asked).votes
    assert made.with_rules(rules_to_try(made)).suggest(asked).lead == "lamps"


WORDS = ("路面", "路灯", "下水道")
shares = st.dictionaries(st.sampled_from(LABELS), st.floats(0.01, 1), min_size=2)
effects = st.tuples(
    st.sampled_from(WORDS),
    st.sampled_from(["require", "forbid", "prefer", "review", "flag", "co_handle"]),
    st.sampled_from(LABELS),
)


@given(
    said=st.lists(shares, min_size=1, max_size=4),
    words=st.lists(st.sets(st.sampled_from(WORDS)), min_size=4, max_size=4),
    asked=st.lists(effects, max_size=5),
    role=st.sampled_from(["", "co"]),
)
def test_outcomes_are_the_routers_own_with_exactly_those_rules(
    said: list[Mapping[str, float]], words: list[set[str]], asked: list[tuple[str, str, str]], role: str
) -> None:
    rules = [rule(f"规则{n}", *each) for n, each in enumerate(asked)]
    cases = [
        case(f"第{n}件，{'，'.join(sorted(has))}", "roads", role=role)
        for n, has in zip(range(len(said)), words, strict=False)
    ]
    whole = [{label: share / sum(each.values()) for label, share in each.items()} for each in said]
    stored = [{label: float(np.float32(share)) for label, share in each.items()} for each in whole]
    for one, given_shares in zip(trial(cases, whole, *rules).cases, stored, strict=True):

        def outcome(
            *some: Mapping[str, object],
            said: Mapping[str, float] = given_shares,
            title: str = one.proposal.title,
        ) -> tuple[str, Status]:
            decision = router(*some, said=said).suggest(case(title, "", role=role))
            return decision.lead, decision.status

        assert outcome() == (one.model.lead, one.model.status)
        assert outcome(*rules) == (one.rules.lead, one.rules.status)
        for table in rules:
            name = str(table["name"])
            alone, without = one.alone.get(name, one.model), one.without.get(name, one.rules)
            assert outcome(table) == (alone.lead, alone.status)
            others = [other for other in rules if other is not table]
            assert outcome(*others) == (without.lead, without.status)


def test_votes_that_cannot_decide_are_not_tried_one_by_one() -> None:
    cases = [case("路面破损", "roads")]
    rules = [rule("提示", "路面", "flag", "big"), rule("会办", "路面", "co_handle", "lamps")]
    [one] = trial(cases, [SURE], *rules).cases
    assert {vote.kind for vote in one.votes} == {VoteKind.FLAG, VoteKind.CO_HANDLE}
    assert not one.alone
    assert not one.without
