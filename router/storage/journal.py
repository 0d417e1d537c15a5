"""Suggestions and what people made of them: recorded once, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, delete, func, insert, select, tuple_

from router.errors import OvertakenError, StorageUnavailableError
from router.storage.audit import VERDICT, add_entry, verdict_details
from router.storage.backend import Lock
from router.storage.database import Database
from router.storage.idempotency import first_answer, keep_answer, remove_expired
from router.storage.listing import (
    MOST,
    following,
    narrowed,
    number_of,
    unknown_decision,
    window_before,
)
from router.storage.reading import (
    labelled,
    labelled_case,
    outcomes,
    selected,
    selected_verdicts,
    standing,
    stored,
    stored_verdict,
)
from router.storage.recording import add_decision, add_verdict, identity_of
from router.storage.records import (
    Idempotency,
    LabelledCase,
    NewDecision,
    Outcome,
    Purged,
    Recorded,
    StoredDecision,
    StoredVerdict,
    new_id,
)
from router.storage.tables import decisions, idempotency, plain, remarks, texts, verdicts
from router.verdict import Verdict, VerdictKind

__all__ = ["Journal"]

_AT_ONCE = 500
_TIDY_EVERY = timedelta(seconds=5)


class Journal:
    """The decisions and verdicts of a database.

    Parameters
    ----------
    database : Database
    power_safe : bool
        Whether decisions wait for the disk. Where not, a power failure may
        cost those of the last seconds; a killed process costs none either
        way, and verdicts always wait.
    """

    def __init__(self, database: Database, *, power_safe: bool = True) -> None:
        self._database = database
        self._power_safe = power_safe
        self._tidied: datetime | None = None

    def earlier(self, request: Idempotency) -> dict[str, Any] | None:
        """Return what a repeated request was answered, None where it is new; ask before any work is done.

        Raises
        ------
        IdempotencyConflictError
            If the key was used for another request.
        """
        with self._database.read() as connection:
            answer = first_answer(connection, request, self._database.now())
        if answer is not None and self._power_safe:
            self._database.flush()  # whoever stored it may still be waiting for the disk
        return answer

    def record(self, new: NewDecision, request: Idempotency | None = None) -> Recorded:
        """Store a decision; when this returns, it survives a killed process and a power failure.

        The case is the one of the same source, level, session, kind and
        number; another text of it makes a new revision. A case without a
        number is a case of its own. Of two equal requests at once the second
        gets the answer of the first.

        Parameters
        ----------
        new : NewDecision
        request : Idempotency, optional

        Returns
        -------
        Recorded

        Raises
        ------
        IdempotencyConflictError
            If the key was used for another request.
        StorageUnavailableError
            If it can't be stored, or the disk refused only after it was: then
            it can be read, but may not survive a power failure. The same
            request again tells which.
        """
        return self.record_many([(new, request)])[0]

    def record_many(self, items: Sequence[tuple[NewDecision, Idempotency | None]]) -> list[Recorded]:
        """Store several decisions in one transaction, all or none; see `record`."""
        # in one order, so that two that hold the same cases don't wait for each other
        order = sorted(range(len(items)), key=lambda at: identity_of(items[at][0]))
        found: dict[int, Recorded] = {}
        with self._database.write(durable=self._power_safe) as connection:
            self._database.backend.together(connection, Lock.ORDER)
            for at in order:
                found[at] = self._record(connection, *items[at])
            if any(request for _, request in items):
                self._tidy(connection)
        return [found[at] for at in range(len(items))]

    def begin(self, request: Idempotency) -> None:
        """Take the key of a request that is stored in parts; to be called before the first of them is.

        Raises
        ------
        IdempotencyConflictError
            If the key was used for another request.
        """
        with self._database.write(durable=False) as connection:  # the first part takes it to the disk
            now = self._database.now()
            if not keep_answer(connection, request, {}, now):
                _first_answer(connection, request, now)

    def decision(self, id: str) -> StoredDecision | None:  # noqa: A002  # the word of the interface
        """Return a decision, None where there is none of that id."""
        with self._database.read() as connection:
            found = _with_verdicts(connection, selected().where(decisions.c.id == id))
            return found[0] if found else None

    def decisions(
        self, since: datetime | None = None, after: str | None = None, limit: int = 100
    ) -> list[StoredDecision]:
        """Return decisions in the order they were stored.

        Who asks again with `after` as the last id it got misses nothing and
        gets nothing twice, however many processes store at the time.

        Parameters
        ----------
        since : datetime, optional
            The first moment.
        after : str, optional
            Id of the last decision that is known already.
        limit : int

        Raises
        ------
        UnknownDecisionError
            If there is no decision `after`.
        """
        query = selected().where(decisions.c.seq <= self._settled()).limit(limit)
        with self._database.read() as connection:
            return _with_verdicts(connection, following(connection, query, decisions, since, after))

    def latest(
        self,
        before: str | None = None,
        limit: int = 50,
        *,
        judged: bool | None = None,
        numbers: Sequence[str] = (),
        words: Sequence[str] = (),
    ) -> list[StoredDecision]:
        """Return decisions, the newest first.

        Parameters
        ----------
        before : str, optional
            Id of the last one seen.
        limit : int
        judged : bool, optional
            Whether the text of the case is settled, see `StoredDecision.settled`.
            Of those that wait for it only the newest of each case, and not all
            at once: see `beyond`; of the others the one that was decided on.
        numbers : sequence of str
            Of the case, as they may be written; none for all.
        words : sequence of str
            Which the title holds, all of them, where texts are kept; not
            looked for everywhere at once either.

        Raises
        ------
        UnknownDecisionError
            If there is no decision `before`.
        """
        query = selected().order_by(decisions.c.seq.desc()).limit(limit)
        with self._database.read() as connection:
            at = MOST if before is None else number_of(connection, decisions, before)
            query = narrowed(connection, query.where(decisions.c.seq < at), at, judged, numbers, words, limit)
            return _with_verdicts(connection, query)

    def beyond(self, before: str | None = None) -> str | None:
        """Return the decision before which nothing was looked for; None where all were looked through.

        ``latest`` looks through some ten thousand decisions only for those that wait, and for words.
        """
        with self._database.read() as connection:
            at = MOST if before is None else number_of(connection, decisions, before)
            first = window_before(connection, at)
            query = select(decisions.c.id).order_by(decisions.c.seq).limit(1)
            older = connection.execute(query.where(decisions.c.seq < first)).first()
            return connection.execute(query.where(decisions.c.seq >= first)).scalar() if older else None

    def verdict(
        self,
        decision_id: str,
        verdict: Verdict,
        made_by: str,
        request: Idempotency | None = None,
        *,
        seen: str | None = None,
    ) -> Recorded:
        """Store what a person decided; it stands until the next one.

        Parameters
        ----------
        decision_id : str
        verdict : Verdict
            Checked against the site.
        made_by : str
            ``user:…`` or ``key:…``.
        request : Idempotency, optional
        seen : str, optional
            Id of the newest verdict on this text that its maker knew, empty
            where that was none; left out, any may stand.

        Returns
        -------
        Recorded
            With `StoredVerdict.told` as its answer.

        Raises
        ------
        UnknownDecisionError
            If there is no such decision.
        IdempotencyConflictError
            If the key was used for another request.
        OvertakenError
            If another verdict is the newest; nothing is stored.
        """
        with self._database.write() as connection:
            # taken first: of two at once the second then sees what the first has stored
            self._database.backend.alone(connection, Lock.AUDIT)
            now = self._database.now()
            earlier = first_answer(connection, request, now) if request else None
            if earlier is not None:
                return Recorded(earlier, repeated=True)
            if seen is not None:
                _check_newest(connection, decision_id, seen)
            answer = self._add_verdict(connection, decision_id, verdict, made_by, now).told()
            if request:
                keep_answer(connection, request, answer, now)
                self._tidy(connection)
        return Recorded(answer, repeated=False)

    def verdicts(self, decision_id: str) -> list[StoredVerdict]:
        """Return the verdicts on a decision, the oldest first; the last one stands."""
        query = selected_verdicts().where(decisions.c.id == decision_id).order_by(verdicts.c.seq)
        with self._database.read() as connection:
            return [stored_verdict(row) for row in connection.execute(query)]

    def history(self, decision_id: str) -> list[StoredVerdict]:
        """Return the verdicts on the text of a decision, on whichever suggestion, the oldest first."""
        query = _on_its_text(decision_id).order_by(verdicts.c.seq)
        with self._database.read() as connection:
            return [stored_verdict(row) for row in connection.execute(query)]

    def outcomes(self, decision_ids: Sequence[str]) -> dict[str, Outcome]:
        """Return what stands of the texts of some decisions; those that nobody decided on are left out."""
        found: dict[str, Outcome] = {}
        columns = decisions.c["id", "case_ref", "revision"]
        for at in range(0, len(decision_ids), _AT_ONCE):
            query = select(*columns).where(decisions.c.id.in_(decision_ids[at : at + _AT_ONCE]))
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(decisions.c.seq)).all()
                stands = outcomes(connection, [row.case_ref for row in rows])
            texts_of = {row.id: (row.case_ref, row.revision) for row in rows}
            found |= {one: stands[text] for one, text in texts_of.items() if text in stands}
        return found

    def all_verdicts(
        self, since: datetime | None = None, after: str | None = None, limit: int = 100
    ) -> list[StoredVerdict]:
        """Return verdicts on all decisions in the order they were given; see `decisions`.

        They are numbered while the lock of the audit chain is held, so in the
        order in which they can be seen: none appears before one that was seen.

        Parameters
        ----------
        since : datetime, optional
            The first moment.
        after : str, optional
            Id of the last verdict that is known already.
        limit : int

        Raises
        ------
        UnknownVerdictError
            If there is no verdict `after`.
        """
        with self._database.read() as connection:
            query = following(connection, selected_verdicts().limit(limit), verdicts, since, after)
            return [stored_verdict(row) for row in connection.execute(query)]

    def export_verdicts(self) -> Iterator[LabelledCase]:
        """Yield each case whose newest verdict says where it belongs, in the order they were decided.

        A case that a section gave back, or that went to a sender without
        saying where it belongs, has no label and is left out.
        """
        with self._database.read() as connection:
            newest = connection.execute(select(func.max(verdicts.c.seq))).scalar_one() or 0
        last = 0
        while last < newest:  # a transaction each: who reads slowly holds nothing up
            with self._database.read() as connection:
                rows = connection.execute(labelled(last, newest, _AT_ONCE)).all()
            yield from filter(None, map(labelled_case, rows))
            last = rows[-1].seq if rows else newest

    def purge_texts(self, older_than: datetime, made_by: str) -> Purged:
        """Remove texts of cases and reasons of verdicts stored before a moment; labels stay.

        The moment must be some time ago: first answers that hold titles
        expire by themselves, and are removed here once they have.

        Parameters
        ----------
        older_than : datetime
        made_by : str

        Returns
        -------
        Purged
        """
        gone = Purged(self._purge(texts, older_than), self._purge(remarks, older_than))
        with self._database.write() as connection:
            connection.execute(delete(idempotency).where(idempotency.c.expires_at <= self._database.now()))
            add_entry(
                connection,
                self._database,
                made_by,
                "texts_removed",
                older_than=older_than.isoformat(),
                texts=gone.texts,
                reasons=gone.reasons,
            )
        self._database.scrub()
        return gone

    def _record(self, connection: Connection, new: NewDecision, request: Idempotency | None) -> Recorded:
        now = self._database.now()
        if request is None:
            return Recorded(add_decision(connection, new, now), repeated=False)
        with connection.begin_nested() as attempt:
            answer = add_decision(connection, new, now)
            if keep_answer(connection, request, answer, now):
                return Recorded(answer, repeated=False)
            attempt.rollback()
        return Recorded(_first_answer(connection, request, now), repeated=True)

    def _add_verdict(
        self, connection: Connection, decision_id: str, verdict: Verdict, made_by: str, now: datetime
    ) -> StoredVerdict:
        found = connection.execute(
            select(decisions.c.seq, decisions.c.case_ref).where(decisions.c.id == decision_id)
        ).one_or_none()
        if found is None:
            raise unknown_decision(decision_id)
        if verdict.kind is VerdictKind.RETURNED and verdict.returned_on is None:
            verdict = replace(verdict, returned_on=now.astimezone().date())
        new = StoredVerdict(new_id(), decision_id, now, made_by, _storable(verdict))
        ref = add_verdict(connection, new, found.seq, found.case_ref)
        if verdict.reason:
            connection.execute(
                insert(remarks), {"verdict_ref": ref, "reason": verdict.reason, "stored_at": now}
            )
        add_entry(connection, self._database, made_by, VERDICT, new.id, **verdict_details(new))
        return new

    def _tidy(self, connection: Connection) -> None:
        """Remove some first answers that have expired, now and then: new ones come, old ones must go."""
        now = self._database.now()
        if self._tidied is None or now - self._tidied >= _TIDY_EVERY:
            self._tidied = now
            remove_expired(connection, now, _AT_ONCE)

    def _settled(self) -> int:
        """Return up to which number no decision can still appear."""
        if self._database.backend.numbers_in_order:
            return MOST
        with self._database.write(durable=False) as connection:
            self._database.backend.alone(connection, Lock.ORDER)
            return connection.execute(select(func.max(decisions.c.seq))).scalar_one() or 0

    def _purge(self, table: Table, older_than: datetime) -> int:
        """Delete in small transactions, so that nobody waits long."""
        keys = list(table.primary_key)
        some = select(*keys).where(table.c.stored_at < older_than).limit(_AT_ONCE)
        removed = 0
        while True:
            with self._database.write() as connection:
                done = connection.execute(delete(table).where(tuple_(*keys).in_(some)))
            removed += done.rowcount
            if done.rowcount < _AT_ONCE:
                return removed


def _first_answer(connection: Connection, request: Idempotency, now: datetime) -> dict[str, Any]:
    """Return the answer that kept another one from being kept."""
    earlier = first_answer(connection, request, now)
    if earlier is None:  # it expired between the two
        raise StorageUnavailableError("同样的请求正在处理", hint="请稍后重试")
    return earlier


def _with_verdicts(connection: Connection, query: Select[Any]) -> list[StoredDecision]:
    rows = connection.execute(query).all()
    newest = standing(connection, [row.seq for row in rows])
    answers = {row.seq: row.answer for row in rows}
    stands = outcomes(connection, [row.case_ref for row in rows], answers)
    return [stored(row, newest.get(row.seq), stands.get((row.case_ref, row.revision))) for row in rows]


def _on_its_text(decision_id: str) -> Select[Any]:
    """Select the verdicts on the text of a decision, on whichever suggestion."""
    this = decisions.alias()
    same_text = and_(this.c.case_ref == verdicts.c.case_ref, this.c.revision == decisions.c.revision)
    return selected_verdicts().join(this, same_text).where(this.c.id == decision_id)


def _check_newest(connection: Connection, decision_id: str, seen: str) -> None:
    newest = connection.execute(_on_its_text(decision_id).order_by(verdicts.c.seq.desc()).limit(1)).first()
    if seen != (newest.id if newest else ""):
        raise OvertakenError("这一件的处理与打开这一页时不同，这次没有存", hint="请看过现在的处理再定")


def _storable(verdict: Verdict) -> Verdict:
    """Return a verdict as it will be read again: the chain of the audit tells of it, too."""
    return replace(
        verdict,
        section=plain(verdict.section),
        co_sections=tuple(map(plain, verdict.co_sections)),
        topic=plain(verdict.topic),
        returned_by=plain(verdict.returned_by),
        reason=plain(verdict.reason),
    )
