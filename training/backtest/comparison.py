"""The same past cases without and with the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.card import Estimate
from router.decision import Status
from training.backtest.cases import Outcome, TriedCase
from training.card import share_estimate
from training.metrics import share

__all__ = ["Comparison", "Figures", "compare"]


@dataclass(frozen=True, slots=True)
class Figures:
    """How some cases came out.

    Parameters
    ----------
    n : int
    accuracy : Estimate
        Share whose lead is right.
    coverage : float
        Share with status ``suggested``.
    accuracy_covered : float or None
        Accuracy among those; None where there are none.
    """

    n: int
    accuracy: Estimate
    coverage: float
    accuracy_covered: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same cases without and with the rules.

    Parameters
    ----------
    model, rules : Figures
    better, worse : int
        Leads that the rules put right, and that they spoilt.
    """

    model: Figures
    rules: Figures
    better: int
    worse: int


def compare(cases: Sequence[TriedCase]) -> Comparison:
    """Compare cases without and with the rules.

    Parameters
    ----------
    cases : sequence of TriedCase
        At least one.
    """
    moved = [(one.model.lead == one.true, one.rules.lead == one.true) for one in cases]
    return Comparison(
        _figures(cases, [one.model for one in cases]),
        _figures(cases, [one.rules for one in cases]),
        better=sum(after and not before for before, after in moved),
        worse=sum(before and not after for before, after in moved),
    )


def _figures(cases: Sequence[TriedCase], outcomes: Sequence[Outcome]) -> Figures:
    right = np.array([o.lead == one.true for one, o in zip(cases, outcomes, strict=True)], dtype=np.bool_)
    covered = np.array([o.status is Status.SUGGESTED for o in outcomes], dtype=np.bool_)
    return Figures(len(cases), share_estimate(right), float(covered.mean()), share(right[covered]))
