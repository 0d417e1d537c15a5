from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from router.errors import InputError
from router.site import Site
from router.verdict import Verdict, VerdictKind

GOOD: list[dict[str, Any]] = [
    {"kind": "accepted"},
    {"kind": "accepted", "reason": "如建议"},
    {"kind": "changed", "section": "drainage"},
    {"kind": "changed", "section": "out:transport"},
    {"kind": "changed", "section": "drainage", "co_sections": ("villages",), "topic": "flooding"},
    {"kind": "returned", "reason": "不属本局"},
    {
        "kind": "returned",
        "reason": "县道归交通局",
        "section": "out:transport",
        "returned_on": date(2026, 3, 2),
    },
    {"kind": "returned", "reason": "不是我们的路", "returned_by": "municipal"},
]
BAD: list[tuple[str, dict[str, Any]]] = [
    ("section", {"kind": "accepted", "section": "drainage"}),
    ("topic", {"kind": "accepted", "topic": "flooding"}),
    ("returned_on", {"kind": "accepted", "returned_on": date(2026, 3, 2)}),
    ("section", {"kind": "changed"}),
    ("section", {"kind": "changed", "section": "nowhere"}),
    ("co_sections", {"kind": "changed", "section": "drainage", "co_sections": ("villages", "nowhere")}),
    ("topic", {"kind": "changed", "section": "drainage", "topic": "nothing"}),
    ("returned_by", {"kind": "changed", "section": "drainage", "returned_by": "municipal"}),
    ("reason", {"kind": "returned"}),
    ("reason", {"kind": "returned", "reason": " "}),
    ("section", {"kind": "returned", "reason": "错", "section": "drainage"}),
    ("section", {"kind": "returned", "reason": "错", "section": "out:transport", "returned_by": "municipal"}),
    ("returned_by", {"kind": "returned", "reason": "错", "returned_by": "out:transport"}),
    ("returned_by", {"kind": "returned", "reason": "错", "returned_by": "nowhere"}),
    ("co_sections", {"kind": "returned", "reason": "错", "co_sections": ("villages",)}),
]


def made(parts: dict[str, Any]) -> Verdict:
    return Verdict(**{**parts, "kind": VerdictKind(parts["kind"])})


@pytest.mark.parametrize("parts", GOOD)
def test_a_verdict_that_fits_is_taken(site: Site, parts: dict[str, Any]) -> None:
    made(parts).check(site)


@pytest.mark.parametrize(("field", "parts"), BAD)
def test_one_that_does_not_is_refused_naming_the_field(site: Site, field: str, parts: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        made(parts).check(site)
    assert error.value.where == field


def test_without_a_site_any_label_will_do() -> None:
    made({"kind": "changed", "section": "教务处", "topic": "办学"}).check(Site())


RECEIVED, TODAY = date(2026, 3, 2), date(2026, 3, 10)


@pytest.mark.parametrize(
    ("returned_by", "day", "field"),
    [
        ("", None, ""),
        ("municipal", None, ""),
        ("greening", None, "returned_by"),
        ("", RECEIVED, ""),
        ("", TODAY, ""),
        ("", date(2026, 3, 1), "returned_on"),
        ("", date(2026, 3, 11), "returned_on"),
    ],
)
def test_a_return_fits_the_case_it_is_about(returned_by: str, day: date | None, field: str) -> None:
    verdict = Verdict(VerdictKind.RETURNED, returned_by=returned_by, reason="错", returned_on=day)
    found = ""
    try:
        verdict.check_return({"municipal"}, RECEIVED, TODAY)
    except InputError as error:
        found = error.where
    assert found == field
    made({"kind": "changed", "section": "drainage"}).check_return(set(), RECEIVED, TODAY)


def test_a_return_is_not_held_against_a_day_that_nobody_knows() -> None:
    verdict = Verdict(VerdictKind.RETURNED, reason="错", returned_on=date(2020, 1, 1))
    verdict.check_return(set(), None, TODAY)
