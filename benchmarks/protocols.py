"""Which cases are learned and which are judged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sklearn.model_selection import StratifiedKFold

__all__ = ["FEWEST", "SEEDS", "Protocol", "Split", "by_date", "few", "folds"]

FEWEST = 5
"""A label with fewer cases than this only trains."""

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Split:
    """Positions of the cases that are learned, and of those that are judged."""

    learn: Sequence[int]
    judge: Sequence[int]


@dataclass(frozen=True)
class Protocol:
    """Rounds of splits: figures are taken over all cases of a round, and averaged over rounds.

    Parameters
    ----------
    name : str
    rounds : sequence of sequence of Split
    """

    name: str
    rounds: Sequence[Sequence[Split]]

    @property
    def file_name(self) -> str:
        """The name as it can be a part of a file's.

        Examples
        --------
        >>> Protocol("first 80% by date", []).file_name
        'first-80-by-date'
        """
        return "-".join(re.findall(r"\w+", self.name))


def folds(y: Sequence[str], n: int) -> Protocol:
    """Return `n` stratified folds: one round, in which each case is judged once.

    Raises
    ------
    ValueError
        If no label has cases enough.

    Examples
    --------
    >>> [split] = [r[0] for r in folds(["a"] * 5 + ["b"] * 5 + ["rare"], 5).rounds]
    >>> len(split.learn), len(split.judge), 10 in split.learn
    (9, 2, True)
    """
    often, rare = _by_frequency(y, max(FEWEST, n))
    if not len(often):
        raise ValueError(f"no label has {max(FEWEST, n)} cases")
    labels = np.asarray(y)[often]
    parts = StratifiedKFold(n, shuffle=True, random_state=0).split(often, labels)
    splits = [Split([*often[learn].tolist(), *rare], often[judge].tolist()) for learn, judge in parts]
    return Protocol(f"{n} folds", [splits])


def by_date(days: Sequence[date | None], share: float) -> Protocol:
    """Return one split: the first `share` of the cases by date is learned, the rest judged.

    Raises
    ------
    ValueError
        If a case has no date.
    """
    known = [day for day in days if day is not None]
    if len(known) < len(days):
        raise ValueError(f"{len(days) - len(known)} of {len(days)} cases have no date")
    order = sorted(range(len(known)), key=lambda at: known[at])
    cut = int(len(order) * share)
    return Protocol(f"first {share:.0%} by date", [[Split(order[:cut], order[cut:])]])


def few(n_cases: int, n: int, draws: int = len(SEEDS)) -> Protocol:
    """Return so many rounds: the first `n` of a seeded permutation are learned, the rest judged."""
    orders = [np.random.default_rng(seed).permutation(n_cases).tolist() for seed in range(draws)]
    return Protocol(f"{n} cases", [[Split(order[:n], order[n:])] for order in orders])


def curve(y: Sequence[str], n: int | None) -> Protocol:
    """Return rounds over the same judged fifth: the first `n` of the others, None for all, are learned."""
    base = folds(y, FEWEST).rounds[0][0]
    if n is None or n >= len(base.learn):
        return Protocol("all", [[base]])
    seeds = SEEDS if n else SEEDS[:1]
    orders = [np.random.default_rng(seed).permutation(base.learn).tolist() for seed in seeds]
    return Protocol(str(n), [[Split(order[:n], base.judge)] for order in orders])


def _by_frequency(y: Sequence[str], least: int) -> tuple[np.ndarray, list[int]]:
    counts = Counter(y)
    often = np.array([at for at, label in enumerate(y) if counts[label] >= least], dtype=int)
    return often, [at for at, label in enumerate(y) if counts[label] < least]
