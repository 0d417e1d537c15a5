"""Where a list goes on: after a row that is known already, or at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, false, func, or_, select

from router.errors import UnknownDecisionError, UnknownVerdictError
from router.storage.tables import cases, decisions, texts, verdicts
from router.verdict import VerdictKind

__all__ = ["MOST", "following", "narrowed", "number_of", "unknown_decision", "window_before"]

_CLOCKS_APART = timedelta(minutes=2)
"""By how much the clocks of several machines may differ for `following` to miss nothing."""

_WINDOW = 20_000
"""Of so many decisions those that wait, or have some words, are looked for: there may be none."""

MOST = 2**63 - 1
"""A number that no row has."""


def following(
    connection: Connection, query: Select[Any], table: Table, since: datetime | None, after: str | None
) -> Select[Any]:
    """Narrow a query on ``decisions`` or ``verdicts`` to what is new, in the order it was stored.

    Parameters
    ----------
    connection : Connection
    query : Select
    table : Table
    since : datetime, optional
        The first moment.
    after : str, optional
        Id of the last row that is known already.

    Raises
    ------
    UnknownDecisionError, UnknownVerdictError
        If there is no row `after`.
    """
    query = query.order_by(table.c.seq)
    if after is not None:
        query = query.where(table.c.seq > number_of(connection, table, after))
    elif since is not None:
        query = query.where(table.c.seq >= _first_since(connection, table, since))
    return query if since is None else query.where(table.c.created_at >= since)


def narrowed(
    connection: Connection,
    query: Select[Any],
    at: int,
    judged: bool | None,
    numbers: Sequence[str],
    words: Sequence[str],
    limit: int,
) -> Select[Any]:
    """Narrow a query on ``decisions``, ``cases`` and ``texts``, however many there are.

    Parameters
    ----------
    connection : Connection
    query : Select
    at : int
        Before which decision.
    judged : bool or None
        Whether the text of the case is settled. Of those that are not only
        the newest of each case, as far back as `window_before` reaches; of
        those that are, the decision on which somebody said so last.
    numbers : sequence of str
        Of the case; none for all.
    words : sequence of str
        Which the title holds, all of them, as far back as `window_before`
        reaches; none for all.
    limit : int
        How many decisions are wanted.
    """
    query = query.where(*(texts.c.title.icontains(word, autoescape=True) for word in words))
    if judged is False:
        query = query.where(cases.c.decision == decisions.c.id, ~_is_settled(decisions))
    settled_here = _is_settled(decisions, here=True)
    if numbers:
        query = query.where(cases.c.case_id.in_(numbers))
        return query.where(settled_here) if judged else query
    if judged is False or words:
        query = query.where(decisions.c.seq >= window_before(connection, at))
        return query.where(settled_here) if judged else query
    return query if judged is None else query.where(decisions.c.seq.in_(_newest_settled(at, limit)))


def _newest_settled(at: int, limit: int) -> Select[Any]:
    """Select the newest decisions on which a text was settled, from the verdicts on: they are fewer."""
    judged = decisions.alias("judged")
    return (
        select(verdicts.c.decision_ref)
        .distinct()
        .join(judged, judged.c.seq == verdicts.c.decision_ref)
        .where(verdicts.c.decision_ref < at, _is_settled(judged, here=True))
        .order_by(verdicts.c.decision_ref.desc())
        .limit(limit)
    )


def _is_settled(decided: FromClause, *, here: bool = False) -> ColumnElement[bool]:
    """Say whether the text of a decision is settled, or was settled last on this very decision.

    A subquery of one row each, which no planner makes a join of: a list
    looks at few decisions of many. That it is true or false lets PostgreSQL
    guess that half of them are; of a number it guesses that hardly any is,
    and compiles the query first.
    """
    last, on = verdicts.alias("last"), decisions.alias("last_on")
    settles = or_(last.c.kind != VerdictKind.RETURNED, last.c.returned_by == "")
    found = (
        select(and_(settles, last.c.decision_ref == decided.c.seq) if here else settles)
        .join(on, on.c.seq == last.c.decision_ref)
        .where(last.c.case_ref == decided.c.case_ref, on.c.revision == decided.c.revision)
        .order_by(last.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(found, false())


def window_before(connection: Connection, at: int) -> int:
    """Return the first of the decisions before one that are looked through at once."""
    last = connection.execute(select(func.max(decisions.c.seq))).scalar_one() or 0
    return min(at, last + 1) - _WINDOW


def number_of(connection: Connection, table: Table, id: str) -> int:  # noqa: A002  # the word of the interface
    """Return the number of a row of ``decisions`` or ``verdicts``.

    Raises
    ------
    UnknownDecisionError, UnknownVerdictError
        If there is none of that id.
    """
    found = connection.execute(select(table.c.seq).where(table.c.id == id)).scalar_one_or_none()
    if found is None:
        raise _UNKNOWN[table.name](id)
    return int(found)


def unknown_decision(id: str) -> UnknownDecisionError:  # noqa: A002
    """Return the error of a decision that isn't there."""
    return UnknownDecisionError(f"没有决定 {id[:50]}", hint="请核对 decision_id")


def _unknown_verdict(id: str) -> UnknownVerdictError:  # noqa: A002
    return UnknownVerdictError(f"没有处理意见 {id[:50]}", hint="请核对 verdict_id")


_UNKNOWN = {decisions.name: unknown_decision, verdicts.name: _unknown_verdict}


def _first_since(connection: Connection, table: Table, since: datetime) -> int:
    """Return a number before which no row is as late as `since`."""
    query = (
        select(table.c.seq)
        .where(table.c.created_at >= since - _CLOCKS_APART)
        .order_by(table.c.created_at)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none() or MOST
