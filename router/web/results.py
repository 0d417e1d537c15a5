"""The results of one form: cards for the page, rows for the table."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.decision import Decision, Status
from router.interfaces import ReadNote, ReadProblem
from router.pipeline import Router
from router.present import decision_row
from router.proposal import Proposal
from router.readers import ReadReport
from router.sheets import write_workbook
from router.web.cards import STATUS_BADGES, Card, make_card
from router.web.intake import checked
from router.web.problems import ProblemError
from router.web.recording import new_decision, store
from router.web.schemas import LONGEST_CELL, MOST_ROWS, TableIn

__all__ = ["Results", "Table", "parse_payload", "workbook"]

_AT_ONCE = 100
"""Cases of one transaction."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and problems, as a workbook is written from them."""

    rows: Sequence[dict[str, str]]
    problems: Sequence[ReadProblem]


@dataclass(frozen=True, slots=True)
class Results:
    """What one form brought.

    Parameters
    ----------
    cards : tuple of Card
        In the order of the upload.
    rows : tuple of dict
        The same cases as rows of the table.
    problems : tuple of ReadProblem
        What could not be read and why.
    notes : tuple of ReadNote
        How the upload was understood.
    """

    cards: tuple[Card, ...]
    rows: tuple[dict[str, str], ...]
    problems: tuple[ReadProblem, ...] = ()
    notes: tuple[ReadNote, ...] = ()

    @classmethod
    def of(
        cls,
        proposals: Sequence[Proposal],
        router: Router,
        report: ReadReport | None = None,
        *,
        explain: bool = True,
    ) -> Results:
        """Route screened cases, store what is suggested, and prepare what is shown of it."""
        site = router.site
        decisions = router.suggest_many(proposals, explain=explain, similar=True)
        pairs = list(zip(proposals, decisions, strict=True))
        ids = _stored(pairs, router)
        return cls(
            tuple(make_card(p, d, site, id_) for (p, d), id_ in zip(pairs, ids, strict=True)),
            tuple({**decision_row(d, site), "source": p.source} for p, d in pairs),
            tuple(report.problems) if report else (),
            tuple(report.notes) if report else (),
        )

    def counts(self) -> list[tuple[str, str, int]]:
        """Return badge, its class and how many cases carry it."""
        found = Counter(card.decision.status for card in self.cards)
        return [(STATUS_BADGES[s], s.value.replace("_", "-"), found[s]) for s in Status]

    def table(self) -> Table:
        """Return what goes into the workbook."""
        return Table(self.rows, self.problems)

    def payload(self) -> str:
        """Write the table as JSON for the page to carry; see `parse_payload`."""
        rows = [{key: value[:LONGEST_CELL] for key, value in row.items()} for row in self.rows]
        problems = [
            {
                "source": p.source[:LONGEST_CELL],
                "where": p.where[:LONGEST_CELL],
                "reason": p.reason[:LONGEST_CELL],
            }
            for p in self.problems[:MOST_ROWS]
        ]
        return json.dumps({"rows": rows, "problems": problems}, ensure_ascii=False, separators=(",", ":"))


def _stored(pairs: Sequence[tuple[Proposal, Decision]], router: Router) -> list[str]:
    """Store suggestions, and return their ids."""
    ids: list[str] = []
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        recorded = store([(new_decision(proposal, decision, router), None) for proposal, decision in some])
        ids += [one.answer["decision_id"] for one in recorded]
    return ids


def parse_payload(value: Any) -> Table:
    """Check what came back from a page.

    Raises
    ------
    ProblemError
        422 where it is no table of results.
    """
    try:
        found = checked(TableIn, value)
    except ProblemError as error:
        raise ProblemError("invalid_fields", "表格内容不完整，请回到结果页重新下载") from error
    return Table(found.rows, [ReadProblem(p.source, p.where, p.reason) for p in found.problems])


def workbook(table: Table, bureau: str) -> bytes:
    """Write the 分办表."""
    target = io.BytesIO()
    write_workbook(table.rows, table.problems, target, bureau=bureau)
    return target.getvalue()
