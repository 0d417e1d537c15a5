"""The titles of past cases, which answers are stored without."""

from __future__ import annotations

from dataclasses import replace

from router.decision import OtherCase
from router.storage.records import StoredDecision
from router.web.engine import services

__all__ = ["with_past_titles"]


def with_past_titles(stored: StoredDecision) -> StoredDecision:
    """Return a decision whose similar cases have their titles, where the live model still has them."""
    router, similar = services().engine.router, stored.answer.get("similar", ())
    if router is None or not similar:
        return stored
    cases = [
        OtherCase(one["case_id"], "", one["section"], one["year"], one.get("result", "")) for one in similar
    ]
    titles = [case.title for case in router.model.named(cases)]
    named = [{**one, "title": title} for one, title in zip(similar, titles, strict=True)]
    return replace(stored, answer={**stored.answer, "similar": named})
