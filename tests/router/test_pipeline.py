from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import plugins
from router.decision import Candidate, Decision, Evidence, Status, Vote, VoteKind
from router.errors import SiteError
from router.pipeline import Router
from router.proposal import Proposal
from router.rule_tables import RuleTable, RuleTables
from router.site import Neighbour, Section, Settings, Site, Topic

from .fixed_model import FixedModel

TODAY = date(2025, 6, 9)
SITE = Site(
    settings=Settings(return_working_days=5, reply_months=3),
    sections={
        "roads": Section("roads", "道路所", person="甲某"),
        "lamps": Section("lamps", "路灯所"),
        "old": Section("old", "撤销的所", valid_to=date(2019, 2, 28)),
        "later": Section("later", "筹建的所", valid_from=date(2026, 1, 1)),
    },
    topics={
        "potholes": Topic("potholes", "坑洞", "roads"),
        "lighting": Topic("lighting", "照明", "lamps"),
    },
    neighbours={"out:water": Neighbour("out:water", "水利局"), "out:fire": Neighbour("out:fire", "消防")},
    digest="0123456789abcdef",
    rules_digest="fedcba9876543210",
)
SURE = {"roads": 0.9, "lamps": 0.05, "out:water": 0.03, "old": 0.02}
OUTSIDE = {"out:water": 0.8, "roads": 0.15, "lamps": 0.05}


def rule(effect: str, target: str, name: str = "规则", word: str = "路") -> Mapping[str, object]:
    return {
        "type": "keyword",
        "name": name,
        "effect": effect,
        "target": target,
        "any": [word],
        "reason": "因为",
    }


def router(
    sections: Mapping[str, float] = SURE, *rules: Mapping[str, object], site: Site = SITE, **model: Any
) -> Router:
    written = RuleTables(tuple(map(RuleTable, rules)))
    return Router(FixedModel(sections, **model), dataclasses.replace(site, rules=written), today=TODAY)


def suggest(
    sections: Mapping[str, float] = SURE, *rules: Mapping[str, object], role: str = "", **model: Any
) -> Decision:
    case = Proposal(case_id="028", title="关于路面的建议", role=role)
    return router(sections, *rules, **model).suggest(case)


def test_a_plain_case_is_suggested_with_all_that_it_rests_on() -> None:
    decision = suggest()
    assert (decision.case_id, decision.title) == ("028", "关于路面的建议")
    assert (decision.status, decision.lead, decision.probability) == (Status.SUGGESTED, "roads", 0.9)
    assert decision.decided_by == "model"
    assert (decision.versions.model, decision.versions.site) == ("fixed.1", "0123456789ab")
    assert decision.versions.rules == "fedcba987654"


def test_only_sections_of_today_are_candidates() -> None:
    decision = suggest({"old": 0.5, "later": 0.3, "strange": 0.1, "lamps": 0.06, "roads": 0.04})
    assert decision.lead == "lamps"
    assert not {"old", "later", "strange"} & {c.label for c in decision.candidates}
    assert "old" not in [co.label for co in decision.co_sections]
    assert "old" not in decision.prediction_set


def test_today_is_the_day_of_the_call_unless_it_is_fixed() -> None:
    model = FixedModel({"later": 0.9, "roads": 0.1})
    assert Router(model, SITE, today=date(2026, 1, 1)).suggest(Proposal(title="路灯")).lead == "later"
    assert Router(model, SITE, today=date(2025, 12, 31)).suggest(Proposal(title="路灯")).lead == "roads"


def test_a_model_that_knows_no_section_of_today_is_refused_in_words() -> None:
    with pytest.raises(SiteError, match="标签"):
        suggest({"市政所": 0.7, "教育局": 0.3})


def test_a_section_that_the_model_never_saw_can_still_be_required() -> None:
    decision = suggest({"lamps": 0.9, "out:water": 0.1}, rule("require", "roads"))
    assert (decision.lead, decision.probability) == ("roads", 0.0)
    assert decision.decided_by == "规则"


def test_without_a_site_every_label_is_a_candidate() -> None:
    decision = Router(FixedModel({"教育": 0.9, "卫生": 0.1}), today=TODAY).suggest(
        Proposal(title="关于办学的建议")
    )
    assert (decision.lead, decision.status) == ("教育", Status.SUGGESTED)


def test_an_outside_unit_that_the_model_is_sure_of_gets_the_case_back() -> None:
    decision = suggest(OUTSIDE)
    assert (decision.status, decision.lead, decision.topic) == (Status.NOT_OURS, "out:water", None)


def test_an_outside_unit_that_it_is_not_sure_of_does_not() -> None:
    decision = suggest(OUTSIDE, thresholds={"not_ours": 0.9})
    assert (decision.status, decision.lead) == (Status.REVIEW, "roads")
    assert "likely_not_ours" in [reason.id for reason in decision.reasons]


def test_several_outside_units_are_sure_together() -> None:
    decision = suggest({"out:water": 0.4, "out:fire": 0.4, "roads": 0.2}, thresholds={"not_ours": 0.7})
    assert decision.status is Status.NOT_OURS


def test_a_rule_is_sure_enough_by_itself() -> None:
    decision = suggest(SURE, rule("require", "out:water"))
    assert (decision.status, decision.lead, decision.decided_by) == (Status.NOT_OURS, "out:water", "规则")
    assert decision.probability == 0.03


def test_a_forbid_alone_does_not_send_a_case_away() -> None:
    decision = suggest({"roads": 0.6, "out:water": 0.3, "lamps": 0.1}, rule("forbid", "roads"))
    assert (decision.lead, decision.status) == ("lamps", Status.REVIEW)


@pytest.mark.parametrize("probabilities", [OUTSIDE, SURE])
def test_a_case_we_only_co_handle_stays_in_the_house(probabilities: Mapping[str, float]) -> None:
    decision = suggest(probabilities, rule("require", "out:water"), role="co")
    assert decision.lead == "roads"
    assert decision.status is not Status.NOT_OURS


def test_the_topic_is_the_leads_most_probable() -> None:
    topics = {"lighting": 0.7, "potholes": 0.3}
    assert suggest(topics=topics).topic == dataclasses.replace(
        suggest(topics=topics).topic,
        label="potholes",
        probability=0.3,  # type: ignore[type-var]
    )
    assert suggest({"lamps": 1.0}, topics={"potholes": 1.0}).topic is None


CO = {"lamps": 0.5, "out:water": 0.3, "roads": 0.9, "old": 0.9, "out:fire": 0.01}


def co_of(decision: Decision) -> dict[str, float]:
    return {co.label: co.probability for co in decision.co_sections}


def test_co_sections_are_those_the_model_is_sure_enough_of() -> None:
    assert co_of(suggest(co=CO, thresholds={"co": 0.4})) == {"lamps": 0.5}
    assert list(co_of(suggest(co=CO, thresholds={"co": 0.25}))) == ["lamps", "out:water"]
    assert suggest(thresholds={"co": 0.25}).co_sections == ()


def test_a_rule_may_ask_for_more_with_the_models_own_probability() -> None:
    asked = suggest(SURE, rule("co_handle", "out:fire"), co=CO, thresholds={"co": 0.4})
    assert co_of(asked) == {"lamps": 0.5, "out:fire": 0.01}
    assert co_of(suggest(SURE, rule("co_handle", "out:fire"))) == {"out:fire": 0.0}


def test_the_lead_never_co_handles() -> None:
    assert "roads" not in co_of(suggest(SURE, rule("co_handle", "roads"), co=CO))


def test_a_case_that_goes_back_is_handed_to_nobody_else_outside() -> None:
    returned = suggest(
        OUTSIDE, rule("co_handle", "out:fire"), co=CO | {"out:fire": 0.9}, thresholds={"co": 0.4}
    )
    assert returned.status is Status.NOT_OURS
    assert list(co_of(returned)) == ["roads", "lamps"]


def test_the_prediction_set_holds_at_least_the_first() -> None:
    assert suggest(thresholds={"set": 0.02}).prediction_set == ("roads", "lamps")
    assert suggest(thresholds={"set": 0.99}).prediction_set == ("roads",)


def test_each_further_label_of_the_set_needs_more_of_a_probability() -> None:
    near = {"roads": 0.4, "lamps": 0.21, "out:water": 0.2, "out:fire": 0.19}
    assert suggest(near, thresholds={"set": 0.1}).prediction_set == ("roads", "lamps")
    assert suggest(near, thresholds={"set": 0.06}).prediction_set == ("roads", "lamps", "out:water")
    assert len(suggest(near, thresholds={"set": 0.0}).prediction_set) == 4


def test_deadlines_count_from_the_day_received_or_today() -> None:
    assert suggest().deadlines.return_by == date(2025, 6, 16)
    assert suggest().deadlines.assumed
    received = router().suggest(Proposal(title="路灯", received_on=date(2025, 3, 5)))
    assert received.deadlines.reply_by == date(2025, 6, 5)
    assert not received.deadlines.assumed
    unread = router().suggest(Proposal(title="路灯", received_text="2026年3月"))
    assert (unread.deadlines.assumed, unread.deadlines.unread) == (True, "2026年3月")
    assert not router().suggest(Proposal(title="路灯")).deadlines.unread


def test_thresholds_of_the_model_count_not_a_fixed_number() -> None:
    assert suggest(thresholds={"accept": 0.95}).status is Status.REVIEW
    assert suggest({"roads": 0.5, "lamps": 0.3}, thresholds={"accept": 0.4}).status is Status.SUGGESTED


def test_a_section_with_a_threshold_of_its_own_is_held_to_it() -> None:
    thresholds = {"accept": 0.85, "accept:roads": 0.95}
    assert suggest(thresholds=thresholds).status is Status.REVIEW
    assert suggest({"lamps": 0.9, "roads": 0.1}, thresholds=thresholds).status is Status.SUGGESTED


def test_requests_to_several_sections_are_told_where_the_lead_is_in_doubt() -> None:
    asks = {"lamps": 2, "roads": 1, "old": 3}
    unsure = suggest({"roads": 0.6, "lamps": 0.4}, asks=asks)
    assert [reason.id for reason in unsure.reasons] == ["low_confidence", "several_requests"]
    assert "路灯所 2 处、道路所 1 处" in unsure.reasons[-1].text
    assert "撤销的所" not in unsure.reasons[-1].text
    assert suggest(asks=asks) == suggest()


def test_flags_add_to_a_decision_and_change_nothing_else() -> None:
    plain, flagged = suggest(), suggest(SURE, rule("flag", "planned"))
    assert [flag.id for flag in flagged.flags] == ["planned"]
    assert dataclasses.replace(flagged, flags=(), votes=()) == plain


def test_requires_for_inside_and_outside_go_to_a_person_and_both_are_named() -> None:
    votes = rule("require", "out:water", "甲"), rule("require", "lamps", "乙")
    for probabilities in (SURE, OUTSIDE, {"out:water": 0.3, "roads": 0.6, "lamps": 0.1}):
        for role in ("", "co"):
            decision = suggest(probabilities, *votes, role=role)
            assert decision.status is Status.REVIEW
            (said,) = [reason.text for reason in decision.reasons if reason.id == "rule_conflict"]
            assert "“甲”" in said
            assert "“乙”" in said


EFFECTS = [kind.value for kind in VoteKind]
TARGETS = ["roads", "lamps", "out:water", "out:fire"]
rules_of_any_kind = st.lists(
    st.builds(rule, st.sampled_from(EFFECTS), st.sampled_from(TARGETS), st.sampled_from("甲乙丙丁戊")),
    unique_by=lambda table: table["name"],
)
probabilities_of_any_kind = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(
    lambda shares: dict(zip(["roads", "lamps", "out:water", "out:fire", "old", "later"], shares, strict=True))
)
roles = st.sampled_from(["", "sole", "lead", "co", "separate"])


@given(probabilities_of_any_kind, rules_of_any_kind, roles, st.randoms(use_true_random=False))
def test_the_decision_does_not_depend_on_the_order_of_rules(
    probabilities: Mapping[str, float], rules: list[Mapping[str, object]], role: str, random: Any
) -> None:
    shuffled = list(rules)
    random.shuffle(shuffled)
    assert suggest(probabilities, *rules, role=role) == suggest(probabilities, *shuffled, role=role)


@given(probabilities_of_any_kind, rules_of_any_kind, roles)
def test_whatever_the_rules_ask_the_decision_keeps_its_promises(
    probabilities: Mapping[str, float], rules: list[Mapping[str, object]], role: str
) -> None:
    decision = suggest(probabilities, *rules, role=role)
    assert decision.lead in SITE.valid_labels(TODAY)
    assert decision.probability == probabilities[decision.lead]
    assert {c.label: c.probability for c in decision.candidates} == {t: probabilities[t] for t in TARGETS}
    assert not {"old", "later"} & {*decision.prediction_set, *(co.label for co in decision.co_sections)}
    assert decision.lead not in [co.label for co in decision.co_sections]
    assert (decision.status is Status.SUGGESTED) <= (
        not decision.reasons and not decision.lead.startswith("out:")
    )
    assert (decision.status is Status.NOT_OURS) <= decision.lead.startswith("out:")
    if role == "co":
        assert decision.status is not Status.NOT_OURS
        assert not decision.lead.startswith("out:")


class Foreign:
    """A rule as other people write them."""

    behaviour = "votes"

    def __init__(self, name: str) -> None:
        self.name = name

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        good = Vote(self.name, VoteKind.REQUIRE, "lamps", "因为")
        return {  # type: ignore[return-value]  # what is tested
            "votes": [good],
            "returns nothing": None,
            "returns words": ["require lamps"],
            "writes the kind as text": [Vote(self.name, cast(VoteKind, "require"), "lamps", "因为")],
            "invents a kind": [Vote(self.name, cast(VoteKind, "must"), "lamps", "因为")],
        }[self.behaviour]


class Late(Foreign):
    """Raises after its first vote."""

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        yield Vote(self.name, VoteKind.REQUIRE, "lamps", "因为")
        raise ZeroDivisionError


def with_foreign_rule(
    monkeypatch: pytest.MonkeyPatch, plugin: type[Foreign], behaviour: str = "votes"
) -> Decision:
    monkeypatch.setattr(plugin, "behaviour", behaviour)
    monkeypatch.setattr(
        "router.rules.building.get_plugin",
        lambda group, name: plugin if name == "foreign" else known(group, name),
    )
    return suggest(SURE, {"type": "foreign", "name": "外来"}, rule("flag", "planned", "本局"))


known = plugins.get_plugin


@pytest.mark.parametrize("behaviour", ["votes", "writes the kind as text"])
def test_a_foreign_rule_votes_like_ours(monkeypatch: pytest.MonkeyPatch, behaviour: str) -> None:
    decision = with_foreign_rule(monkeypatch, Foreign, behaviour)
    assert (decision.lead, decision.decided_by) == ("lamps", "外来")
    assert all(isinstance(vote.kind, VoteKind) for vote in decision.votes)


@pytest.mark.parametrize("behaviour", ["returns nothing", "returns words", "invents a kind"])
def test_a_rule_that_breaks_its_promise_is_recorded_as_failed(
    monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    decision = with_foreign_rule(monkeypatch, Foreign, behaviour)
    assert [failed.rule for failed in decision.failed_rules] == ["外来"]
    assert [flag.id for flag in decision.flags] == ["planned"]
    assert decision.lead == "roads"


def test_a_rule_that_raises_is_recorded_and_none_of_its_votes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = with_foreign_rule(monkeypatch, Late)
    assert [(failed.rule, failed.error) for failed in decision.failed_rules] == [
        ("外来", "ZeroDivisionError")
    ]
    assert [vote.rule for vote in decision.votes] == ["本局"]
    assert decision.lead == "roads"


def test_many_cases_are_answered_in_their_order() -> None:
    model = FixedModel(SURE, by_title={"路灯": {"lamps": 1.0}})
    cases = [Proposal(title=title) for title in ("道路", "路灯", "道路")]
    assert [d.lead for d in Router(model, SITE).suggest_many(cases)] == ["roads", "lamps", "roads"]
    assert Router(model, SITE).suggest_many([]) == []


def test_words_that_every_petition_holds_are_no_evidence() -> None:
    evidence = (Evidence("title", 0, 2, 1.0), Evidence("title", 2, 4, 0.5))
    model = FixedModel({"a": 0.9, "b": 0.1}, evidence=evidence)
    decision = Router(model, Site(stop_words=("建议",))).suggest(Proposal(title="建议修路"))
    assert decision.candidates[0].evidence == evidence[1:]


def test_prefer_alone_sends_no_case_back() -> None:
    rule = {"type": "keyword", "name": "偏向水利", "effect": "prefer", "target": "out:water", "any": ["河"]}
    model = {"roads": 0.3, "out:water": 0.25}
    decision = router(model, {**rule, "reason": "河归水利"}).suggest(Proposal(title="河边的路"))
    assert (decision.lead, decision.status) == ("roads", Status.REVIEW)
