"""The results of one form: cards for the page, rows for the table."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.decision import Status
from router.interfaces import ReadNote, ReadProblem
from router.pipeline import Router
from router.present import decision_row, proposal_row
from router.proposal import Proposal
from router.readers import ReadReport
from router.sheets import write_workbook
from router.site import Site
from router.storage.records import Idempotency, NewDecision
from router.web.cards import STATUS_BADGES, Card, make_card
from router.web.engine import services
from router.web.intake import checked
from router.web.outcomes import outcome_words
from router.web.problems import ProblemError
from router.web.recording import new_decision, part_of, store
from router.web.schemas import LONGEST_CELL, MOST_ROWS, TableIn
from router.web.visible import draft_before

__all__ = ["Results", "Table", "parse_payload", "workbook"]

_AT_ONCE = 100
"""Cases of one transaction."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, problems and what has to be looked at, as a workbook is written from them."""

    rows: Sequence[dict[str, str]]
    problems: Sequence[ReadProblem]
    notes: Sequence[ReadNote] = ()


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
    warnings : tuple of ReadNote
        Those of the notes that a person has to look at.
    """

    cards: tuple[Card, ...]
    rows: tuple[dict[str, str], ...]
    problems: tuple[ReadProblem, ...] = ()
    notes: tuple[ReadNote, ...] = ()
    warnings: tuple[ReadNote, ...] = ()

    @classmethod
    def of(
        cls,
        proposals: Sequence[Proposal],
        router: Router,
        report: ReadReport | None = None,
        once: Idempotency | None = None,
    ) -> Results:
        """Route screened cases, store what is suggested, and prepare what is shown of it.

        What the same form brought before (`once`) is not stored again.
        """
        site = router.site
        decisions = router.suggest_many(proposals, explain=True, similar=True)
        pairs = list(zip(proposals, decisions, strict=True))
        answers = _recorded([new_decision(p, d, router) for p, d in pairs], once)
        decided = _decided(answers, site)
        return cls(
            tuple(
                make_card(answer, p, draft_before(answer), said)
                for answer, p, said in zip(answers, proposals, decided, strict=True)
            ),
            tuple(
                decision_row(d, site) | proposal_row(p) | {"handled": said}
                for (p, d), said in zip(pairs, decided, strict=True)
            ),
            tuple(report.problems) if report else (),
            tuple(report.notes) if report else (),
            tuple(report.warnings) if report else (),
        )

    def counts(self) -> list[tuple[str, str, int]]:
        """Return badge, its class and how many cases carry it."""
        found = Counter(card.decision["status"] for card in self.cards)
        return [(STATUS_BADGES[s], s.value.replace("_", "-"), found[s]) for s in Status]

    def table(self) -> Table:
        """Return what goes into the workbook."""
        return Table(self.rows, self.problems, self.warnings)

    def payload(self) -> str:
        """Write the table as JSON for the page to carry; see `parse_payload`."""
        rows = [{key: value[:LONGEST_CELL] for key, value in row.items()} for row in self.rows]
        problems = [_cut(p, "source", "where", "reason") for p in self.problems[:MOST_ROWS]]
        notes = [_cut(note, "source", "where", "text") for note in self.warnings[:MOST_ROWS]]
        told = {"rows": rows, "problems": problems, "notes": notes}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _cut(told: ReadProblem | ReadNote, *names: str) -> dict[str, str]:
    return {name: getattr(told, name)[:LONGEST_CELL] for name in names}


def _recorded(new: Sequence[NewDecision], once: Idempotency | None) -> list[dict[str, Any]]:
    """Store suggestions, and return them as they are recorded."""
    items = [(one, part_of(once, at)) for at, one in enumerate(new)]
    pieces = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
    return [recorded.answer for piece in pieces for recorded in store(piece)]


def _decided(answers: Sequence[Mapping[str, Any]], site: Site) -> list[str]:
    """Say what people decided on each text already; nothing where they have not."""
    stand = services().journal.outcomes([answer["decision_id"] for answer in answers])
    found = [(stand.get(answer["decision_id"]), answer) for answer in answers]
    return [outcome_words(outcome, answer, site) if outcome else "" for outcome, answer in found]


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
    problems = [ReadProblem(p.source, p.where, p.reason) for p in found.problems]
    return Table(found.rows, problems, [ReadNote(n.source, n.where, n.text) for n in found.notes])


def workbook(table: Table, bureau: str, about: str = "") -> bytes:
    """Write the 分办表; `about` says which cases these are."""
    target = io.BytesIO()
    write_workbook(table.rows, table.problems, target, bureau=bureau, notes=table.notes, about=about)
    return target.getvalue()
