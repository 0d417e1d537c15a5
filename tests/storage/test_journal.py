from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from router.decision import OtherCase, SimilarCase
from router.errors import IdempotencyConflictError, UnknownDecisionError
from router.interfaces import AxisPrediction, ModelOutput
from router.likeness import same_matter
from router.site import Site
from router.storage import listing
from router.storage.answers import without_text
from router.storage.database import Database, open_database
from router.storage.idempotency import KEPT_FOR
from router.storage.journal import Journal
from router.storage.records import Idempotency, new_id
from router.storage.tables import idempotency
from router.verdict import Verdict, VerdictKind

from .cases import TEXT, new_decision
from .conftest import Clock


def request(key: str = "k1", body: bytes = b'{"title": "..."}', caller: str = "key:erp") -> Idempotency:
    return Idempotency(caller, key, body)


def test_the_answer_tells_id_revision_and_time(journal: Journal) -> None:
    new = new_decision()
    answer = journal.record(new).answer
    assert next(iter(answer)) == "decision_id"
    assert answer == {
        "decision_id": new.id,
        **new.answer,
        "revision": 1,
        "previous_decision": None,
        "created_at": "2026-03-02T08:00:00+00:00",
    }


def test_a_decision_is_read_as_it_was_stored(journal: Journal) -> None:
    new = new_decision()
    answer = journal.record(new).answer
    stored = journal.decision(new.id)
    assert stored is not None
    assert stored.answer == {**answer, "similar": [{**answer["similar"][0], "title": ""}]} | {
        "flags": [{"id": "same_matter", "reason": "与往年案件 2021 年 017 号（相似 91%）像是同一件事"}]
    }
    assert stored.proposal == new.proposal
    assert (stored.status, stored.lead, stored.decided_by) == ("suggested", "municipal", "model")
    assert (stored.versions, stored.hashes) == (new.decision.versions, {"model": "m" * 64})
    assert (stored.made_by, stored.verdict) == ("key:erp", None)


def test_without_leave_no_text_is_kept(journal: Journal) -> None:
    new = new_decision(keep_text=False)
    assert journal.record(new).answer["title"] == new.proposal.title
    stored = journal.decision(new.id)
    assert stored is not None
    assert (stored.proposal, stored.answer["title"]) == (None, "")


def test_an_unknown_decision_is_none(journal: Journal) -> None:
    assert journal.decision("nothing") is None


def test_another_text_of_a_case_is_a_revision_linked_to_the_decision_before(journal: Journal) -> None:
    first, again, changed, back = (new_decision(body=body) for body in ("甲", "甲", "乙", "甲"))
    answers = [journal.record(new).answer for new in (first, again, changed, back)]
    assert [answer["revision"] for answer in answers] == [1, 1, 2, 3]
    assert [answer["previous_decision"] for answer in answers] == [None, first.id, again.id, changed.id]
    stored = journal.decision(changed.id)
    assert stored is not None
    assert stored.proposal is not None
    assert stored.proposal.body == "乙"


@pytest.mark.parametrize("part", ["kind", "session", "level", "case_id"])
def test_a_case_is_another_where_any_part_of_its_number_is(journal: Journal, part: str) -> None:
    one = new_decision()
    other = new_decision(body="另")
    other = replace(other, proposal=replace(other.proposal, **{part: "别的"}))
    assert [journal.record(new).answer["revision"] for new in (one, other)] == [1, 1]


def test_a_case_of_another_system_is_another_case(journal: Journal) -> None:
    journal.record(new_decision(source="oa"))
    assert journal.record(new_decision(source="page")).answer["previous_decision"] is None


def test_cases_without_a_number_are_each_their_own(journal: Journal) -> None:
    answers = [journal.record(new_decision(case_id="")).answer for _ in range(2)]
    assert [answer["previous_decision"] for answer in answers] == [None, None]


@pytest.mark.parametrize("keep_text", [True, False])
def test_a_repeated_request_gets_the_first_answer(journal: Journal, keep_text: bool) -> None:
    assert journal.earlier(request()) is None
    first = journal.record(new_decision(keep_text=keep_text), request())
    assert journal.earlier(request()) == first.answer
    second = journal.record(new_decision(body="别的算法", keep_text=keep_text), request())
    assert (first.repeated, second.repeated) == (False, True)
    assert second.answer == first.answer
    assert len(journal.decisions()) == 1
    stored = journal.decisions()[0]
    assert stored.revision == 1


def test_another_request_under_the_same_key_is_a_conflict(journal: Journal) -> None:
    journal.record(new_decision(), request())
    with pytest.raises(IdempotencyConflictError):
        journal.earlier(request(body=b"{}"))
    with pytest.raises(IdempotencyConflictError):
        journal.record(new_decision(), request(body=b"{}"))
    assert len(journal.decisions()) == 1


def test_two_callers_may_use_the_same_key(journal: Journal) -> None:
    journal.record(new_decision(), request())
    assert not journal.record(new_decision(), request(body=b"{}", caller="key:other")).repeated


def test_a_key_may_be_used_again_after_a_day(journal: Journal, clock: Clock) -> None:
    journal.record(new_decision(), request())
    clock.time += KEPT_FOR
    assert journal.earlier(request(body=b"{}")) is None
    assert not journal.record(new_decision(), request(body=b"{}")).repeated


def test_many_are_stored_in_one_go_and_answered_in_their_order(journal: Journal) -> None:
    journal.record(new_decision("5"), request("k5"))
    items = [(new_decision(str(n)), request(f"k{n}")) for n in (7, 5, 9, 6)]
    recorded = journal.record_many(items)
    assert [r.answer["case_id"] for r in recorded] == ["7", "5", "9", "6"]
    assert [r.repeated for r in recorded] == [False, True, False, False]
    assert len(journal.decisions()) == 4


def test_first_answers_that_have_expired_are_removed_on_the_way(
    journal: Journal, database: Database, clock: Clock
) -> None:
    def kept() -> list[str]:
        with database.read() as connection:
            return sorted(connection.execute(select(idempotency.c.key)).scalars())

    first = new_decision("1")
    journal.record(first, request("k1"))
    clock.pass_by(hours=20)
    journal.record_many([(new_decision(key), request(key)) for key in ("k2", "k3")])
    clock.pass_by(hours=5)
    journal.record(new_decision("4"))
    assert kept() == ["k1", "k2", "k3"]  # nobody sent a key
    journal.record(new_decision("4"), request("k4"))
    assert kept() == ["k2", "k3", "k4"]
    clock.pass_by(hours=24)
    journal.verdict(first.id, Verdict(VerdictKind.ACCEPTED), "key:erp", request("k5"))
    assert kept() == ["k5"]


def test_of_many_none_is_stored_where_one_is_refused(journal: Journal) -> None:
    journal.record(new_decision("1"), request("k1"))
    with pytest.raises(IdempotencyConflictError):
        journal.record_many([(new_decision("0"), None), (new_decision("1"), request("k1", b"other"))])
    assert len(journal.decisions()) == 1


def test_a_text_of_any_characters_is_kept(journal: Journal) -> None:
    new = new_decision("1\x00\ud800", body="路灯\x00不亮\ud83d😀")
    journal.record(new, request())
    stored = journal.decision(new.id)
    assert stored is not None
    assert stored.proposal is not None
    assert stored.proposal.body == "路灯\ufffd不亮?😀"


def test_who_asks_for_what_came_since_gets_everything_once(journal: Journal, clock: Clock) -> None:
    ids = []
    for n in range(7):
        ids.append(journal.record(new_decision(str(n))).answer["decision_id"])
        clock.pass_by(minutes=10)
    assert [d.id for d in journal.decisions()] == ids
    assert [d.id for d in journal.decisions(limit=3)] == ids[:3]
    assert [d.id for d in journal.decisions(after=ids[2], limit=3)] == ids[3:6]
    since = clock.time - timedelta(minutes=30)
    assert [d.id for d in journal.decisions(since)] == ids[4:]
    assert [d.id for d in journal.decisions(since, after=ids[5])] == ids[6:]
    assert journal.decisions(clock.time) == []
    assert journal.decisions(after=ids[6]) == []


def test_a_clock_that_is_a_minute_late_hides_nothing(journal: Journal, clock: Clock) -> None:
    ids = []
    for minute in (10, 11, 10, 12):
        clock.time = clock.time.replace(minute=minute)
        ids.append(journal.record(new_decision(str(len(ids)))).answer["decision_id"])
    since = clock.time.replace(minute=11)
    assert [d.id for d in journal.decisions(since)] == [ids[1], ids[3]]


def test_the_latest_come_first(journal: Journal) -> None:
    ids = [journal.record(new_decision(str(n))).answer["decision_id"] for n in range(5)][::-1]
    assert [d.id for d in journal.latest(limit=2)] == ids[:2]
    assert [d.id for d in journal.latest(before=ids[1])] == ids[2:]


def test_the_latest_may_be_those_that_wait_or_those_that_were_decided(journal: Journal) -> None:
    ids = [journal.record(new_decision(str(n))).answer["decision_id"] for n in range(5)]
    newer = journal.record(new_decision("0", "另一稿")).answer["decision_id"]
    for judged in (ids[1], ids[3], ids[3]):
        journal.verdict(judged, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    assert [d.id for d in journal.latest(judged=True)] == [ids[3], ids[1]]
    assert [d.id for d in journal.latest(ids[3], judged=True)] == [ids[1]]
    assert [d.id for d in journal.latest(limit=1, judged=True)] == [ids[3]]
    assert [d.id for d in journal.latest(judged=False)] == [newer, ids[4], ids[2]]
    assert [d.id for d in journal.latest(ids[4], judged=False)] == [ids[2]]


def test_the_latest_may_be_those_of_a_number(journal: Journal) -> None:
    ids = [journal.record(new_decision(n, body)).answer["decision_id"] for n, body in ("1a", "2a", "1b")]
    journal.verdict(ids[0], Verdict(VerdictKind.ACCEPTED), "user:zhang")
    assert [d.id for d in journal.latest(numbers=["1"])] == [ids[2], ids[0]]
    assert [d.id for d in journal.latest(numbers=["1"], judged=True)] == [ids[0]]
    assert [d.id for d in journal.latest(numbers=["2", "3"], judged=False)] == [ids[1]]


def test_those_that_wait_are_looked_for_in_some_at_a_time(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 3)
    ids = [journal.record(new_decision(str(n))).answer["decision_id"] for n in range(7)]
    for judged in ids[1:]:
        journal.verdict(judged, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    seen, before = [], None
    for _ in range(3):
        seen.append([d.id for d in journal.latest(before, judged=False)])
        before = journal.beyond(before)
    assert seen == [[], [], [ids[0]]]
    assert before is None


def titled(journal: Journal, title: str, number: str) -> str:
    new = new_decision(number)
    journal.record(replace(new, proposal=replace(new.proposal, title=title)))
    return new.id


def test_the_latest_may_be_those_whose_title_has_all_of_some_words(journal: Journal) -> None:
    titles = ("关于修复人民路路灯的建议", "关于人民路停车的建议", "关于路灯节能的提案", "50%_AB/c")
    lamps, parking, saving, odd = (titled(journal, title, f"{n}") for n, title in enumerate(titles))
    journal.record(new_decision("9", "路灯", keep_text=False))
    assert [d.id for d in journal.latest(words=["路灯"])] == [saving, lamps]
    assert [d.id for d in journal.latest(words=["路灯", "人民路"])] == [lamps]
    assert [d.id for d in journal.latest(saving, words=["路灯"])] == [lamps]
    assert [d.id for d in journal.latest(limit=1, words=["建议"])] == [parking]
    journal.verdict(lamps, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    journal.verdict(odd, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    assert [d.id for d in journal.latest(limit=1, judged=True, words=["路灯"])] == [lamps]
    assert [d.id for d in journal.latest(judged=False, words=["路灯"])] == [saving]
    assert [d.id for d in journal.latest(numbers=["1", "2"], words=["人民路"])] == [parking]
    for words, found in (
        (["%"], [odd]),
        (["_ab/"], [odd]),
        (["路_灯"], []),
        (["'"], []),
        (["\x00", "\udc00"], []),
    ):
        assert [d.id for d in journal.latest(words=words)] == found


def test_words_are_looked_for_in_some_decisions_at_a_time(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 3)
    wanted, *_ = (titled(journal, "路灯" if n == 0 else "停车", str(n)) for n in range(7))
    seen, before = [], None
    for _ in range(3):
        seen.append([d.id for d in journal.latest(before, words=["路灯"])])
        before = journal.beyond(before)
    assert (seen, before) == ([[], [], [wanted]], None)
    assert [d.id for d in journal.latest(numbers=["0"], words=["路灯"])] == [wanted]


def test_an_unknown_place_to_go_on_from_is_told(journal: Journal) -> None:
    with pytest.raises(UnknownDecisionError, match="没有决定"):
        journal.decisions(after="nothing")
    with pytest.raises(UnknownDecisionError):
        journal.latest(before="nothing")


def test_another_process_reads_what_was_stored(journal: Journal, url: str) -> None:
    new = new_decision()
    journal.record(new)
    other = open_database(url)
    assert Journal(other).decision(new.id) == journal.decision(new.id)
    other.close()


def test_no_title_of_another_case_is_kept_however_the_flag_names_it() -> None:
    other = SimilarCase(OtherCase("017", TEXT, "municipal", 2021), 0.91)
    output = ModelOutput(cast(AxisPrediction, None), None, 1.0, similar=(other,), same_batch=(other, other))
    (flag,) = same_matter(new_decision().proposal, output, {"merge": 0.5}, Site())
    assert TEXT in flag.reason
    kept = without_text({"flags": [{"id": flag.id, "reason": flag.reason}]})
    assert TEXT not in str(kept)
    assert "017 号" in str(kept)


def test_ids_are_uuids_of_version_seven_in_their_order() -> None:
    ids = []
    for _ in range(3):
        ids.append(new_id())
        time.sleep(0.002)
    assert all(re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", one) for one in ids)
    assert ids == sorted(ids)


def test_a_closed_database_opens_again(journal: Journal, database: Database) -> None:
    journal.record(new_decision())
    database.close()
    assert len(journal.decisions()) == 1
