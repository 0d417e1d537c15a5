from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from router.errors import IdempotencyConflictError, OvertakenError, UnknownDecisionError, UnknownVerdictError
from router.storage.audit import Audit
from router.storage.journal import Journal
from router.storage.records import Idempotency, NewDecision
from router.verdict import Verdict, VerdictKind

from .cases import new_decision
from .conftest import Clock

ACCEPTED = Verdict(VerdictKind.ACCEPTED)
CHANGED = Verdict(VerdictKind.CHANGED, "drainage", ("villages", "construction"), "flooding")
GIVEN_BACK = Verdict(VerdictKind.RETURNED, returned_by="municipal", reason="不是我们的路")
TO_SENDER = Verdict(
    VerdictKind.RETURNED, "out:transport", reason="县道归交通局", returned_on=date(2026, 3, 4)
)


@pytest.fixture
def decided(journal: Journal) -> NewDecision:
    new = new_decision()
    journal.record(new)
    return new


def test_a_verdict_is_told_and_read_back(journal: Journal, decided: NewDecision) -> None:
    answer = journal.verdict(decided.id, CHANGED, "user:zhang").answer
    (stored,) = journal.verdicts(decided.id)
    assert stored.verdict == CHANGED
    assert stored.told() == answer
    assert answer == {
        "verdict_id": stored.id,
        "decision_id": decided.id,
        "created_at": "2026-03-02T08:00:00+00:00",
        "made_by": "user:zhang",
        "kind": "changed",
        "section": "drainage",
        "co_sections": ["villages", "construction"],
        "topic": "flooding",
        "returned_by": "",
        "reason": "",
        "returned_on": None,
    }


def test_several_are_a_history_and_the_newest_stands(journal: Journal, decided: NewDecision) -> None:
    for verdict in (ACCEPTED, GIVEN_BACK, CHANGED):
        journal.verdict(decided.id, verdict, "user:zhang")
    kinds = [stored.verdict.kind for stored in journal.verdicts(decided.id)]
    assert kinds == [VerdictKind.ACCEPTED, VerdictKind.RETURNED, VerdictKind.CHANGED]
    for stored in (journal.decision(decided.id), journal.decisions()[0], journal.latest()[0]):
        assert stored is not None
        assert stored.verdict is not None
        assert stored.verdict.verdict == CHANGED


def test_a_return_is_of_today_where_no_day_is_given(journal: Journal, decided: NewDecision) -> None:
    assert journal.verdict(decided.id, GIVEN_BACK, "user:zhang").answer["returned_on"] == "2026-03-02"
    assert journal.verdict(decided.id, TO_SENDER, "user:zhang").answer["returned_on"] == "2026-03-04"


def test_a_verdict_on_nothing_is_refused(journal: Journal, audit: Audit) -> None:
    with pytest.raises(UnknownDecisionError, match="没有决定"):
        journal.verdict("nothing", ACCEPTED, "user:zhang")
    assert audit.head().count == 0


def test_a_repeated_verdict_is_stored_once(journal: Journal, decided: NewDecision) -> None:
    request = Idempotency("key:erp", "k", b"accepted")
    first = journal.verdict(decided.id, ACCEPTED, "key:erp", request)
    second = journal.verdict(decided.id, ACCEPTED, "key:erp", request)
    assert (first.repeated, second.repeated, second.answer) == (False, True, first.answer)
    assert journal.earlier(request) == first.answer
    assert len(journal.verdicts(decided.id)) == 1
    with pytest.raises(IdempotencyConflictError):
        journal.verdict(decided.id, CHANGED, "key:erp", Idempotency("key:erp", "k", b"changed"))


def test_every_verdict_is_in_the_audit_log_without_its_reason(
    journal: Journal, audit: Audit, decided: NewDecision
) -> None:
    answer = journal.verdict(decided.id, GIVEN_BACK, "user:zhang").answer
    (entry,) = audit.entries()
    assert (entry.actor, entry.action, entry.subject) == ("user:zhang", "verdict", answer["verdict_id"])
    assert entry.details["returned_by"] == "municipal"
    assert "不是我们的路" not in str(entry.details)


def test_labels_are_exported_as_they_stand(journal: Journal, clock: Clock) -> None:
    wanted = {"accepted": ACCEPTED, "changed": CHANGED, "sender": TO_SENDER, "back": GIVEN_BACK, "none": None}
    for name, verdict in wanted.items():
        new = new_decision(name)
        journal.record(new)
        if verdict:
            journal.verdict(new.id, GIVEN_BACK, "user:zhang")
            journal.verdict(new.id, verdict, "user:zhang")
    labels = {
        case.proposal.case_id: (case.proposal.section, case.proposal.co_sections, case.proposal.topic)
        for case in journal.export_verdicts()
    }
    assert labels == {
        "accepted": ("municipal", ("construction",), "street-lights"),
        "changed": ("drainage", ("villages", "construction"), "flooding"),
        "sender": ("out:transport", (), ""),
    }


def test_a_case_is_exported_once_with_the_text_that_was_decided_on(journal: Journal) -> None:
    first, second, third = (new_decision(body=body) for body in ("甲", "乙", "丙"))
    for new in (first, second, third):
        journal.record(new)
    journal.verdict(first.id, ACCEPTED, "user:zhang")
    journal.verdict(second.id, CHANGED, "user:zhang")
    (case,) = journal.export_verdicts()
    assert case.decision_id == second.id
    assert (case.proposal.body, case.proposal.section) == ("乙", "drainage")
    assert (case.proposal.kind, case.proposal.session, case.proposal.level) == ("建议", "十五届三次", "县")
    assert case.proposal.proposer == "赵某甲"


def test_many_labels_come_out_in_the_order_they_were_decided(journal: Journal) -> None:
    news = [new_decision(str(n)) for n in range(1200)]
    journal.record_many([(new, None) for new in news])
    for new in news[::-100]:
        journal.verdict(new.id, ACCEPTED, "user:zhang")
    exported = [case.decision_id for case in journal.export_verdicts()]
    assert exported == [new.id for new in news[::-100]]


def test_who_asks_for_what_was_decided_since_gets_everything_once(journal: Journal, clock: Clock) -> None:
    old, young = new_decision("1"), new_decision("2")
    journal.record_many([(old, None), (young, None)])
    ids = []
    for n in range(7):
        given = journal.verdict((old, young)[n % 2].id, (ACCEPTED, TO_SENDER)[n % 2], "user:zhang")
        ids.append(given.answer["verdict_id"])
        clock.pass_by(minutes=10)
    assert [one.id for one in journal.all_verdicts()] == ids
    assert [one.id for one in journal.all_verdicts(after=ids[2], limit=3)] == ids[3:6]
    since = clock.time - timedelta(minutes=30)
    assert [one.id for one in journal.all_verdicts(since)] == ids[4:]
    assert [one.id for one in journal.all_verdicts(since, after=ids[5])] == ids[6:]
    assert journal.all_verdicts(clock.time) == journal.all_verdicts(after=ids[6]) == []
    last = journal.all_verdicts()[-2]
    assert (last.decision_id, last.verdict) == (young.id, TO_SENDER)
    with pytest.raises(UnknownVerdictError, match="没有处理意见"):
        journal.all_verdicts(after=old.id)


def test_a_verdict_of_a_clock_that_is_a_minute_late_hides_none(
    journal: Journal, decided: NewDecision, clock: Clock
) -> None:
    ids = []
    for minute in (10, 11, 10, 12):
        clock.time = clock.time.replace(minute=minute)
        ids.append(journal.verdict(decided.id, ACCEPTED, "user:zhang").answer["verdict_id"])
    assert [one.id for one in journal.all_verdicts(clock.time.replace(minute=11))] == [ids[1], ids[3]]


def test_whoever_knows_another_verdict_as_the_newest_is_told_so_and_nothing_is_stored(
    journal: Journal, decided: NewDecision, audit: Audit
) -> None:
    first = journal.verdict(decided.id, ACCEPTED, "user:zhang", seen="").answer["verdict_id"]
    entries = len(audit.entries())
    for seen in ("", "0" * 32):
        with pytest.raises(OvertakenError):
            journal.verdict(decided.id, CHANGED, "user:li", seen=seen)
    assert len(journal.verdicts(decided.id)) == 1
    assert len(audit.entries()) == entries
    journal.verdict(decided.id, CHANGED, "user:li", seen=first)
    journal.verdict(decided.id, ACCEPTED, "key:oa")  # a program says what it has to say
    assert len(journal.verdicts(decided.id)) == 3


def test_a_verdict_on_an_equal_text_is_one_to_know_and_on_a_changed_text_is_not(
    journal: Journal, decided: NewDecision
) -> None:
    journal.verdict(decided.id, ACCEPTED, "user:zhang")
    again, changed = new_decision(), new_decision(body="另一稿")
    journal.record(again)
    journal.record(changed)
    with pytest.raises(OvertakenError):
        journal.verdict(again.id, CHANGED, "user:li", seen="")
    journal.verdict(changed.id, CHANGED, "user:li", seen="")


def test_of_several_at_once_that_know_the_same_one_is_stored(journal: Journal, decided: NewDecision) -> None:
    def given(n: int) -> bool:
        try:
            journal.verdict(decided.id, CHANGED, f"user:{n}", seen="")
        except OvertakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(given, range(8))) == [False] * 7 + [True]
    assert len(journal.verdicts(decided.id)) == 1
