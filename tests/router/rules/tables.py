"""A small site, and rules for it as they are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from router.decision import Candidate
from router.errors import SiteError
from router.interfaces import Rule
from router.proposal import Proposal
from router.rule_tables import RuleTable, RuleTables
from router.rules.book import RuleBook
from router.site import Neighbour, Section, Site

SITE = Site(
    sections={
        "roads": Section("roads", "道路所", aliases=("路桥股",)),
        "lamps": Section("lamps", "路灯所"),
        "drains": Section("drains", "排水所"),
    },
    neighbours={
        "out:water": Neighbour("out:water", "水利局", return_reason="河道归水利局，建议改由该局承办。"),
        "out:farm": Neighbour("out:farm", "农业农村局"),
    },
)
CANDIDATES = tuple(Candidate(label, 0.2) for label in (*SITE.sections, *SITE.neighbours))
KEYWORD: dict[str, object] = {
    "type": "keyword",
    "name": "路灯",
    "effect": "prefer",
    "target": "lamps",
    "any": ["路灯"],
    "reason": "路灯归路灯股",
}


def fires(rule: Rule, **case: Any) -> bool:
    return bool(list(rule.evaluate(Proposal(**case), ())))


def written(*tables: Mapping[str, object], **more: Any) -> RuleTables:
    return RuleTables(tuple(RuleTable(table) for table in tables), **more)


def book(*tables: Mapping[str, object], site: Site = SITE, **more: Any) -> RuleBook:
    return RuleBook.of(dataclasses.replace(site, rules=written(*tables, **more)))


def refused(tables: Sequence[Mapping[str, object]], **more: Any) -> str:
    with pytest.raises(SiteError) as caught:
        book(*tables, **more)
    return str(caught.value)
