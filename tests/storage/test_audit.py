from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import InputError
from router.storage.audit import Audit, Head, Verified, add_entry
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind

from .cases import new_decision
from .tampering import edit


def test_an_empty_chain_is_sound(audit: Audit) -> None:
    assert audit.verify() == Verified(0)
    assert audit.head().count == 0
    assert audit.verify(audit.head()).sound


def test_entries_are_chained_and_told_newest_first(audit: Audit) -> None:
    for n in range(5):
        audit.add("user:zhang", "login", f"n{n}", address="10.0.0.1", 原因="测试")
    assert audit.verify() == Verified(5)
    assert [entry.seq for entry in audit.entries(limit=2)] == [5, 4]
    assert [entry.subject for entry in audit.entries(before=4)] == ["n2", "n1", "n0"]
    assert audit.entries()[0].details == {"address": "10.0.0.1", "原因": "测试"}


def test_any_characters_can_be_noted(audit: Audit) -> None:
    audit.add("user:\x00", "login", "\ud800😀", why="\x00\ud800")
    assert audit.verify().sound


def test_any_characters_can_stand_in_a_verdict(journal: Journal, audit: Audit) -> None:
    decided = journal.record(new_decision()).answer["decision_id"]
    odd = Verdict(VerdictKind.CHANGED, "排水所\x00", ("\ud800",), "题\x00", reason="\x00")
    told = journal.verdict(decided, odd, "key:erp").answer
    assert (told["section"], told["reason"]) == ("排水所\ufffd", "\ufffd")
    assert audit.verify().sound


def test_a_longer_chain_than_one_page_is_followed(audit: Audit, database: Database) -> None:
    with database.write() as connection:
        for n in range(1100):
            add_entry(connection, database, "user:zhang", "login", str(n))
    assert audit.verify() == Verified(1100)
    edit(database, "UPDATE audit SET actor = 'user:li' WHERE seq = 1050")
    assert audit.verify().broken_at == 1050


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Head]:
    """Return a database with a chain of twelve rows, to be copied, and its head."""
    path: Path = tmp_path_factory.mktemp("chain") / "fenban.db"
    database = open_database(f"sqlite:///{path}")
    audit = Audit(database)
    for n in range(12):
        audit.add(f"user:{n % 3}", "login", f"n{n}", n=n)
    head = audit.head()
    database.close()
    return path, head


ROWS = st.integers(1, 12)
EDITS = {
    "actor": "'user:x'",
    "action": "'nothing'",
    "subject": "subject || ' '",
    "details": "'{}'",
    "at": "'2020-01-01 00:00:00.000000'",
    "hash": f"'{'a' * 64}'",
    "previous": f"'{'a' * 64}'",
    "seq": "seq + 100",
}


def edited(row: int, column: str) -> list[str]:
    return [f"UPDATE audit SET {column} = {EDITS[column]} WHERE seq = {row}"]


def moved(*places: tuple[int, int]) -> list[str]:
    return [f"UPDATE audit SET seq = {to} WHERE seq = {at}" for at, to in places]


TAMPERING = st.one_of(
    st.builds(lambda row, column: (row, edited(row, column)), ROWS, st.sampled_from(sorted(EDITS))),
    st.builds(lambda row: (row, [f"DELETE FROM audit WHERE seq = {row}"]), ROWS),
    st.builds(lambda row: (row, [f"DELETE FROM audit WHERE seq >= {row}"]), ROWS),
    st.builds(
        lambda row: (
            row,
            [f"DELETE FROM audit WHERE seq = {row}", *moved(*((n, n - 1) for n in range(row + 1, 13)))],
        ),
        ROWS,
    ),
    st.builds(
        lambda one, other: (one, moved((one, 99), (other, one), (99, other))),
        st.integers(1, 6),
        st.integers(7, 12),
    ),
)
"""The first row that is not as it was written, and what did it: edit, take out, cut, close up, swap."""


@settings(max_examples=80)
@given(tampering=TAMPERING)
def test_whatever_is_done_to_the_rows_is_found_where_it_was_done(
    chain: tuple[Path, Head], tampering: tuple[int, list[str]]
) -> None:
    row, statements = tampering
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{shutil.copy(chain[0], folder)}")
        edit(database, *statements)
        found = Audit(database).verify(chain[1])
        database.close()
    assert (found.count, found.broken_at) == (row - 1, row)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET details = '[]' WHERE seq = 2", "DELETE FROM audit WHERE seq = 2"],
)
def test_a_row_in_the_middle_is_found_on_both_databases(
    audit: Audit, database: Database, statement: str
) -> None:
    for n in range(3):
        audit.add("user:zhang", "login", str(n))
    edit(database, statement)
    assert audit.verify().broken_at == 2


def test_a_cut_end_is_seen_only_with_a_head(audit: Audit, database: Database) -> None:
    for n in range(3):
        audit.add("user:zhang", "login", str(n))
    head = audit.head()
    edit(database, "DELETE FROM audit WHERE seq > 1")
    assert audit.verify() == Verified(1)
    found = audit.verify(head)
    assert (found.count, found.broken_at, found.reason) == (1, 2, "末尾缺 2 行，导出链尾时共有 3 行")


def test_a_chain_written_anew_is_seen_only_with_a_head(audit: Audit, database: Database) -> None:
    audit.add("user:zhang", "key_created", "mine")
    head = audit.head()
    edit(database, "DELETE FROM audit")
    audit.add("user:zhang", "login", "harmless")
    assert audit.verify().sound
    assert "整段改写过" in audit.verify(head).reason


def test_more_rows_than_the_head_knows_are_fine(audit: Audit) -> None:
    audit.add("user:zhang", "login", "zhang")
    head = audit.head()
    audit.add("user:zhang", "login", "zhang")
    assert audit.verify(head) == Verified(2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verdicts SET section = 'drainage'",
        "UPDATE verdicts SET made_by = 'user:li'",
        "DELETE FROM verdicts",
    ],
)
def test_a_verdict_that_was_tampered_with_is_found(
    journal: Journal, audit: Audit, database: Database, statement: str
) -> None:
    new = new_decision()
    journal.record(new)
    journal.verdict(new.id, Verdict(VerdictKind.CHANGED, "municipal"), "user:zhang")
    assert audit.verify().sound
    edit(database, statement)
    assert audit.verify() == Verified(0, 1, "所记的处理意见被改过或不见了")


def test_a_verdict_that_was_slipped_in_is_found(journal: Journal, audit: Audit, database: Database) -> None:
    new = new_decision()
    journal.record(new)
    journal.verdict(new.id, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    edit(
        database,
        "INSERT INTO verdicts SELECT seq + 1, 'x', decision_ref, case_ref, created_at, made_by, kind,"
        " 'drainage', co_sections, topic, returned_by, returned_on FROM verdicts",
    )
    assert "没有审计记录" in audit.verify().reason


def test_a_head_survives_json(audit: Audit) -> None:
    audit.add("user:zhang", "login", "zhang")
    head = audit.head()
    assert Head.from_json(json.loads(json.dumps(head.told()))) == head


@pytest.mark.parametrize("value", [None, [], {}, {"count": 1}, {"count": "1", "last_hash": "", "time": ""}])
def test_something_else_is_no_head(value: object) -> None:
    with pytest.raises(InputError):
        Head.from_json(value)
