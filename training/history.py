"""Past years' cases as training reads them: labels of today, nothing dropped silently."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from router.errors import InputError
from router.interfaces import ReadProblem
from router.proposal import Proposal
from router.readers import read_path
from router.site import Site

__all__ = ["History", "clean_label", "read_cases", "to_history"]

_SPACE_BY_CHINESE = re.compile(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])")


@dataclass(frozen=True)
class History:
    """Labelled past cases, and what could not be used.

    Parameters
    ----------
    cases : DataFrame
        One row a case: ``case_id, text, section, topic, co_sections, year``
        with labels of today; ``section`` is never empty.
    proposals : list of Proposal
        The same cases, in the same order.
    unknown_labels : mapping of str to int
        Section labels that mean nothing today, and how many cases carry them.
    unlabelled : int
        Cases without any section.
    problems : list of ReadProblem
        What could not be read.
    """

    cases: pd.DataFrame
    proposals: list[Proposal]
    unknown_labels: dict[str, int] = field(default_factory=dict)
    unlabelled: int = 0
    problems: list[ReadProblem] = field(default_factory=list)


def read_cases(paths: Sequence[Path]) -> tuple[list[Proposal], list[ReadProblem]]:
    """Read case tables and papers.

    Parameters
    ----------
    paths : sequence of Path
        Files or folders.

    Returns
    -------
    proposals : list of Proposal
    problems : list of ReadProblem

    Raises
    ------
    InputError
        If a path doesn't exist or a file yields no case at all.
    """
    proposals: list[Proposal] = []
    problems: list[ReadProblem] = []
    for path in paths:
        report = read_path(path)
        if not report.proposals:
            reason = report.problems[0].reason if report.problems else "文件里没有案件"
            raise InputError(reason, where=str(path))
        proposals += report.proposals
        problems += report.problems
    return proposals, problems


def to_history(
    proposals: Sequence[Proposal], site: Site | None, problems: Sequence[ReadProblem] = ()
) -> History:
    """Map the labels of past cases onto those of today.

    With a site, a label must be a section or neighbour of today or have a
    successor; without one, every label stands for itself.

    Parameters
    ----------
    proposals : sequence of Proposal
    site : Site or None
    problems : sequence of ReadProblem
        Carried along.

    Returns
    -------
    History
    """
    kept: list[Proposal] = []
    rows: list[dict[str, object]] = []
    unknown: Counter[str] = Counter()
    unlabelled = 0
    for proposal in proposals:
        if not proposal.section.strip():
            unlabelled += 1
            continue
        section = clean_label(proposal.section) if site is None else site.current_section(proposal)
        if section is None:
            unknown[clean_label(proposal.section)] += 1
            continue
        kept.append(proposal)
        rows.append(_row(proposal, section, site))
    columns = ["case_id", "text", "section", "topic", "co_sections", "year"]
    frame = pd.DataFrame(rows, columns=columns)
    return History(frame, kept, dict(unknown), unlabelled, list(problems))


def _row(proposal: Proposal, section: str, site: Site | None) -> dict[str, object]:
    return {
        "case_id": proposal.case_id,
        "text": proposal.text,
        "section": section,
        "topic": _topic(proposal.topic, section, site),
        "co_sections": _co_sections(proposal, site),
        "year": proposal.received_on.year if proposal.received_on else None,
    }


def _topic(written: str, section: str, site: Site | None) -> str:
    """Return a topic of today that agrees with the section, else nothing."""
    if site is None:
        return clean_label(written)
    topic = site.topic_of(written) if written else None
    return topic if topic and site.topics[topic].section == section else ""


def _co_sections(proposal: Proposal, site: Site | None) -> tuple[str, ...]:
    """Return who co-handled, old names mapped as those of the lead are."""
    if site is None:
        return tuple(clean_label(label) for label in proposal.co_sections)
    labels = (current_co_section(label, proposal, site) for label in proposal.co_sections)
    return tuple(label for label in labels if label)


def current_co_section(written: str, proposal: Proposal, site: Site) -> str | None:
    """Return which section of today stands for a co-handler; None where none does."""
    return site.current_section(replace(proposal, section=written))


def clean_label(label: str) -> str:
    """Fold what tells no labels apart: width, and spaces beside Chinese characters.

    Examples
    --------
    >>> clean_label(" 城 建 股（一）"), clean_label("Public  Works")
    ('城建股(一)', 'Public Works')
    """
    folded = " ".join(unicodedata.normalize("NFKC", label).split())
    return _SPACE_BY_CHINESE.sub("", folded)
