"""Many cases in one call: each gets its own answer or its own problem, in pieces of even size."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flask import current_app, g

from router.decision import Decision
from router.errors import FenbanError
from router.logs import told
from router.pipeline import Router
from router.proposal import Proposal
from router.storage.records import Idempotency, NewDecision
from router.web.intake import checked, to_proposal
from router.web.problems import FieldError, ProblemError, from_fenban_error, problem_json
from router.web.recording import begin, earlier, new_decision, part_of, stem_of, store
from router.web.schemas import CaseIn
from router.web.suggesting import answer_of

__all__ = ["suggest_each"]

log = logging.getLogger("fenban.web")

_AT_ONCE = 50
"""Cases of one transaction: enough to be fast, few enough that nobody else waits long."""

Item = dict[str, Any]


def suggest_each(cases: Sequence[object], router: Router, whole: Idempotency | None) -> Iterator[str]:
    """Answer cases one after the other.

    Each answer depends on its case alone, so that it comes out the same when
    a call is repeated or cut differently.

    Parameters
    ----------
    cases : sequence
        As they were sent.
    router : Router
    whole : Idempotency, optional
        The call, where it may be repeated.

    Returns
    -------
    iterator of str
        Pieces of the JSON text.

    Raises
    ------
    IdempotencyConflictError
        If the key of the call came with another one.
    FenbanError
        If already the first piece can't be decided or stored; later pieces
        tell each case's problem instead, as the answer has begun.
    """
    begins = whole if earlier(whole) is None else None
    stem = stem_of(whole)
    first = _Piece(router, stem, 0, cases[:_AT_ONCE], begins).items()
    return _pieces(first, cases, router, stem)


def _pieces(
    first: list[Item], cases: Sequence[object], router: Router, stem: Idempotency | None
) -> Iterator[str]:
    yield '{"results":['
    yield ",".join(map(current_app.json.dumps, first))
    for start in range(_AT_ONCE, len(cases), _AT_ONCE):
        piece = _Piece(router, stem, start, cases[start : start + _AT_ONCE])
        yield "," + ",".join(map(current_app.json.dumps, _in_any_case(piece)))
    yield "]}"


def _in_any_case(piece: _Piece) -> list[Item]:
    try:
        return piece.items()
    except FenbanError as error:
        problem = from_fenban_error(error)
    except Exception as error:  # the answer has begun: whoever waits must get the rest of it
        log.exception("failed", exc_info=error, extra=told(request_id=g.get("request_id")))
        problem = ProblemError("internal")
    return [_problem(at, problem) for at in range(piece.start, piece.start + len(piece.cases))]


class _Piece:
    """Some cases that are decided and stored together; `begins` is the call of which they are the first."""

    def __init__(
        self,
        router: Router,
        stem: Idempotency | None,
        start: int,
        cases: Sequence[object],
        begins: Idempotency | None = None,
    ) -> None:
        self._router, self._stem, self._begins = router, stem, begins
        self.start, self.cases = start, cases

    def items(self) -> list[Item]:
        found: dict[int, Item] = {}
        asked: list[tuple[int, CaseIn, Proposal]] = []
        for at, case in enumerate(self.cases, self.start):
            before = earlier(part_of(self._stem, at))
            if before is not None:
                found[at] = _decision(at, before)
                continue
            try:
                given = checked(CaseIn, case)
                asked.append((at, given, to_proposal(given)))
            except ProblemError as problem:
                found[at] = _problem(at, problem)
        decided = self._decided(asked)
        if self._begins:
            begin(self._begins)
        recorded = store(decided) if decided else []
        for (at, _, _), one in zip(asked, recorded, strict=True):
            found[at] = _decision(at, one.answer)
        return [item for _, item in sorted(found.items())]

    def _decided(
        self, asked: Sequence[tuple[int, CaseIn, Proposal]]
    ) -> list[tuple[NewDecision, Idempotency | None]]:
        if not asked:
            return []
        router = self._router
        decisions = _each_alone(router, [proposal for _, _, proposal in asked])
        items = []
        for (at, case, proposal), decision in zip(asked, decisions, strict=True):
            answer = answer_of(case, proposal, decision, router.site)
            new = new_decision(proposal, decision, router, case.source or "", answer)
            items.append((new, part_of(self._stem, at)))
        return items


def _each_alone(router: Router, proposals: Sequence[Proposal]) -> list[Decision]:
    """Decide cases together that don't know of each other."""
    outputs = router.model.predict(proposals, explain=True, similar=True)
    today = router.today
    pairs = zip(proposals, outputs, strict=True)
    return [router.decide(proposal, replace(output, same_batch=()), today) for proposal, output in pairs]


def _decision(at: int, answer: dict[str, Any]) -> Item:
    return {"index": at, "decision": answer, "problem": None}


def _problem(at: int, problem: ProblemError) -> Item:
    place = f"/cases/{at}"
    errors = [FieldError(place + error.path, error.message) for error in problem.errors]
    detail = f"{errors[0].path}：{errors[0].message}" if errors else problem.detail
    placed = ProblemError(problem.kind.code, detail, errors or [FieldError(place, problem.detail)])
    return {"index": at, "decision": None, "problem": problem_json(placed)}
