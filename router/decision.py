"""What comes out of routing: candidates, votes and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple

__all__ = [
    "Candidate",
    "Deadlines",
    "Decision",
    "Evidence",
    "FailedRule",
    "Flag",
    "OtherCase",
    "Reason",
    "RuleNote",
    "ScoredLabel",
    "SimilarCase",
    "Status",
    "Versions",
    "Vote",
    "VoteKind",
]


class Status(StrEnum):
    """How far a decision may be trusted.

    ``suggested`` is safe to accept, ``review`` wants a person's eye (the best
    guess is still filled in), ``not_ours`` should go back to the sender.
    """

    SUGGESTED = "suggested"
    REVIEW = "review"
    NOT_OURS = "not_ours"


class VoteKind(StrEnum):
    """What a rule asks for."""

    REQUIRE = "require"
    FORBID = "forbid"
    PREFER = "prefer"
    CO_HANDLE = "co_handle"
    FLAG = "flag"
    REVIEW = "review"


class Evidence(NamedTuple):
    """A stretch of the original text that spoke for a label.

    Parameters
    ----------
    field : {"title", "body"}
    start, end : int
        Character offsets into that field, end exclusive.
    weight : float
        Contribution to the label's score, relative to the strongest (1.0).
    """

    field: Literal["title", "body"]
    start: int
    end: int
    weight: float


class Candidate(NamedTuple):
    """One label with the model's own probability.

    Parameters
    ----------
    label : str
        Section, topic or ``out:`` id.
    probability : float
        Calibrated, 0 to 1.
    evidence : tuple of Evidence
    """

    label: str
    probability: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rule asks for on one case.

    Parameters
    ----------
    rule : str
        The rule's name.
    kind : VoteKind
    target : str
        A section or ``out:`` id, or a flag's id for ``flag`` votes.
    reason : str
        A Chinese sentence for the clerk.
    margin : float or None
        How far a ``prefer`` reaches; None for the site's ``close_margin``.
    """

    rule: str
    kind: VoteKind
    target: str
    reason: str
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule that raised instead of voting."""

    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class RuleNote:
    """Something about a rule's run that the office should know, though the case was decided.

    Parameters
    ----------
    rule : str
    id : str
        ``no_such_section`` for a vote that was dropped, ``slow`` for a rule
        that took longer than its budget.
    text : str
        A Chinese sentence.
    """

    rule: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a person should look: a stable id and a Chinese sentence."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about the case worth knowing at intake."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScoredLabel:
    """A label and the probability it was given."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class OtherCase:
    """A case that another one is compared with.

    Parameters
    ----------
    case_id, title : str
    section : str
        The section of today that stands for the one that led it; empty for a
        case of the same batch.
    year : int or None
    result : str
        The outcome letter.
    """

    case_id: str
    title: str = ""
    section: str = ""
    year: int | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A case like the one at hand.

    Parameters
    ----------
    case : OtherCase
    similarity : float
        0 for nothing in common, 1 for the same text.
    """

    case: OtherCase
    similarity: float


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days by which something must have happened.

    Parameters
    ----------
    return_by : date or None
        Last day to return a wrongly assigned case.
    reply_by : date or None
        Last day to reply to the author.
    certain : bool
        False where the calendar of a year is not yet published and
        weekdays were counted instead.
    assumed : bool
        Whether nothing tells when the case came, so that the days are
        counted from the day of the decision.
    unread : str
        What stands for that day where it can't be understood.
    """

    return_by: date | None = None
    reply_by: date | None = None
    certain: bool = True
    assumed: bool = False
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """What the decision rests on, so that it can be told again."""

    model: str = ""
    rules: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The suggestion for one case.

    Parameters
    ----------
    case_id, title : str
    status : Status
    lead : str
        Section or ``out:`` id; always filled.
    probability : float
        The model's own probability for `lead`, whoever decided.
    decided_by : str
        ``model`` or the name of the deciding rule.
    prediction_set : tuple of str
        Labels that together hold the case's true one with the site's
        promised confidence.
    topic : ScoredLabel or None
    co_sections : tuple of ScoredLabel
    flags : tuple of Flag
    reasons : tuple of Reason
        Why the status is ``review``; empty otherwise.
    candidates : tuple of Candidate
        Labels valid today, most probable first.
    votes : tuple of Vote
    failed_rules : tuple of FailedRule
    rule_notes : tuple of RuleNote
    similar : tuple of SimilarCase
        Past cases, the most similar first.
    deadlines : Deadlines
    versions : Versions
    """

    case_id: str
    title: str
    status: Status
    lead: str
    probability: float
    decided_by: str
    prediction_set: tuple[str, ...] = ()
    topic: ScoredLabel | None = None
    co_sections: tuple[ScoredLabel, ...] = ()
    flags: tuple[Flag, ...] = ()
    reasons: tuple[Reason, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    votes: tuple[Vote, ...] = ()
    failed_rules: tuple[FailedRule, ...] = ()
    rule_notes: tuple[RuleNote, ...] = ()
    similar: tuple[SimilarCase, ...] = ()
    deadlines: Deadlines = Deadlines()
    versions: Versions = Versions()
