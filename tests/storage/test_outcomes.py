"""What people made of a text of a case, on whichever suggestion of it they said so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.storage.journal import Journal
from router.storage.records import NewDecision, Outcome
from router.verdict import Verdict, VerdictKind

from .cases import new_decision

ACCEPTED = Verdict(VerdictKind.ACCEPTED)
CHANGED = Verdict(VerdictKind.CHANGED, "drainage", ("villages",), "flooding")
GIVEN_BACK = Verdict(VerdictKind.RETURNED, returned_by="municipal", reason="不是我们的路")
TO_SENDER = Verdict(VerdictKind.RETURNED, "out:transport", reason="县道归交通局")


def recorded(journal: Journal, case_id: str = "028", body: str = "整夜不亮", lead: str = "municipal") -> str:
    new = new_decision(case_id, body)
    decision = replace(new.decision, lead=lead)
    journal.record(replace(new, decision=decision))
    return new.id


def outcome(journal: Journal, decision_id: str) -> Outcome | None:
    found = journal.decision(decision_id)
    assert found is not None
    return found.outcome


def waiting(journal: Journal) -> list[str]:
    return [one.id for one in journal.latest(judged=False)]


def settled(journal: Journal) -> list[str]:
    return [one.id for one in journal.latest(judged=True)]


@pytest.mark.parametrize("verdict", [ACCEPTED, CHANGED, TO_SENDER])
def test_the_same_text_again_is_decided_already(journal: Journal, verdict: Verdict) -> None:
    first = recorded(journal)
    journal.verdict(first, verdict, "user:zhang")
    again = recorded(journal)
    assert waiting(journal) == []
    assert settled(journal) == [first]
    assert [one.id for one in journal.latest()] == [again, first]
    for one in journal.latest():
        assert one.outcome is not None
        assert one.outcome.given.decision_id == first
        assert one.outcome.given.verdict.kind is verdict.kind
        assert one.outcome.settles


def test_the_interface_tells_of_each_suggestion_only_what_was_said_on_it(journal: Journal) -> None:
    first = recorded(journal)
    journal.verdict(first, ACCEPTED, "user:zhang")
    recorded(journal)
    assert [one.verdict is None for one in journal.decisions()] == [False, True]


def test_a_changed_text_waits_again(journal: Journal) -> None:
    first = recorded(journal)
    journal.verdict(first, ACCEPTED, "user:zhang")
    changed = recorded(journal, body="另一稿")
    assert waiting(journal) == [changed]
    assert settled(journal) == [first]
    assert outcome(journal, changed) is None
    assert [one.current for one in journal.latest()] == [True, False]


def test_another_case_with_the_same_number_of_drafts_waits(journal: Journal) -> None:
    journal.verdict(recorded(journal, "1"), ACCEPTED, "user:zhang")
    other = recorded(journal, "2")
    assert waiting(journal) == [other]


def test_what_was_decided_on_an_older_suggestion_stands_for_the_newer_one(journal: Journal) -> None:
    first, second = recorded(journal), recorded(journal)
    assert waiting(journal) == [second]
    journal.verdict(first, CHANGED, "user:zhang")
    assert waiting(journal) == []
    journal.verdict(second, ACCEPTED, "user:zhang")
    assert settled(journal) == [second]
    found = outcome(journal, first)
    assert found is not None
    assert found.given.verdict.kind is VerdictKind.ACCEPTED
    assert [one.verdict.kind for one in journal.history(first)] == ["changed", "accepted"]
    assert len(journal.verdicts(first)) == 1


def test_a_case_that_a_section_gave_back_waits_for_the_office(journal: Journal) -> None:
    first = recorded(journal)
    for verdict in (ACCEPTED, GIVEN_BACK):
        journal.verdict(first, verdict, "user:li")
    assert waiting(journal) == [first]
    assert settled(journal) == []
    again = recorded(journal)
    assert waiting(journal) == [again]
    found = outcome(journal, again)
    assert found is not None
    assert (found.lead, found.settles) == ("", False)
    journal.verdict(again, CHANGED, "user:zhang")
    assert (waiting(journal), settled(journal)) == ([], [again])


@pytest.mark.parametrize(
    ("verdict", "lead", "co_sections", "topic"),
    [
        (ACCEPTED, "municipal", ("construction",), "street-lights"),
        (CHANGED, "drainage", ("villages",), "flooding"),
        (TO_SENDER, "out:transport", (), ""),
        (GIVEN_BACK, "", (), ""),
    ],
)
def test_an_outcome_tells_who_handles_the_case(
    journal: Journal, verdict: Verdict, lead: str, co_sections: tuple[str, ...], topic: str
) -> None:
    journal.verdict(recorded(journal), verdict, "user:zhang")
    again = recorded(journal, lead="greening")  # a model of today may see it otherwise
    found = outcome(journal, again)
    assert found is not None
    assert (found.lead, found.co_sections, found.topic) == (lead, co_sections, topic)


def test_outcomes_of_many_decisions_are_asked_for_at_once(journal: Journal) -> None:
    news: list[NewDecision] = [new_decision(str(n)) for n in range(1200)]
    journal.record_many([(new, None) for new in news])
    for new in news[::400]:
        journal.verdict(new.id, ACCEPTED, "user:zhang")
    found = journal.outcomes([new.id for new in news] + ["nothing"])
    assert list(found) == [new.id for new in news[::400]]


def test_those_that_were_decided_again_and_again_take_one_line(journal: Journal) -> None:
    other = recorded(journal, "1")
    journal.verdict(other, ACCEPTED, "user:zhang")
    ids = [recorded(journal) for _ in range(5)]
    for one in ids:
        journal.verdict(one, CHANGED, "user:zhang")
    assert settled(journal) == [ids[-1], other]
    assert [one.id for one in journal.latest(limit=1, judged=True)] == [ids[-1]]
    assert [one.id for one in journal.latest(ids[-1], judged=True)] == [other]
    assert [one.id for one in journal.latest(judged=True, numbers=["028"])] == [ids[-1]]
