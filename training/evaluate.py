"""Judging a model on labelled cases, the way the office will use it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.decision import Decision, Status
from router.errors import InputError
from router.pipeline import Router
from router.proposal import Proposal
from router.site import Site, is_outside
from training.history import clean_label, current_co_section
from training.metrics import (
    accuracy_at_coverage,
    expected_calibration_error,
    macro_f1,
    set_scores,
    share,
)
from training.seen import seen_before

__all__ = ["evaluate"]

_BATCH = 500


@dataclass(frozen=True)
class _Judged:
    """What was right and what was said, case by case."""

    true: list[str]
    decisions: list[Decision]

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.array([d.lead == t for d, t in zip(self.decisions, self.true, strict=True)])

    @property
    def model_right(self) -> NDArray[np.bool_]:
        return np.array([d.candidates[0].label == t for d, t in zip(self.decisions, self.true, strict=True)])

    @property
    def probability(self) -> NDArray[np.float64]:
        return np.array([d.candidates[0].probability for d in self.decisions])

    def within(self, n: int) -> list[bool]:
        pairs = zip(self.decisions, self.true, strict=True)
        return [any(c.label == t for c in d.candidates[:n]) for d, t in pairs]

    def has(self, status: Status) -> NDArray[np.bool_]:
        return np.array([d.status is status for d in self.decisions])


def evaluate(
    router: Router, proposals: Sequence[Proposal], trained: Sequence[str], *, learned: str | None = None
) -> dict[str, Any]:
    """Suggest for every labelled case and compare.

    Parameters
    ----------
    router : Router
    proposals : sequence of Proposal
        Those without a section are counted as ``unlabelled`` and left out.
    trained : sequence of str
        Labels the model knows; others count as wrong and are reported.
    learned : str, optional
        `training.seen.packed_hashes` of the texts the model learned, so that
        those among `proposals` can be counted.

    Returns
    -------
    dict
        The figures of docs/commands.md, JSON-ready.

    Raises
    ------
    InputError
        If no case is labelled.
    """
    site = router.site
    labelled = [p for p in proposals if p.section.strip()]
    if not labelled:
        raise InputError("没有一件案件写明承办股室，无法评估", hint="请检查 section（承办股室）列")
    true = [_true_section(p, site) for p in labelled]
    started = time.perf_counter()
    decisions = [
        decision
        for at in range(0, len(labelled), _BATCH)
        for decision in router.suggest_many(labelled[at : at + _BATCH], explain=False, similar=True)
    ]
    seconds = time.perf_counter() - started
    judged = _Judged(true, decisions)
    unseen = sorted(set(true) - set(trained))
    return {
        **_section_figures(judged),
        **_topic_figures(labelled, judged, site),
        **_co_figures(labelled, judged, site),
        **_not_ours_figures(judged),
        "unlabelled": len(proposals) - len(labelled),
        "unseen_labels": unseen,
        "unseen_cases": sum(t in set(unseen) for t in true),
        "seen_in_training": _seen(labelled, learned),
        "docs_per_second": len(labelled) / seconds,
        "model_version": router.model.version,
    }


def _seen(proposals: Sequence[Proposal], learned: str | None) -> int | None:
    """Return how many of the cases the model learned; None where it can't be told."""
    return None if learned is None else sum(seen_before([p.text for p in proposals], learned))


def _true_section(proposal: Proposal, site: Site) -> str:
    """Return today's label, or the written one where nothing of today stands for it."""
    if not site.sections:
        return clean_label(proposal.section)
    return site.current_section(proposal) or proposal.section.strip()


def _section_figures(judged: _Judged) -> dict[str, Any]:
    right, probability = judged.right, judged.probability
    covered = judged.has(Status.SUGGESTED)
    return {
        "n": len(right),
        "accuracy": share(right),
        "top3_accuracy": share(judged.within(3)),
        "macro_f1": macro_f1(judged.true, [d.lead for d in judged.decisions]),
        "ece": expected_calibration_error(probability, judged.model_right),
        "coverage": share(covered),
        "accuracy_covered": share(right[covered]),
        "accuracy_at_80": accuracy_at_coverage(probability, right, 0.8),
        "model_accuracy": share(judged.model_right),
        "set_coverage": share(
            [t in d.prediction_set for d, t in zip(judged.decisions, judged.true, strict=True)]
        ),
        "set_size": float(np.mean([len(d.prediction_set) for d in judged.decisions])),
    }


def _topic_figures(proposals: Sequence[Proposal], judged: _Judged, site: Site) -> dict[str, Any]:
    pairs = [
        (site.topic_of(p.topic) or clean_label(p.topic), d.topic.label if d.topic else "")
        for p, d in zip(proposals, judged.decisions, strict=True)
        if p.topic
    ]
    if not pairs:
        return {}
    true, given = zip(*pairs, strict=True)
    right = [t == g for t, g in pairs]
    return {"topic_n": len(pairs), "topic_accuracy": share(right), "topic_macro_f1": macro_f1(true, given)}


def _co_figures(proposals: Sequence[Proposal], judged: _Judged, site: Site) -> dict[str, Any]:
    if not any(p.co_sections for p in proposals):
        return {}
    true = [{current_co_section(c, p, site) or clean_label(c) for c in p.co_sections} for p in proposals]
    given = [{c.label for c in d.co_sections} for d in judged.decisions]
    return {f"co_{name}": value for name, value in set_scores(true, given).items()}


def _not_ours_figures(judged: _Judged) -> dict[str, Any]:
    outside = np.array([is_outside(t) for t in judged.true])
    if not outside.any():
        return {}
    returned = judged.has(Status.NOT_OURS)
    return {
        "not_ours_n": int(outside.sum()),
        "not_ours_precision": share(outside[returned]),
        "not_ours_recall": share(returned[outside]),
        "not_ours_unit_accuracy": share(judged.right[returned & outside]),
    }
