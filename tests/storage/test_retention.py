from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.journal import Journal
from router.storage.records import Idempotency, Purged
from router.storage.sqlite import Sqlite
from router.verdict import Verdict, VerdictKind

from .cases import TEXT, new_decision
from .conftest import Clock

REASON = "赵某甲已来电说明"


def stored(journal: Journal, case_id: str, **changes: object) -> str:
    new = new_decision(case_id, **changes)
    journal.record(new, Idempotency("key:erp", new.id, f"{TEXT}{new.id}".encode()))
    journal.verdict(new.id, Verdict(VerdictKind.ACCEPTED, reason=REASON), "user:zhang")
    return new.id


def holds(database: Database, words: str, folder: Path | None) -> bool:
    """Say whether some words are anywhere in the files of a database."""
    if isinstance(database.backend, Sqlite):
        files = list(database.backend.path.parent.glob(f"{database.backend.path.name}*"))
    else:
        assert folder
        with database.write() as connection:
            connection.execute(text("CHECKPOINT"))
            oid = connection.execute(
                text("SELECT oid FROM pg_database WHERE datname = current_database()")
            ).scalar_one()
        files = [path for path in (folder / "data" / "base" / str(oid)).iterdir() if path.is_file()]
    assert files
    return any(words.encode() in path.read_bytes() for path in files)


@pytest.fixture
def folder(request: pytest.FixtureRequest, url: str) -> Path | None:
    return request.getfixturevalue("cluster").folder if url.startswith("postgresql") else None


def test_old_texts_are_gone_and_what_was_decided_stays(journal: Journal, clock: Clock) -> None:
    old = stored(journal, "1")
    clock.pass_by(days=400)
    young = stored(journal, "2")
    before = journal.decision(old)
    gone = journal.purge_texts(clock() - timedelta(days=365), "command:root")
    assert gone == Purged(texts=1, reasons=1)
    after = journal.decision(old)
    assert before is not None
    assert after is not None
    assert after.proposal is None
    assert {**after.answer, "title": before.answer["title"]} == before.answer
    assert after.verdict is not None
    assert after.verdict.verdict == Verdict(VerdictKind.ACCEPTED)
    assert journal.decision(young) == journal.latest()[0]
    labels = [
        (c.proposal.case_id, c.proposal.section, bool(c.proposal.title)) for c in journal.export_verdicts()
    ]
    assert labels == [("1", "municipal", False), ("2", "municipal", True)]


def test_what_was_removed_is_nowhere_in_the_files(
    journal: Journal, database: Database, clock: Clock, folder: Path | None
) -> None:
    for n in range(60):
        stored(journal, str(n), body=f"{TEXT}{n}" * 200)
    assert holds(database, TEXT, folder)
    assert holds(database, REASON, folder)
    with database.write() as connection:
        connection.execute(text("ANALYZE"))  # as PostgreSQL does by itself now and then
    clock.pass_by(days=400)
    journal.purge_texts(clock(), "command:root")
    assert not holds(database, TEXT, folder)
    assert not holds(database, REASON, folder)
    assert not holds(database, "赵某甲", folder)


def test_without_leave_no_text_reaches_the_files(
    journal: Journal, database: Database, folder: Path | None
) -> None:
    for n in range(5):
        new = new_decision(str(n), keep_text=False)
        journal.record(new, Idempotency("key:erp", new.id, f"{TEXT}{n}".encode()))
    assert holds(database, "municipal", folder)
    assert not holds(database, TEXT, folder)
    assert not holds(database, "赵某甲", folder)


def test_removing_is_noted_and_leaves_the_chain_whole(journal: Journal, audit: Audit, clock: Clock) -> None:
    stored(journal, "1")
    clock.pass_by(days=400)
    journal.purge_texts(clock(), "command:root")
    entry = audit.entries()[0]
    assert (entry.actor, entry.action, entry.details["texts"]) == ("command:root", "texts_removed", 1)
    assert audit.verify().sound


def test_a_text_that_comes_again_is_kept_again(journal: Journal, clock: Clock) -> None:
    stored(journal, "1")
    clock.pass_by(days=400)
    journal.purge_texts(clock(), "command:root")
    stored(journal, "1")
    newest = journal.latest()[0]
    assert newest.proposal is not None
    assert newest.revision == 1


def test_more_texts_than_one_step_takes_are_removed(journal: Journal, clock: Clock) -> None:
    journal.record_many([(new_decision(str(n)), None) for n in range(1100)])
    clock.pass_by(days=1)
    assert journal.purge_texts(clock(), "command:root").texts == 1100
