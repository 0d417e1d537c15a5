"""Rules that fire on the same cases, and those that disagree there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from router.decision import Vote, VoteKind
from training.backtest.cases import CaseId, TriedCase

__all__ = ["Pair", "pairs_of"]

_REQUIRING = frozenset({VoteKind.REQUIRE})
_LEADING = _REQUIRING | {VoteKind.PREFER}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rules that fire on the same cases.

    Parameters
    ----------
    first, second : str
    together : int
    disagree : int
        Cases on which they name different leads, or one forbids what the
        other names.
    to_person : int
        Those of them that a person must decide; elsewhere one outranks the
        other.
    cases : tuple of CaseId
        Those on which they disagree.
    """

    first: str
    second: str
    together: int
    disagree: int
    to_person: int
    cases: tuple[CaseId, ...]


def pairs_of(cases: Sequence[TriedCase]) -> tuple[Pair, ...]:
    """Return the rules that fire together, those that disagree first, then those that meet most."""
    together: Counter[tuple[str, str]] = Counter()
    to_person: Counter[tuple[str, str]] = Counter()
    apart: defaultdict[tuple[str, str], list[CaseId]] = defaultdict(list)
    for one in cases:
        by_rule = one.by_rule()
        for pair in combinations(sorted(by_rule), 2):
            votes = (by_rule[pair[0]], by_rule[pair[1]])
            together[pair] += 1
            to_person[pair] += _disagree(*votes, leading=_REQUIRING)
            if _disagree(*votes, leading=_LEADING):
                apart[pair].append(one.id(one.rules.lead))
    found = [
        Pair(*pair, n, len(apart[pair]), to_person[pair], tuple(apart[pair])) for pair, n in together.items()
    ]
    return tuple(sorted(found, key=lambda p: (-p.disagree, -p.together, p.first, p.second)))


def _disagree(some: Sequence[Vote], others: Sequence[Vote], *, leading: frozenset[VoteKind]) -> bool:
    """Say whether one names another lead than the other, or one that the other forbids."""
    named = [{v.target for v in votes if v.kind in leading} for votes in (some, others)]
    barred = [{v.target for v in votes if v.kind is VoteKind.FORBID} for votes in (some, others)]
    differ = bool(named[0] and named[1] and named[0].isdisjoint(named[1]))
    return differ or bool(named[0] & barred[1] or named[1] & barred[0])
