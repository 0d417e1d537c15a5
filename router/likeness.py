"""What cases like the one at hand say of it: the same matter again, or nothing of the kind before."""

from __future__ import annotations

import math
from collections.abc import Mapping

from router.decision import Flag, SimilarCase
from router.interfaces import ModelOutput
from router.proposal import Proposal
from router.site import Site

__all__ = ["SAME_MATTER", "is_new_kind", "least_similarity", "same_matter", "worth_showing"]

SAME_MATTER = "same_matter"
"""Id of the flag."""

_LEAST_SHOWN = 0.1
"""Below this similarity fewer than two in three past cases went to the same section."""

_MOST_NAMED = 3
_SHORT = 60
"""Letters; a title alone has 10 to 35."""

_SAME_WORDS = 0.8


def worth_showing(output: ModelOutput) -> tuple[SimilarCase, ...]:
    """Return the past cases that are like enough to tell something."""
    return tuple(s for s in output.similar or () if s.similarity >= _LEAST_SHOWN)


def is_new_kind(output: ModelOutput, thresholds: Mapping[str, float]) -> bool:
    """Say whether the case is far from all past cases; never where they weren't looked for."""
    if output.similar is None or "near" not in thresholds:
        return False
    nearest = output.similar[0].similarity if output.similar else 0.0
    return nearest < thresholds["near"]


def least_similarity(text: str, merge: float) -> float:
    """Return from which similarity on another case is about the same matter as `text`.

    Two titles alone may share most of their words and ask for different
    things, so a short text must be repeated nearly word for word.

    Examples
    --------
    >>> least_similarity("关于制定停车管理办法的建议", 0.5)
    0.8
    """
    return merge if sum(map(str.isalnum, text)) >= _SHORT else max(merge, _SAME_WORDS)


def same_matter(
    proposal: Proposal, output: ModelOutput, thresholds: Mapping[str, float], site: Site
) -> tuple[Flag, ...]:
    """Return a flag where the case asks for what another one asks for.

    Others of the same batch come first: they may be merged (并案); a past
    case has an answer that can be built on.
    """
    merge = thresholds.get("merge", math.inf)
    if not any(s.similarity >= merge for s in (*output.same_batch, *(output.similar or ()))):
        return ()
    least = least_similarity(proposal.text, merge)
    batch = [s for s in output.same_batch if s.similarity >= least]
    past = [s for s in output.similar or () if s.similarity >= least]
    told = []
    if batch:
        names = "、".join(map(_name, batch[:_MOST_NAMED]))
        told.append(f"与同批案件 {names}像是同一件事，请考虑并案")
    if past:
        case = past[0].case
        result = f"，结果 {case.result}" if case.result else ""
        told.append(f"与往年案件 {_name(past[0])}像是同一件事，当时由{site.name(case.section)}承办{result}")
    return (Flag(SAME_MATTER, "；".join(told)),) if told else ()


def _name(similar: SimilarCase) -> str:
    """Name a case as a clerk looks it up, with how like it is."""
    case = similar.case
    year = f"{case.year} 年 " if case.year else ""
    number = f"{case.case_id} 号" if case.case_id else ""
    title = f"《{case.title}》" if case.title else ""
    return f"{year}{number}{title}（相似 {similar.similarity:.0%}）"
