"""A section head sees the cases of the own section, whatever address is tried."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from openpyxl import load_workbook

from router.site import Site
from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.journal import Journal
from router.storage.keys import Keys, Scope
from router.verdict import Verdict, VerdictKind
from tests.storage.cases import new_decision

from .people import PASSWORD, Visitor, actions, bearer, token_of

TITLES = {"own": "关于完善集镇生活污水管网的建议", "other": "关于老旧小区加装电梯的建议"}


@pytest.fixture
def cases(visitor: Visitor, keys: Keys) -> dict[str, str]:
    """Return decisions, one on a case of drainage and one on another section's."""
    secret = keys.create("erp", [Scope.SUGGEST], "command:root").secret
    found = {}
    for whose, title in TITLES.items():
        answer = visitor.post("/api/v1/suggest", json={"title": title}, headers=bearer(secret)).get_json()
        units = {answer["lead"]["id"], *(unit["id"] for unit in answer["co_sections"])}
        assert ("drainage" in units) == (whose == "own")
        found[whose] = answer["decision_id"]
    return found


def test_the_list_has_the_own_ones_alone(visitor: Visitor, cases: dict[str, str]) -> None:
    visitor.log_in("li")
    page = visitor.get("/decisions").text
    assert cases["own"] in page
    assert cases["other"] not in page
    for path in (f"/decisions?before={cases['other']}", f"/decisions?before={cases['own']}"):
        assert cases["other"] not in visitor.get(path).text.replace(path, "")


def test_the_sheet_has_the_own_ones_alone(app: Flask, cases: dict[str, str]) -> None:
    def titles(name: str) -> list[object]:
        person = Visitor(app)
        person.log_in(name)
        response = person.get("/decisions.xlsx")
        sheet = load_workbook(io.BytesIO(response.data))["分办表"]
        return [row[1].value for row in sheet.iter_rows(min_row=3)]

    assert titles("li") == [TITLES["own"]]
    assert sorted(map(str, titles("zhao"))) == sorted(TITLES.values())


def test_whom_the_same_text_was_given_to_before_sees_it_when_it_comes_again(
    visitor: Visitor, lamps: str, database: Database
) -> None:
    given = Verdict(VerdictKind.CHANGED, section="drainage")
    seen = Journal(database).verdict(lamps, given, "user:zhang").answer["verdict_id"]
    again = new_decision()
    Journal(database).record(again)
    visitor.log_in("li")
    assert again.id in visitor.get("/decisions").text
    returned = {"kind": "returned", "reason": "不归我们", "seen": seen}
    for fields, status in (({"kind": "accepted"}, 403), (returned, 303)):
        assert visitor.send(f"/decisions/{again.id}/verdict", **fields).status_code == status


def test_another_sections_case_is_as_if_it_were_not(visitor: Visitor, cases: dict[str, str]) -> None:
    visitor.log_in("li")
    assert visitor.get(f"/decisions/{cases['own']}").status_code == 200
    assert visitor.get(f"/decisions/{cases['other']}").status_code == 404
    assert visitor.get(f"/decisions/{'0' * 32}").status_code == 404


def test_a_verdict_is_given_on_the_own_ones_alone(
    visitor: Visitor, cases: dict[str, str], database: Database
) -> None:
    visitor.log_in("li")
    sent = {"csrf_token": token_of(visitor.get("/password")), "kind": "accepted"}
    for decision_id in cases.values():
        visitor.post(f"/decisions/{decision_id}", data=sent)
        visitor.post(f"/decisions/{decision_id}/verdict", data=sent)
    journal = Journal(database)
    (verdict,) = journal.verdicts(cases["own"])
    assert verdict.made_by == "user:li"
    assert journal.verdicts(cases["other"]) == []


@pytest.fixture
def lamps(database: Database, accounts: Accounts) -> str:
    """Return a decision on a case that municipal leads and construction helps with; each has its head."""
    for name in ("municipal", "construction"):
        accounts.create(name, PASSWORD, Role.SECTION_HEAD, "command:root", name)
        accounts.set_password(name, PASSWORD, f"user:{name}")
    new = new_decision()
    Journal(database).record(new)
    return new.id


def test_a_section_that_only_helps_reads_and_decides_nothing(
    visitor: Visitor, lamps: str, database: Database, audit: Audit
) -> None:
    visitor.log_in("construction")
    page = visitor.get(f"/decisions/{lamps}")
    assert page.status_code == 200
    assert "由主办股室或办公室处理" in page.text
    forms = re.findall(r'action="([^"]*)"', page.text + visitor.get("/decisions").text)
    assert not [address for address in forms if "verdict" in address]
    for kind in ({"kind": "accepted"}, {"kind": "returned", "reason": "不归我们"}):
        response = visitor.decide(lamps, **kind)
        assert response.status_code == 403
        assert "由主办股室或办公室处理" in response.text
    assert Journal(database).verdicts(lamps) == []
    assert actions(audit)[0] == "access_refused"


def test_the_section_that_leads_decides(visitor: Visitor, lamps: str, database: Database) -> None:
    visitor.log_in("municipal")
    assert f'action="/decisions/{lamps}/verdict"' in visitor.get("/decisions").text
    assert "由主办股室或办公室处理" not in visitor.get(f"/decisions/{lamps}").text
    assert visitor.decide(lamps, kind="returned", reason="归公用").status_code == 303
    assert visitor.decide(lamps, kind="accepted").status_code == 303  # after all
    assert [one.made_by for one in Journal(database).verdicts(lamps)] == ["user:municipal"] * 2


def test_who_leads_by_the_verdict_that_stands_decides(app: Flask, lamps: str, database: Database) -> None:
    given = Verdict(VerdictKind.CHANGED, section="construction", co_sections=("municipal",))
    Journal(database).verdict(lamps, given, "user:zhang")

    def said(name: str, **fields: str) -> int:
        person = Visitor(app)
        person.log_in(name)
        return person.decide(lamps, **fields).status_code

    assert said("municipal", kind="accepted") == 403
    assert said("construction", kind="accepted") == 403  # it would hand the case back
    assert said("construction", kind="returned", reason="不归我们") == 303
    assert said("zhang", kind="accepted") == 303  # the office decides on all


def test_whom_a_case_was_given_to_sees_no_button_that_hands_it_back(
    visitor: Visitor, lamps: str, database: Database
) -> None:
    visitor.log_in("construction")
    Journal(database).verdict(lamps, Verdict(VerdictKind.CHANGED, section="construction"), "user:zhang")
    page = visitor.get(f"/decisions/{lamps}").text
    assert "改回采纳" not in page
    assert "确定改办" in page


def test_an_auditor_reads_and_changes_nothing(
    visitor: Visitor, cases: dict[str, str], database: Database
) -> None:
    visitor.log_in("zhao")
    page = visitor.get(f"/decisions/{cases['own']}")
    assert page.status_code == 200
    assert "确定改办" not in page.text
    sent = {"csrf_token": token_of(page), "kind": "accepted"}
    for path in (f"/decisions/{cases['own']}", f"/decisions/{cases['own']}/verdict"):
        assert visitor.post(path, data=sent).status_code in (403, 405, 404)
    assert Journal(database).verdicts(cases["own"]) == []


def test_an_own_section_is_one_of_the_sample_site(site: Site) -> None:
    assert "drainage" in site.sections


def test_a_section_cannot_take_a_case_back_by_an_outdated_draft(
    app: Flask, visitor: Visitor, keys: Keys, database: Database
) -> None:
    allowed = bearer(keys.create("erp", [Scope.SUGGEST], "command:root").secret)
    old, new = (
        visitor.post("/api/v1/suggest", json={"case_id": "028", "title": title}, headers=allowed).get_json()
        for title in TITLES.values()
    )
    visitor.log_in("zhang")
    assert visitor.decide(new["decision_id"], kind="accepted").status_code == 303
    head = Visitor(app)
    head.log_in("li")
    assert head.decide(old["decision_id"], kind="accepted").status_code == 403
    (exported,) = Journal(database).export_verdicts()
    assert exported.proposal.section == new["lead"]["id"] != old["lead"]["id"]
