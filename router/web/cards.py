"""A decision as the page shows it: names, words and pieces of text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from router.decision import Evidence, Status, VoteKind
from router.precedence import BY_MODEL
from router.present import STATUS_WORDS, unread_date
from router.proposal import Proposal
from router.readers.masking import ID_MARK, PHONE_MARK
from router.site import is_outside
from router.storage.records import StoredDecision
from router.text import percent
from router.web.highlight import Piece, pieces

__all__ = [
    "STATUS_BADGES",
    "Bar",
    "Card",
    "CoSection",
    "Draft",
    "Past",
    "make_card",
    "stored_card",
    "sureness",
]

STATUS_BADGES = {
    Status.SUGGESTED: "可直接分办",
    Status.REVIEW: "请人工核对",
    Status.NOT_OURS: "可能不属本局，建议退回",
}
_ROLES = {"sole": "独办", "lead": "主办", "co": "会办", "separate": "分别办理"}
_MOST_BARS = 5
_LEAST_BARS = 3
_LEAST_SHOWN = 0.01
_MARK = re.compile(f"{re.escape(PHONE_MARK)}|{re.escape(ID_MARK)}")
_SURENESS = ((0.9, "很有把握"), (0.7, "较有把握"), (0.5, "把握一般"))


@dataclass(frozen=True, slots=True)
class Bar:
    """A candidate with its probability in words and as a length of 0 to 100."""

    name: str
    percent: str
    length: float
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class CoSection:
    """A co-handling section: how probable the model finds it, or what the rule said that asks for it."""

    name: str
    percent: str
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}（按规则）" if self.because else f"{self.name} {self.percent}"


@dataclass(frozen=True, slots=True)
class Past:
    """A past case like this one, in words."""

    number: str
    title: str
    section: str
    result: str
    similarity: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The decision before this one on the same case; without a title where no text is kept."""

    id: str
    title: str
    made_at: str


@dataclass(frozen=True, slots=True)
class Card:
    """All that the page says of one case.

    Parameters
    ----------
    decision : mapping
        The answer as it is recorded.
    badge, badge_short, badge_class : str
        Status in words, in few words, and the class that colours it.
    name : str
        The title, or why there is none.
    lead : str
        Name of the section or outside unit.
    outside : bool
        Whether the lead is outside the bureau.
    percent, sureness : str
        The model's probability for the lead, in figures and words.
    topic : str
    co_sections : tuple of CoSection
    by_rule : str
        Name of the rule that decided; empty where the model did.
    because : tuple of str
        What the deciding rule said, and why the case may be returned.
    facts : tuple of (str, str)
        Number, kind, session and the like, where known.
    bars : tuple of Bar
    similar : tuple of Past
    title, body : tuple of Piece
        Empty where no text is kept.
    before : Draft or None
        What was suggested for the case before.
    received : str
        Why the day it came is unknown, where it is.
    decided : str
        What people decided on this text already, in words.
    """

    decision: Mapping[str, Any]
    badge: str
    badge_short: str
    badge_class: str
    name: str
    lead: str
    outside: bool
    percent: str
    sureness: str
    topic: str
    co_sections: tuple[CoSection, ...]
    by_rule: str
    because: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    similar: tuple[Past, ...]
    title: tuple[Piece, ...]
    body: tuple[Piece, ...]
    before: Draft | None
    received: str
    decided: str

    @property
    def asked(self) -> tuple[CoSection, ...]:
        """The co-handling sections that a rule asks for."""
        return tuple(co for co in self.co_sections if co.because)

    @property
    def marked(self) -> bool:
        """Whether any word of the text is marked."""
        return any(piece.level for piece in (*self.title, *self.body))

    @property
    def retitled(self) -> bool:
        """Whether the draft before has another title: then the number may be a mistake."""
        title = self.before.title if self.before else ""
        return bool(title) and title != self.decision["title"]


def sureness(probability: float) -> str:
    """Say a probability in words.

    Examples
    --------
    >>> sureness(0.97), sureness(0.3)
    ('很有把握', '把握不大')
    """
    return next((words for least, words in _SURENESS if probability >= least), "把握不大")


def make_card(
    answer: Mapping[str, Any], proposal: Proposal | None, before: Draft | None = None, decided: str = ""
) -> Card:
    """Prepare one case for the page.

    Parameters
    ----------
    answer : mapping
        As `Journal.record` gives it.
    proposal : Proposal or None
        Screened: the page shows its text. None where no text is kept.
    before : Draft, optional
    """
    status, lead = Status(answer["status"]), answer["lead"]
    text = proposal or Proposal()
    evidence = _evidence(answer)
    return Card(
        decision=answer,
        badge=STATUS_BADGES[status],
        badge_short=STATUS_WORDS[status.value],
        badge_class=status.value.replace("_", "-"),
        name=answer["title"] or ("（无案由）" if proposal else "（未存文字）"),
        lead=lead["name"],
        outside=is_outside(lead["id"]),
        percent=percent(answer["probability"]),
        sureness=sureness(answer["probability"]),
        topic=_scored(answer["topic"]) if answer.get("topic") else "",
        co_sections=tuple(_co_section(co, answer) for co in answer.get("co_sections", ())),
        by_rule="" if answer["decided_by"] == BY_MODEL else answer["decided_by"],
        because=_because(answer),
        facts=_facts(answer, text),
        bars=_bars(answer),
        similar=tuple(_past(similar) for similar in answer.get("similar", ())),
        title=tuple(pieces(text.title, [e for e in evidence if e.field == "title"])),
        body=tuple(pieces(text.body, [e for e in evidence if e.field == "body"])),
        before=before,
        received=unread_date(text.received_text) if text.received_text else "没有收到日期",
        decided=decided,
    )


def stored_card(stored: StoredDecision, before: Draft | None = None) -> Card:
    """Prepare a decision of the journal for the page.

    Places in what a program sent are those of the text as it was sent: they
    fit the text that is kept up to the first number that was masked.
    """
    card = make_card(stored.answer, stored.proposal, before)
    if stored.made_by.startswith("user:"):  # told of the masked text
        return card
    return replace(card, title=_until_mark(card.title), body=_until_mark(card.body))


def _until_mark(found: tuple[Piece, ...]) -> tuple[Piece, ...]:
    text = "".join(piece.text for piece in found)
    mark = _MARK.search(text)
    if mark is None:
        return found
    kept: list[Piece] = []
    at = 0
    for piece in found:
        at += len(piece.text)
        if at > mark.start():
            break
        kept.append(piece)
    known = sum(len(piece.text) for piece in kept)
    return (*kept, Piece(text[known:]))


def _evidence(answer: Mapping[str, Any]) -> tuple[Evidence, ...]:
    lead = answer["lead"]["id"]
    words = next((c.get("evidence", ()) for c in answer.get("candidates", ()) if c["id"] == lead), ())
    return tuple(Evidence(word["field"], word["start"], word["end"], word["weight"]) for word in words)


def _scored(scored: Mapping[str, Any]) -> str:
    return f"{scored['name']} {percent(scored['probability'])}"


def _co_section(scored: Mapping[str, Any], answer: Mapping[str, Any]) -> CoSection:
    asked = [
        vote["reason"]
        for vote in answer.get("votes", ())
        if vote["kind"] == VoteKind.CO_HANDLE and vote["target"] == scored["id"]
    ]
    return CoSection(scored["name"], percent(scored["probability"]), tuple(dict.fromkeys(asked)))


def _because(answer: Mapping[str, Any]) -> tuple[str, ...]:
    texts = [vote["reason"] for vote in answer.get("votes", ()) if vote["rule"] == answer["decided_by"]]
    texts.append(answer.get("return_reason", ""))
    return tuple(text for text in dict.fromkeys(texts) if text)


def _facts(answer: Mapping[str, Any], proposal: Proposal) -> tuple[tuple[str, str], ...]:
    received = proposal.received_on.isoformat() if proposal.received_on else ""
    facts = (
        ("编号", answer["case_id"]),
        ("类型", answer.get("kind", "")),
        ("届次", answer.get("session", "")),
        ("层级", answer.get("level", "")),
        ("来源", answer.get("source", "")),
        ("承办身份", _ROLES.get(proposal.role, proposal.role)),
        ("主办单位", proposal.lead_unit),
        ("交办日期", received),
        ("提出意见", _local(answer["created_at"])),
    )
    return tuple((name, value) for name, value in facts if value)


def _local(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"


def _bars(answer: Mapping[str, Any]) -> tuple[Bar, ...]:
    """Show the lead first, then the most probable others that are not negligible."""
    lead = {**answer["lead"], "probability": answer["probability"]}
    found = [c for c in answer.get("candidates", ()) if c["id"] != lead["id"]][: _MOST_BARS - 1]
    shown = [c for at, c in enumerate(found, 2) if at <= _LEAST_BARS or c["probability"] >= _LEAST_SHOWN]
    return (_bar(lead, is_lead=True), *map(_bar, shown))


def _past(case: Mapping[str, Any]) -> Past:
    number = " ".join(word for word in (str(case["year"] or ""), case["case_id"]) if word)
    return Past(number, case["title"], case["name"], case["result"], f"{case['similarity']:.0%}")


def _bar(candidate: Mapping[str, Any], *, is_lead: bool = False) -> Bar:
    probability = candidate["probability"]
    return Bar(candidate["name"], percent(probability), round(100 * probability, 1), is_lead)
