"""Trying made-up rules on made-up cases, the model having said of each what a test wants."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from models.held_out import HeldOutCases
from router.pipeline import Router
from router.proposal import Proposal
from router.rules.book import RuleBook
from router.rules.building import BookRule
from router.site import Site
from tests.router.fixed_model import FixedModel
from tests.router.rules.tables import SITE, written
from training.backtest.cases import Trial, rules_to_try, try_cases
from training.backtest.report import Backtest, try_rules
from training.history import to_history

LABELS = sorted([*SITE.sections, *SITE.neighbours])
TODAY = date(2026, 3, 2)
Said = Mapping[str, float]


class Words:
    """Cuts a text at its commas."""

    def tokenize(self, text: str) -> list[str]:
        return text.split(",")


def case(title: str, section: str, **more: Any) -> Proposal:
    """Return a labelled case with a number of its own."""
    known = {"case_id": f"号{title}", "body": "这里写着情况和请求", "received_on": date(2024, 5, 6)}
    return Proposal(title=title, section=section, **{**known, **more})


def rule(name: str, word: str, effect: str, target: str = "", **more: object) -> Mapping[str, object]:
    return {
        "type": "keyword",
        "name": name,
        "any": [word],
        "effect": effect,
        "target": target,
        "reason": "因为",
        **more,
    }


def kept(cases: Sequence[Proposal], said: Sequence[Said], **more: Any) -> HeldOutCases:
    """Return what other models said of cases that a model learned."""
    rows = [[given.get(label, 0.0) for label in LABELS] for given in said]
    return HeldOutCases.build(cases, np.array(rows).reshape(len(rows), len(LABELS)), **more)


def router(
    *rules: Mapping[str, object], said: Said | None = None, others: Sequence[BookRule] = (), site: Site = SITE
) -> Router:
    """Return a router whose model says `said` of every case, by default what no case here is."""
    model = FixedModel(dict.fromkeys(LABELS, 0.0) | dict(said or {"out:farm": 1.0}))
    made = Router(model, dataclasses.replace(site, rules=written(*rules)), today=TODAY)
    return made.with_rules(RuleBook((*made.rules.rules, *others))) if others else made


def trial(
    cases: Sequence[Proposal], said: Sequence[Said], *rules: Mapping[str, object], **more: Any
) -> Trial:
    """Try rules on cases that the model learned, and of which others said `said`."""
    made = router(*rules, **more)
    made = made.with_rules(rules_to_try(made))
    return try_cases(made, to_history(cases, SITE), kept(cases, said), LABELS, lambda found, _: found)


def report(
    cases: Sequence[Proposal], said: Sequence[Said], *rules: Mapping[str, object], **more: Any
) -> Backtest:
    """Tell of the same."""
    return try_rules(router(*rules, **more), to_history(cases, SITE), kept(cases, said), LABELS, Words())
