"""The list of what was suggested: what waits for a person, what was decided, what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask import Response, request

from router.present import STATUS_WORDS, answer_row
from router.readers.values import normal_id
from router.site import Site
from router.storage.records import StoredDecision
from router.text import percent
from router.web.callers import caller
from router.web.engine import services
from router.web.outcomes import Due, due, outcome_words
from router.web.problems import ProblemError
from router.web.rendering import render
from router.web.results import Table
from router.web.suggesting import may_be_id
from router.web.visible import may_judge, sees

__all__ = ["Asked", "decisions", "table"]

_SHOWN = 50
_LOOKED_AT = 500
"""A section head sees few of all decisions; so many are looked through for one page."""
_MOST_ROWS = 2000
_MOST_LOOKED_AT = 20 * _LOOKED_AT
"""A sheet has so many cases, found among so many of the newest decisions."""
_MOST_WORDS = 5
_STATES = {"open": "未处理", "done": "已处理"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which decisions are wanted.

    Parameters
    ----------
    state : str
        ``open``, ``done``, or empty for all.
    number : str
        Of the case, as somebody writes it.
    words : tuple of str
        Of the title.
    """

    state: str
    number: str
    words: tuple[str, ...]

    @classmethod
    def now(cls) -> Asked:
        """Return what the request at hand asks for."""
        given = (request.args.get(name, "").strip()[:200] for name in ("state", "number", "title"))
        state, number, title = given
        words = title.split()[:_MOST_WORDS] if services().engine.site.settings.keep_texts else []
        return cls(state if state in _STATES else "", number, tuple(words))

    @property
    def title(self) -> str:
        """The words as they are written."""
        return " ".join(self.words)

    @property
    def in_part(self) -> bool:
        """Whether they are looked for among the newest decisions only."""
        return not self.number and (self.state == "open" or bool(self.words))

    def found(self, before: str | None, limit: int) -> list[StoredDecision]:
        """Return decisions, the newest first, whether the caller may see them or not."""
        numbers = sorted({self.number, normal_id(self.number)}) if self.number else []
        judged = self.state == "done" if self.state else None
        return services().journal.latest(before, limit, judged=judged, numbers=numbers, words=self.words)

    def said(self) -> str:
        """Say it in words."""
        parts = [_STATES.get(self.state, ""), self.number and f"编号 {self.number}"]
        return "，".join(part for part in (*parts, self.words and f"案由含 {self.title}") if part)


@dataclass(frozen=True, slots=True)
class Line:
    """A decision as the list shows it."""

    stored: StoredDecision
    title: str
    badge: str
    badge_class: str
    lead: str
    percent: str
    due: tuple[Due, ...]
    verdict: str
    judgeable: bool


def decisions() -> Response:
    """List what was suggested, the newest first."""
    before = request.args.get("before") or None
    if before and not may_be_id(before):
        raise ProblemError("unknown_decision")
    asked, site, today = Asked.now(), services().engine.site, _today()
    found, following = _page(before, asked)
    return render(
        "decisions.html",
        lines=[_line(stored, site, today) for stored in found],
        following=following,
        asked=asked,
        most_rows=_MOST_ROWS,
    )


def table() -> tuple[Table, str]:
    """Return the sheet of the list that is asked for, each case once, and say what is in it."""
    asked, site = Asked.now(), services().engine.site
    cases: dict[int, StoredDecision] = {}
    cut = False
    for stored in _visible(asked):
        if stored is None or (len(cases) == _MOST_ROWS and stored.case not in cases):
            cut = True
            break
        cases.setdefault(stored.case, stored)
    said = f"只列最新的 {len(cases)} 件，更早的没有列" if cut else ""
    about = "，".join(part for part in (asked.said(), said) if part)
    return Table([_row(stored, site) for stored in cases.values()], []), about


def _today() -> date:
    return date.today()  # noqa: DTZ011  # the bureau's own calendar day


def _page(before: str | None, asked: Asked) -> tuple[list[StoredDecision], str | None]:
    """Return a page, and after which decision the next one begins; None where there is none."""
    most = _SHOWN if caller().own_section is None else _LOOKED_AT
    looked_at = asked.found(before, most + 1)
    found: list[StoredDecision] = []
    for at, stored in enumerate(looked_at[:most]):
        if sees(stored):
            found.append(stored)
        if len(found) == _SHOWN and at + 1 < len(looked_at):
            return found, stored.id
    if len(looked_at) > most:
        return found, looked_at[most - 1].id
    return found, services().journal.beyond(before) if asked.in_part else None


def _visible(asked: Asked) -> Iterator[StoredDecision | None]:
    """Yield what the caller may see of the newest decisions; None at the end where there may be more."""
    before = None
    for _ in range(0, _MOST_LOOKED_AT, _LOOKED_AT):
        found = asked.found(before, _LOOKED_AT)
        yield from filter(sees, found)
        if len(found) < _LOOKED_AT:
            if asked.in_part and services().journal.beyond(before):
                yield None
            return
        before = found[-1].id
    if asked.found(before, 1):
        yield None


def _line(stored: StoredDecision, site: Site, today: date) -> Line:
    return Line(
        stored,
        _title(stored),
        STATUS_WORDS[stored.status],
        stored.status.replace("_", "-"),
        site.name(stored.lead),
        percent(stored.probability),
        due(stored, today, site),
        outcome_words(stored.outcome, stored.answer, site) if stored.outcome else "",
        may_judge(stored),
    )


def _row(stored: StoredDecision, site: Site) -> dict[str, str]:
    """Return a decision as a row of the sheet: what was decided, else what is suggested."""
    proposal, received = stored.proposal, stored.received_on
    return {
        **answer_row(stored.answer, site),
        "title": _title(stored),
        "kind": stored.answer.get("kind", ""),
        "proposer": proposal.proposer if proposal else "",
        "received_on": received.isoformat() if received else "",
        "source": stored.source,
        "handled": "未处理",
        **_decided(stored, site),
    }


def _decided(stored: StoredDecision, site: Site) -> dict[str, str]:
    """Return the columns in which a person's decision goes before the suggestion."""
    outcome = stored.outcome
    if outcome is None:
        return {}
    given = outcome.given
    who = given.made_by.partition(":")[2] or "本机"
    moment = f"{given.created_at.astimezone():%Y-%m-%d}"
    columns = {
        "lead": outcome.lead,
        "lead_name": site.name(outcome.lead),
        "person": site.person(outcome.lead),
        "co_names": "；".join(map(site.name, outcome.co_sections)),
        "topic_name": site.name(outcome.topic),
        "handled": f"{outcome_words(outcome, stored.answer, site)}（{who} {moment}）",
    }
    return columns if outcome.lead == stored.lead else columns | {"probability": ""}


def _title(stored: StoredDecision) -> str:
    if stored.proposal is None:
        return "（未存文字）"
    return stored.proposal.title or "（无案由）"
