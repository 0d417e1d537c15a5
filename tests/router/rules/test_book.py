from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.decision import Candidate, Status, Vote, VoteKind
from router.pipeline import Router
from router.proposal import Proposal
from router.rules.book import RuleBook
from router.rules.building import build_rules
from router.site import Section
from tests.router.fixed_model import FixedModel

from .tables import CANDIDATES, KEYWORD, SITE, book, written

DAY = date(2026, 3, 1)
FOREIGN = {"type": "foreign", "name": "外来"}


class Foreign:
    """A rule of somebody else, that does what the test says."""

    name = "外来"

    def __init__(self, name: str = "") -> None:
        """Take the name that the table gives."""

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        return []


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    from router.plugins import get_plugin

    monkeypatch.setattr(
        "router.rules.building.get_plugin",
        lambda group, name: Foreign if name == "foreign" else get_plugin(group, name),
    )
    return monkeypatch


def votes_by(monkeypatch: pytest.MonkeyPatch, *votes: Vote) -> None:
    monkeypatch.setattr(Foreign, "evaluate", lambda *_: votes)


def raises(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def evaluate(*_: object) -> Iterable[Vote]:
        yield Vote("外来", VoteKind.REQUIRE, "roads", "因为")
        raise error

    monkeypatch.setattr(Foreign, "evaluate", evaluate)


def test_a_vote_carries_what_the_file_says() -> None:
    (vote,) = book(KEYWORD).run(Proposal(title="路灯不亮"), CANDIDATES).votes
    assert vote == Vote("路灯", VoteKind.PREFER, "lamps", "路灯归路灯股")


def test_an_empty_book_says_nothing() -> None:
    assert RuleBook().run(Proposal(title="路灯"), CANDIDATES).votes == ()


def test_a_rule_that_raises_is_recorded_and_nothing_of_it_counts(foreign: pytest.MonkeyPatch) -> None:
    raises(foreign, ZeroDivisionError())
    run = book(FOREIGN, KEYWORD).run(Proposal(title="路灯"), CANDIDATES)
    assert [(f.rule, f.error) for f in run.failed] == [("外来", "ZeroDivisionError")]
    assert [vote.rule for vote in run.votes] == ["路灯"]
    assert run.critical == ()


def test_a_critical_rule_that_fails_sends_the_case_to_a_person(foreign: pytest.MonkeyPatch) -> None:
    raises(foreign, ZeroDivisionError())
    site = replace(SITE, rules=written({**FOREIGN, "critical": True}))
    router = Router(FixedModel({"roads": 0.99, "lamps": 0.01}), site, today=DAY)
    decision = router.suggest(Proposal(title="路面坏了要修"))
    assert decision.status is Status.REVIEW
    assert [(r.id, "“外来”" in r.text) for r in decision.reasons] == [("rule_failed", True)]


def test_a_critical_rule_that_fails_keeps_a_case_from_going_back(foreign: pytest.MonkeyPatch) -> None:
    raises(foreign, ZeroDivisionError())
    site = replace(SITE, rules=written({**FOREIGN, "critical": True}))
    router = Router(FixedModel({"out:water": 0.99, "lamps": 0.01}), site, today=DAY)
    assert router.suggest(Proposal(title="河道淤塞要疏浚")).status is Status.REVIEW


@pytest.mark.parametrize("kind", [VoteKind.REQUIRE, VoteKind.FORBID, VoteKind.PREFER, VoteKind.CO_HANDLE])
def test_a_vote_for_a_section_that_does_not_exist_is_dropped_and_told(
    foreign: pytest.MonkeyPatch, kind: VoteKind
) -> None:
    votes_by(foreign, Vote("外来", kind, "gone", "因为"), Vote("外来", VoteKind.FLAG, "any", "因为"))
    run = book(FOREIGN).run(Proposal(title="路"), CANDIDATES)
    assert [vote.kind for vote in run.votes] == [VoteKind.FLAG]
    assert [(note.rule, note.id) for note in run.notes] == [("外来", "no_such_section")]
    assert "gone" in run.notes[0].text


def test_a_vote_for_a_section_of_another_day_is_dropped_and_told() -> None:
    sections = {**SITE.sections, "lamps": Section("lamps", "路灯所", valid_to=date(2020, 1, 1))}
    site = replace(SITE, sections=sections, rules=written({**KEYWORD, "effect": "require"}))
    decision = Router(FixedModel({"roads": 0.9, "lamps": 0.1}), site, today=DAY).suggest(
        Proposal(title="路灯")
    )
    assert (decision.lead, decision.votes) == ("roads", ())
    assert [note.id for note in decision.rule_notes] == ["no_such_section"]


def test_a_rule_that_takes_long_is_told_and_its_votes_count(foreign: pytest.MonkeyPatch) -> None:
    votes_by(foreign, Vote("外来", VoteKind.REVIEW, "", "因为"))
    rules, _ = build_rules(written(FOREIGN), SITE)
    run = RuleBook(rules, budget=-1.0).run(Proposal(title="路"), CANDIDATES)
    assert [(note.rule, note.id) for note in run.notes] == [("外来", "slow")]
    assert len(run.votes) == 1


def test_the_time_of_each_rule_that_was_asked_is_recorded() -> None:
    field = {**KEYWORD, "type": "field", "name": "级别", "field": "level", "values": ["省"], "any": []}
    rules = book(KEYWORD, field)
    assert set(rules.run(Proposal(title="路面"), CANDIDATES).seconds) == {"级别"}
    assert set(rules.run(Proposal(title="路灯"), CANDIDATES).seconds) == {"级别", "路灯"}


@pytest.mark.parametrize(
    "vote",
    [
        "require lamps",
        Vote("外来", "must", "lamps", "因为"),  # type: ignore[arg-type]  # what is tested
        Vote("外来", VoteKind.REVIEW, None, "因为"),  # type: ignore[arg-type]
        Vote("外来", VoteKind.REVIEW, "", 3),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_vote_is_a_failure_of_its_rule(foreign: pytest.MonkeyPatch, vote: Any) -> None:
    votes_by(foreign, vote)
    run = book(FOREIGN).run(Proposal(title="路"), CANDIDATES)
    assert (run.votes, [f.rule for f in run.failed]) == ((), ["外来"])


def test_a_rule_votes_in_its_own_name_only(foreign: pytest.MonkeyPatch) -> None:
    votes_by(foreign, Vote("路灯", VoteKind.REVIEW, "", "因为"))
    (vote,) = book(FOREIGN).run(Proposal(title="路"), CANDIDATES).votes
    assert vote.rule == "外来"


def test_a_rule_outside_its_days_is_not_asked() -> None:
    rules = book({**KEYWORD, "valid_from": "2026-03-01", "valid_to": "2026-03-31"})
    asked = [
        bool(rules.run(Proposal(title="路灯"), CANDIDATES, date(2026, month, 1)).votes) for month in (2, 3, 4)
    ]
    assert asked == [False, True, False]


def test_a_rules_margin_goes_with_its_votes() -> None:
    (vote,) = book({**KEYWORD, "margin": 0.3}).run(Proposal(title="路灯"), CANDIDATES).votes
    assert vote.margin == 0.3


def test_whole_words_are_told_by_the_sites_tokenizer() -> None:
    rules = book({**KEYWORD, "any": ["桥"], "match": "word"})
    assert rules.run(Proposal(title="桥，坏了"), CANDIDATES).votes
    assert not rules.run(Proposal(title="天桥坏了"), CANDIDATES).votes


def test_the_given_tokenizer_is_asked_first() -> None:
    class Letters:
        def tokenize(self, text: str) -> list[str]:
            return list(text)

    site = replace(SITE, rules=written({**KEYWORD, "any": ["桥"], "match": "word"}))
    assert RuleBook.of(site, Letters()).run(Proposal(title="天桥坏了"), CANDIDATES).votes


WORDS = ("路灯", "路", "灯", "桥", "污水", "集镇")
tables_of_any_kind = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.just("keyword"),
            "effect": st.sampled_from(["require", "forbid", "prefer", "co_handle"]),
            "target": st.sampled_from([*SITE.sections, *SITE.neighbours]),
            "any": st.lists(st.sampled_from(WORDS), max_size=3),
            "all": st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
            "none": st.lists(st.sampled_from(WORDS), max_size=1),
            "within": st.sampled_from(["text", "title", "body"]),
            "reason": st.just("因为"),
        }
    ),
    max_size=6,
).map(lambda tables: [{**table, "name": f"规则{at}"} for at, table in enumerate(tables)])
texts = st.lists(st.sampled_from([*WORDS, "，", "的"]), max_size=8).map("".join)


@given(tables_of_any_kind, texts, texts, st.randoms(use_true_random=False))
def test_the_order_in_which_rules_are_loaded_changes_nothing(
    tables: list[dict[str, object]], title: str, body: str, chance: random.Random
) -> None:
    shuffled = list(tables)
    chance.shuffle(shuffled)
    one, other = (
        book(*some).run(Proposal(title=title, body=body), CANDIDATES) for some in (tables, shuffled)
    )
    assert one.votes == other.votes


@given(tables_of_any_kind, texts, texts)
def test_asking_all_at_once_is_asking_each_by_itself(
    tables: list[dict[str, object]], title: str, body: str
) -> None:
    case = Proposal(title=title, body=body)
    rules = book(*tables)
    alone = [vote for one in rules.rules for vote in one.rule.evaluate(case, CANDIDATES)]
    assert list(rules.run(case, CANDIDATES).votes) == alone


@given(tables_of_any_kind, texts, st.sampled_from(["", "co"]))
def test_probabilities_stay_the_models_and_leads_stay_todays(
    tables: list[dict[str, object]], title: str, role: str
) -> None:
    shares = {"roads": 0.5, "lamps": 0.3, "out:water": 0.2}
    site = replace(SITE, rules=written(*tables))
    decision = Router(FixedModel(shares), site, today=DAY).suggest(Proposal(title=title, role=role))
    assert {c.label: c.probability for c in decision.candidates} == {
        **dict.fromkeys(SITE.sections, 0.0),
        "out:farm": 0.0,
        **shares,
    }
    assert decision.probability == {c.label: c.probability for c in decision.candidates}[decision.lead]
    assert decision.lead in site.valid_labels(DAY)
    assert not (role == "co" and decision.status is Status.NOT_OURS)
