import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from werkzeug.test import TestResponse

from router.decision import OtherCase, SimilarCase
from router.pipeline import Router
from router.site import Site
from router.storage import listing
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind
from router.web.app import make_app
from router.web.engine import Limits
from router.web.openapi import OPERATIONS
from tests.router.fixed_model import FixedModel

from .stub import StubEngine

SEWAGE = {
    "title": "关于完善集镇生活污水管网的建议",
    "body": "集镇污水直排河沟，夏天气味重，建议尽快铺设管网。",
}
STALLS = {"title": "关于整治流动摊贩占道经营的提案", "body": "夜市流动摊贩占道经营，请城管执法部门查处。"}
LEDGER = (
    "编号,案由,正文\n"
    "028,关于完善集镇生活污水管网的建议,集镇污水直排河沟\n"
    "029,关于修复人民路路灯的建议,整条街路灯不亮\n"
    "030,=HYPERLINK(1),流动摊贩占道经营\n"
)


def soup(response: TestResponse) -> BeautifulSoup:
    assert response.mimetype == "text/html"
    return BeautifulSoup(response.text, "html.parser")


def upload(client: FlaskClient, data: bytes, name: str, shown: str = "page") -> TestResponse:
    return client.post("/file", data={"file": (io.BytesIO(data), name), "format": shown})


def workbook(response: TestResponse) -> Any:
    assert response.status_code == 200
    assert response.mimetype.endswith("spreadsheetml.sheet")
    return load_workbook(io.BytesIO(response.data))


def test_the_empty_page_offers_both_ways(client: FlaskClient) -> None:
    page = soup(client.get("/"))
    assert {form["action"] for form in page.find_all("form")} == {"/case", "/file"}
    assert page.html is not None
    assert page.html["lang"] == "zh-CN"


@pytest.mark.parametrize("path", ["/", "/no/such/page"])
def test_pages_hold_to_their_own_policy(client: FlaskClient, path: str) -> None:
    page = soup(client.get(path))
    assert not page.find_all("style")
    assert not page.find_all(style=True)
    assert not [tag for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    addresses = [tag.get("src") or tag.get("href") for tag in page.find_all(["script", "link", "img"])]
    assert addresses
    assert all(address and address.startswith("/static/") for address in addresses)


def test_every_field_has_a_label(client: FlaskClient) -> None:
    page = soup(client.get("/"))
    labelled = {label["for"] for label in page.find_all("label")}
    fields = page.select("input:not([type=hidden]), select, textarea")
    assert {field["id"] for field in fields} == labelled


def test_static_files_name_no_other_host(client: FlaskClient) -> None:
    with client.get("/static/page.css") as sheet, client.get("/static/page.js") as script:
        assert not re.search(r"https?:|//\w|@import|url\(", sheet.text)
        assert "http" not in script.text


def test_a_pasted_case_gets_a_card(client: FlaskClient, site: Site) -> None:
    page = soup(client.post("/case", data={**SEWAGE, "case_id": "028", "received_on": "2025-09-29"}))
    card = page.select_one("article.card")
    assert card is not None
    section = site.sections["drainage"]
    for expected in (section.name, section.person, section.deputy, "乡镇生活污水", "2025-10-13", "028"):
        assert expected in card.text
    assert re.search(r"\d%\s+(很有把握|较有把握|把握一般|把握不大)", card.text)


def test_the_form_below_a_result_is_empty(client: FlaskClient) -> None:
    """A number left there would make the next paper a draft of this one."""
    page = soup(client.post("/case", data={**SEWAGE, "case_id": "028", "session": "十五届", "kind": "建议"}))
    fields = page.select(".again form[action='/case'] input:not([type=hidden])")
    assert len(fields) == 4
    assert not any(field.get("value") for field in fields)
    assert not page.select_one(".again textarea").text  # type: ignore[union-attr]
    assert not page.select(".again option[selected]")


def mark_of(client: FlaskClient) -> str:
    """Return the mark that the forms of a page carry."""
    field = soup(client.get("/")).select_one("form[action='/case'] input[name=once]")
    assert field is not None
    return str(field["value"])


def test_a_form_that_is_sent_again_is_not_stored_again(client: FlaskClient, database: Database) -> None:
    mark = mark_of(client)
    first, again = (
        client.post("/case", data={**SEWAGE, "case_id": "once", "once": mark}).text for _ in range(2)
    )
    newest = Journal(database).latest(limit=2)
    assert [one.case_id for one in newest].count("once") == 1
    assert f"/decisions/{newest[0].id}/verdict" in first
    assert f"/decisions/{newest[0].id}/verdict" in again


def test_a_form_that_was_filled_in_anew_is_another_one(client: FlaskClient, database: Database) -> None:
    mark = mark_of(client)
    for title in ("路灯不亮", "井盖松动"):
        client.post("/case", data={"title": title, "case_id": title, "once": mark})
    assert [one.case_id for one in Journal(database).latest(limit=2)] == ["井盖松动", "路灯不亮"]


def test_an_upload_that_is_sent_again_is_not_stored_again(client: FlaskClient, database: Database) -> None:
    mark, rows = mark_of(client), LEDGER.replace("028", "re1")
    for shown in ("page", "xlsx"):
        sent = {"file": (io.BytesIO(rows.encode()), "台账.csv"), "format": shown, "once": mark}
        assert client.post("/file", data=sent).status_code == 200
    assert [one.case_id for one in Journal(database).latest(limit=6)].count("re1") == 1


def test_a_revision_names_the_draft_before(client: FlaskClient) -> None:
    changed = {**SEWAGE, "body": "管网已铺一半。"}
    for sent, said in ((SEWAGE, ""), (SEWAGE, "这一稿提过意见"), (changed, "这是第 2 稿，上一稿：")):
        page = soup(client.post("/case", data={**sent, "case_id": "draft"}))
        draft = page.select_one("article .draft")
        assert (draft.text if draft else "").startswith(said)
        assert "编号多半写错" not in page.text
    (link,) = page.select("article .draft a")
    assert SEWAGE["title"] in link.text
    assert client.get(str(link["href"])).status_code == 200


def test_a_number_that_another_paper_has_is_doubted(client: FlaskClient) -> None:
    client.post("/case", data={**SEWAGE, "case_id": "taken"})
    page = soup(client.post("/case", data={"title": "关于路灯的建议", "case_id": "taken"}))
    assert "编号多半写错" in page.select_one("article .draft.odd").text  # type: ignore[union-attr]


def test_the_words_that_spoke_for_it_are_marked(client: FlaskClient) -> None:
    page = soup(client.post("/case", data=SEWAGE))
    marked = [mark.text for mark in page.select(".paper mark")]
    assert any("污水" in word for word in marked)
    assert page.select_one(".paper-body").text == SEWAGE["body"]  # type: ignore[union-attr]


def test_what_is_pasted_is_never_markup(client: FlaskClient) -> None:
    hostile = "路灯<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    response = client.post("/case", data={"title": hostile, "body": hostile, "case_id": hostile[:60]})
    page = soup(response)
    assert "<script>alert" not in response.text
    assert not page.find_all("img")
    assert page.select_one(".paper-body").text == hostile  # type: ignore[union-attr]


def test_a_case_of_another_unit_says_why_to_return_it(client: FlaskClient, site: Site) -> None:
    card = soup(client.post("/case", data=STALLS)).select_one("article.card")
    assert card is not None
    assert "可能不属本局，建议退回" in card.text
    assert site.neighbours["out:urban-management"].return_reason in card.text


def test_phones_are_masked_everywhere_on_the_page(client: FlaskClient) -> None:
    response = client.post("/case", data={"title": "路灯不亮", "body": "电话13800000000"})
    assert response.status_code == 200
    assert "13800000000" not in response.text


def test_a_secret_paper_is_not_shown_again(client: FlaskClient) -> None:
    response = client.post("/case", data={"title": "某涉密事项", "body": "机密★长期\n内容"})
    assert response.status_code == 422
    assert "某涉密事项" not in response.text


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        ({}, 422, "案由和正文都是空的"),
        ({"title": "路灯", "received_on": "2026-13-01"}, 422, "写作 2026-03-01"),
        ({"title": "路灯", "body": "秘密★10年\n正文"}, 422, "密级"),
        ({"title": "路灯", "body": "亮" * 200_001}, 422, "200,000 字"),
    ],
)
def test_what_is_wrong_with_a_case_is_said_above_the_form(
    client: FlaskClient, data: dict[str, str], status: int, sentence: str
) -> None:
    response = client.post("/case", data=data)
    assert response.status_code == status
    assert sentence in soup(response).select_one("[role=alert]").text  # type: ignore[union-attr]


def test_what_was_filled_in_is_still_there_after_an_error(client: FlaskClient) -> None:
    page = soup(client.post("/case", data={"title": "路灯不亮", "received_on": "昨天"}))
    assert page.select_one("#title")["value"] == "路灯不亮"  # type: ignore[index]
    assert page.select_one("#received_on")["aria-invalid"] == "true"  # type: ignore[index]


def test_a_ledger_becomes_a_table(client: FlaskClient) -> None:
    page = soup(upload(client, LEDGER.encode("gb18030"), "台账.csv"))
    rows = page.select("table.ledger > tbody")
    assert [row.select_one(".number").text for row in rows] == ["028", "029", "030"]  # type: ignore[union-attr]
    assert all(row.select_one("details .paper") for row in rows)
    assert "共 3 件" in page.text


def test_a_number_that_two_papers_have_is_named_above_the_table(client: FlaskClient) -> None:
    page = soup(upload(client, LEDGER.replace("030", "028").encode(), "台账.csv"))
    assert "编号 028 在本表出现 2 次（第 2、4 行）" in page.select_one("[role=alert]").text  # type: ignore[union-attr]
    carried = page.select_one("form.download input[name=results]")
    assert carried is not None
    sheet = workbook(client.post("/table.xlsx", data={"results": carried["value"]}))["读取说明"]
    assert (sheet.cell(3, 1).value, str(sheet.cell(3, 3).value)[:8]) == ("台账.csv", "编号 028 在")


def test_several_files_are_read_at_once(client: FlaskClient) -> None:
    files = [(io.BytesIO(LEDGER.replace("0", f"{n}0").encode()), f"{n}.csv") for n in (1, 2)]
    page = soup(client.post("/file", data={"file": files, "format": "page"}))
    assert len(page.select("table.ledger > tbody")) == 6
    assert "2 个文件 · 共 6 件" in page.text


def test_a_single_paper_gets_a_card(client: FlaskClient) -> None:
    paper = "关于修复人民路路灯的建议\n整条街路灯不亮，夜里行人不便，建议尽快修复。"
    page = soup(upload(client, paper.encode("gb18030"), "来件.txt"))
    assert page.select_one("article.card")


def test_what_was_not_read_is_listed_with_the_reason(client: FlaskClient) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("台账.csv", LEDGER)
        archive.writestr("坏.xlsx", b"PK\x03\x04 broken")
    page = soup(upload(client, packed.getvalue(), "来件.zip"))
    unread = page.select_one("#unread")
    assert unread is not None
    assert "坏.xlsx" in unread.text


def test_the_table_can_be_taken_away_from_the_page(client: FlaskClient) -> None:
    page = soup(upload(client, LEDGER.encode(), "台账.csv"))
    carried = page.select_one("form.download input[name=results]")
    assert carried is not None
    sheet = workbook(client.post("/table.xlsx", data={"results": carried["value"]}))["分办表"]
    assert [sheet.cell(row, 1).value for row in (3, 4, 5)] == ["028", "029", "030"]
    assert sheet.cell(5, 2).data_type == "s"


def test_the_table_can_be_taken_at_once(client: FlaskClient) -> None:
    response = upload(client, LEDGER.encode(), "台账.csv", "xlsx")
    assert workbook(response)["分办表"].cell(3, 1).value == "028"
    # gunicorn refuses headers that are not latin-1
    assert "UTF-8''%E5%88%86" in response.headers["Content-Disposition"].encode("ascii").decode()


def test_an_uploaded_workbook_is_read(client: FlaskClient) -> None:
    book, target = Workbook(), io.BytesIO()
    for line in LEDGER.splitlines():
        book.active.append(line.split(","))  # type: ignore[union-attr]
    book.save(target)
    assert len(soup(upload(client, target.getvalue(), "台账.xlsx")).select("table.ledger > tbody")) == 3


@pytest.mark.parametrize(
    "carried",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({"rows": [{"title": 5}], "problems": []}),
        json.dumps({"rows": [{"nonsense": "x"}], "problems": []}),
        json.dumps({"rows": [{"probability": "much"}], "problems": []}),
        json.dumps({"rows": [{"title": "x" * 40_000}], "problems": []}),
    ],
)
def test_a_table_that_was_tampered_with_is_refused(client: FlaskClient, carried: str) -> None:
    response = client.post("/table.xlsx", data={"results": carried})
    assert response.status_code in (400, 422)
    assert soup(response).select_one("[role=alert]")


@pytest.mark.parametrize("shown", ["page", "xlsx"])
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "空.txt"),
        (b"PK\x03\x04 broken", "坏.xlsx"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "旧.doc"),
        (b"%PDF-1.4", "坏.pdf"),
    ],
)
def test_an_unreadable_upload_says_why(client: FlaskClient, data: bytes, name: str, shown: str) -> None:
    response = upload(client, data, name, shown)
    assert response.status_code == 422
    page = soup(response)
    assert page.select_one("[role=alert]")
    assert name in page.select_one("#unread").text  # type: ignore[union-attr]


def test_no_file_chosen(client: FlaskClient) -> None:
    response = client.post("/file", data={"format": "page"})
    assert response.status_code == 400
    assert "请先选择文件" in response.text


def test_an_upload_over_the_limit(client: FlaskClient, site: Site, database: Database) -> None:
    small = make_app(StubEngine(None, site), database, Limits(form_bytes=10_000)).test_client()
    response = upload(small, bytes(10_001), "大.zip")
    assert response.status_code == 413
    assert "请拆成几个再上传" in response.text


def test_more_cases_than_a_page_can_show(client: FlaskClient, site: Site, database: Database) -> None:
    small = make_app(StubEngine(None, site), database, Limits(page_cases=2)).test_client()
    response = upload(small, LEDGER.encode(), "台账.csv")
    assert response.status_code == 422
    assert "一次最多 2 件" in response.text


def test_an_upload_that_takes_too_long_shows_what_was_read_until_then(
    app: Flask, router: Router, site: Site, database: Database
) -> None:
    papers = io.BytesIO()
    with zipfile.ZipFile(papers, "w") as packed:
        for n in range(3):
            packed.writestr(f"{n}.txt", f"关于修复第 {n} 盏路灯的建议\n路灯不亮。")
    hurried = make_app(StubEngine(router, site), database, Limits(read_seconds=0)).test_client()
    text = upload(hurried, papers.getvalue(), "收件.zip").text
    assert "第 0 盏" in text
    assert "第 1 盏" not in text
    assert "已读了 0 秒，到此为止" in text
    assert "第 2 盏" in upload(app.test_client(), papers.getvalue(), "收件.zip").text


def test_without_a_model_the_page_says_so(bare_client: FlaskClient) -> None:
    assert "fenban train" in bare_client.get("/").text
    assert bare_client.post("/case", data={"title": "路灯不亮"}).status_code == 503


def test_an_unknown_page_is_answered_in_chinese(client: FlaskClient) -> None:
    response = client.get("/no/such/page")
    assert response.status_code == 404
    assert "没有这个地址" in soup(response).text


@pytest.mark.parametrize("path", ["/case", "/file", "/table.xlsx"])
def test_reloading_a_result_leads_to_the_form(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (303, "/")


def test_past_cases_are_shown_beside_the_case(site: Site, database: Database) -> None:
    past = OtherCase("028", "关于乡镇污水管网的提案", "drainage", 2021, "A")
    model = FixedModel({"drainage": 1.0}, similar=(SimilarCase(past, 0.83), SimilarCase(past, 0.05)))
    client = make_app(StubEngine(Router(model, site), site), database).test_client()
    page = soup(client.post("/case", data=SEWAGE))
    [row] = page.select(".similar tbody tr")
    assert row.get_text(" ", strip=True) == "关于乡镇污水管网的提案 2021 028 排水管理所 · 结果 A 83%"


def decided(client: FlaskClient, **case: str) -> str:
    told = client.post("/api/v1/suggest", json={**SEWAGE, **case}).get_json()
    return str(told["decision_id"])


def judged(client: FlaskClient, decision_id: str, **fields: Any) -> TestResponse:
    return client.post(f"/decisions/{decision_id}/verdict", data=fields)


def test_what_the_page_suggests_is_stored_and_can_be_accepted(
    client: FlaskClient, database: Database
) -> None:
    page = soup(client.post("/case", data={**SEWAGE, "case_id": "p1"}))
    form = page.select_one(".judge form")
    assert form is not None
    fields = {field["name"]: field["value"] for field in form.select("input")}
    response = client.post(str(form["action"]), data=fields)
    assert response.status_code == 303
    stored = Journal(database).latest(limit=1)[0]
    assert (stored.case_id, stored.made_by) == ("p1", "local")
    assert stored.verdict is not None
    assert stored.verdict.verdict.kind is VerdictKind.ACCEPTED
    assert "已采纳" in soup(client.get(response.headers["Location"])).select_one(".history").text  # type: ignore[union-attr]


@pytest.mark.parametrize("shown", ["page", "xlsx"])
def test_every_case_of_an_upload_is_stored(client: FlaskClient, database: Database, shown: str) -> None:
    response = upload(client, LEDGER.encode(), "台账.csv", shown)
    newest = Journal(database).latest(limit=3)
    assert [one.case_id for one in newest] == ["030", "029", "028"]
    if shown == "page":
        actions = [form["action"] for form in soup(response).select(".judge form")]
        assert actions == [f"/decisions/{one.id}/verdict" for one in newest[::-1]]


def test_a_case_can_be_given_to_other_sections(client: FlaskClient, database: Database) -> None:
    told = decided(client)
    others = ["drainage", "sanitation"]
    fields = {"kind": "changed", "section": "villages", "co_sections": others, "reason": "集镇"}
    assert judged(client, told, **fields).status_code == 303
    (one,) = Journal(database).verdicts(told)
    assert (one.verdict.section, one.verdict.co_sections) == ("villages", ("drainage", "sanitation"))
    assert "改由村镇建设股主办，排水管理所、环境卫生管理所会办" in soup(client.get(f"/decisions/{told}")).text


def test_a_return_without_a_reason_is_asked_for_one_and_keeps_what_was_filled_in(
    client: FlaskClient, database: Database
) -> None:
    told = decided(client)
    fields = {"kind": "returned", "section": "out:transport", "returned_on": "2026-03-05"}
    response = judged(client, told, **fields)
    page = soup(response)
    assert response.status_code == 422
    assert page.select_one("[role=alert]").text == "没有办成。退回要写明理由"  # type: ignore[union-attr]
    assert page.select_one("#returned_on")["value"] == "2026-03-05"  # type: ignore[index]
    assert page.select_one("#return-section option[selected]")["value"] == "out:transport"  # type: ignore[index]
    assert Journal(database).verdicts(told) == []
    assert judged(client, told, **fields, reason="归交通局").status_code == 303
    assert "已退回来文单位，应由交通运输局办：归交通局" in soup(client.get(f"/decisions/{told}")).text


def form_of(page: BeautifulSoup, kind: str) -> Any:
    field = page.select_one(f"#change input[value={kind}]")
    assert field is not None
    return field.parent


def test_a_return_by_a_section_that_names_an_outside_unit_says_what_to_leave_empty(
    client: FlaskClient,
) -> None:
    fields = {"section": "out:transport", "returned_by": "legal", "reason": "不归我们"}
    page = soup(judged(client, decided(client), kind="returned", **fields))
    said = "由本局股室退回时，“应由哪个外单位办”要空着"
    assert page.select_one("[role=alert]").text == f"没有办成。{said}"  # type: ignore[union-attr]
    assert said in form_of(page, "returned").text
    chosen = [option["value"] for option in form_of(page, "returned").select("option[selected]")]
    assert chosen == ["legal", "out:transport"]


@pytest.mark.parametrize("kind", ["changed", "returned"])
def test_after_an_error_each_form_keeps_its_own_values_only(client: FlaskClient, kind: str) -> None:
    fields = {"section": "drainage" if kind == "changed" else "out:water", "reason": "原话"}
    wrong = {"returned_on": "昨天"} if kind == "returned" else {"topic": "没有的主题"}
    told = decided(client)
    page = soup(judged(client, told, kind=kind, **fields, **wrong))
    other = form_of(page, "returned" if kind == "changed" else "changed")
    assert fields["section"] in [o["value"] for o in form_of(page, kind).select("option[selected]")]
    begins = form_of(soup(client.get(f"/decisions/{told}")), "returned" if kind == "changed" else "changed")
    assert other.select("option[selected]") == begins.select("option[selected]")
    assert "原话" in str(form_of(page, kind))
    assert "原话" not in str(other)
    assert not other.select(".wrong")


def test_a_changed_or_returned_case_can_be_accepted_after_all(
    client: FlaskClient, database: Database
) -> None:
    told = decided(client)
    judged(client, told, kind="changed", section="villages")
    form = soup(client.get(f"/decisions/{told}")).select_one(".decided .judge form")
    assert form is not None
    assert form.button is not None
    assert form.button.text == "改回采纳"
    fields = {field["name"]: field["value"] for field in form.select("input")}
    response = client.post(str(form["action"]), data=fields)
    assert response.headers["Location"] == f"/decisions/{told}"
    page = soup(client.get(f"/decisions/{told}"))
    assert [b.text for b in page.select(".history b")] == ["已采纳", "改由村镇建设股主办"]
    assert not page.select(".decided .judge")


def test_the_page_of_a_decision_tells_what_the_first_answer_told(site: Site, database: Database) -> None:
    past = OtherCase("028", "关于乡镇污水管网的提案", "drainage", 2021, "A")
    model = FixedModel({"drainage": 0.8, "villages": 0.2}, similar=(SimilarCase(past, 0.83),))
    client = make_app(StubEngine(Router(model, site), site), database).test_client()
    first = soup(client.post("/case", data={**SEWAGE, "case_id": "s1"}))
    (stored,) = Journal(database).latest(limit=1)
    page = soup(client.get(f"/decisions/{stored.id}"))
    for part in (".verdict", ".bars", ".paper"):
        assert str(page.select_one(part)) == str(first.select_one(part))
    assert site.sections["drainage"].deputy in page.select_one(".people").text  # type: ignore[union-attr]
    assert str(page.select_one(".similar")) == str(first.select_one(".similar"))


def test_words_of_what_a_program_sent_are_marked_as_far_as_their_places_hold(client: FlaskClient) -> None:
    told = decided(client, body="集镇污水直排。电话13800000000，污水管网未铺。")
    page = soup(client.get(f"/decisions/{told}"))
    paper = page.select_one(".paper-body")
    assert paper is not None
    assert paper.text == "集镇污水直排。电话〔电话〕，污水管网未铺。"
    marked = [mark.text for mark in paper.select("mark")]
    assert marked
    before = paper.text.partition("〔")[0]
    assert all(word in before for word in marked)


def test_a_helper_that_a_rule_asks_for_comes_with_the_reason(client: FlaskClient, database: Database) -> None:
    body = "建议：\n一、修复路灯。\n二、疏通下水道。\n三、补种行道树。"
    first = soup(client.post("/case", data={"title": "关于人民路的建议", "body": body}))
    answer = Journal(database).latest(limit=1)[0].answer
    asked = [vote for vote in answer["votes"] if vote["kind"] == "co_handle"]
    names = {co["id"]: co["name"] for co in answer["co_sections"]}
    assert any(vote["target"] in names for vote in asked)
    for page in (first, soup(client.get(f"/decisions/{answer['decision_id']}"))):
        for vote in asked:
            if vote["target"] in names:
                assert f"{names[vote['target']]}（按规则）" in page.select_one(".facts-list").text  # type: ignore[union-attr]
                assert vote["reason"] in page.text


def test_with_the_script_the_answer_is_a_piece_of_the_page(client: FlaskClient) -> None:
    told = decided(client)
    asked = {"X-Requested-With": "fetch"}
    response = client.post(f"/decisions/{told}/verdict", data={"kind": "accepted"}, headers=asked)
    assert response.status_code == 200
    assert soup(response).select_one(".judge .judged").text == "已采纳"  # type: ignore[union-attr]
    assert "<html" not in response.text


def test_the_list_begins_with_the_newest_and_goes_on_page_by_page(
    site: Site, router: Router, tmp_path: Path
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert "还没有记录" in client.get("/decisions").text
    cases = [{**SEWAGE, "case_id": f"{n:03}"} for n in range(120)]
    assert client.post("/api/v1/suggest/batch", json={"cases": cases}).get_data()
    assert walked(client, "/decisions") == [f"{n:03}" for n in reversed(range(120))]
    database.close()


def numbers(client: FlaskClient, **asked: str) -> list[str]:
    page = soup(client.get("/decisions", query_string=asked))
    return [cell.text.split()[0] for cell in page.select("table.ledger td.number")]


def walked(client: FlaskClient, address: str) -> list[str]:
    """Return the numbers of a list and of all pages that follow."""
    seen: list[str] = []
    while address:
        page = soup(client.get(address))
        seen += [cell.text.strip() for cell in page.select("table.ledger td.number")]
        following = page.select_one("a[rel=next]")
        address = str(following["href"]) if following else ""
    return seen


def test_the_list_shows_what_waits_and_what_was_decided(site: Site, router: Router, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    old, *told = [decided(client, case_id=n, title=n) for n in ("01", "01", "02", "03")]
    client.post("/api/v1/suggest", json={"case_id": "01", "title": "另一稿"})
    judged(client, told[1], kind="accepted")
    judged(client, told[2], kind="changed", section="villages")
    assert numbers(client, state="done") == ["03", "02"]
    assert numbers(client, state="open") == ["01"]
    assert numbers(client, state="open", number="02") == []
    assert numbers(client, state="done", number="02") == ["02"]
    assert len(numbers(client)) == 5
    assert "没有找到" in client.get("/decisions?state=open&number=02").text
    assert old not in client.get("/decisions?state=open").text
    database.close()


def test_what_came_under_a_wrong_number_gives_way_when_the_right_case_is_sent_again(
    client: FlaskClient,
) -> None:
    own = {"case_id": "wrong-1", "title": "关于修复人民路路灯的建议"}
    first, wrong = decided(client, **own), decided(client, case_id="wrong-1", title="关于停车难的提案")
    waiting = client.get("/decisions?state=open").text
    assert wrong in waiting
    assert first not in waiting
    again = decided(client, **own)
    waiting = client.get("/decisions?state=open").text
    assert again in waiting
    assert wrong not in waiting


def test_a_case_is_found_by_its_number_as_a_clerk_writes_it(client: FlaskClient) -> None:
    decided(client, case_id="f-017")
    assert numbers(client, number=" 第ｆ-０１７号 ") == ["f-017"]
    assert numbers(client, number="f-01") == []
    assert numbers(client, number="' OR 1=1 --") == []
    assert client.get("/decisions?number=%00%ff%25").status_code == 200


def test_a_case_is_found_by_words_of_its_title(client: FlaskClient) -> None:
    for number, title in (("w-1", "关于青云巷口袋公园的建议"), ("w-2", "关于青云巷停车的提案")):
        decided(client, case_id=number, title=title)
    assert numbers(client, title="青云巷") == ["w-2", "w-1"]
    assert numbers(client, title=" 公园　青云巷 ") == ["w-1"]
    assert numbers(client, title="青云巷", number="w-2") == ["w-2"]
    assert numbers(client, title="青%巷") == numbers(client, title="青_巷") == []
    page = soup(client.get("/decisions?title=青云巷&state=open"))
    assert page.select_one("#title")["value"] == "青云巷"  # type: ignore[index]
    assert client.get("/decisions?title=%00%ff%25" + "%20a" * 500).status_code == 200


def test_without_texts_there_are_no_titles_to_look_in(
    site: Site, router: Router, database: Database, client: FlaskClient
) -> None:
    told = decided(client, title="关于白鹭洲的建议")
    bare = replace(site, settings=replace(site.settings, keep_texts=False))
    page = make_app(StubEngine(router, bare), database).test_client().get("/decisions?title=白鹭")
    assert not soup(page).select("#title")
    assert told in page.text


def test_the_words_that_are_looked_for_stay_while_paging(
    site: Site, router: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 70)
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    cases = [{**SEWAGE, "title": f"第{'单双'[n % 2]}号井的建议", "case_id": f"{n:03}"} for n in range(160)]
    assert client.post("/api/v1/suggest/batch", json={"cases": cases}).get_data()
    assert walked(client, "/decisions?title=双号 井") == [f"{n:03}" for n in range(159, 0, -2)]
    database.close()


@pytest.mark.parametrize("state", ["open", "done"])
def test_what_is_asked_for_stays_while_paging(
    site: Site, router: Router, tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 70)
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    cases = [{**SEWAGE, "case_id": f"{n:03}"} for n in range(160)]
    assert client.post("/api/v1/suggest/batch", json={"cases": cases}).get_data()
    journal = Journal(database)
    for one in journal.latest(limit=160)[: 60 if state == "done" else 100]:
        journal.verdict(one.id, Verdict(VerdictKind.ACCEPTED), "user:zhang")
    wanted = range(100, 160) if state == "done" else range(60)
    assert walked(client, f"/decisions?state={state}") == [f"{n:03}" for n in reversed(wanted)]
    database.close()


def test_a_list_page_that_does_not_exist(client: FlaskClient) -> None:
    assert client.get("/decisions?before=nothing").status_code == 404
    assert client.get("/decisions/nothing").status_code == 404


def test_text_of_a_case_and_of_a_verdict_is_never_markup(client: FlaskClient) -> None:
    hostile = "<script>alert(1)</script>路灯\"'><img src=x>"
    told = decided(client, title=hostile, body=hostile, session=hostile, source=hostile, case_id=hostile)
    assert judged(client, told, kind="returned", reason=hostile).status_code == 303
    for path in ("/decisions", f"/decisions/{told}"):
        response = client.get(path)
        assert response.status_code == 200
        assert "<script>alert" not in response.text
        assert not soup(response).find_all("img")


def test_the_interface_is_described_without_any_other_host(client: FlaskClient) -> None:
    response = client.get("/docs")
    page = soup(response)
    for operation in OPERATIONS:
        assert f"{operation.method.upper()} {operation.path}" in page.text
    assert {tag.get("src") for tag in page.find_all("script")} <= {script_address(page)}
    targets = {str(link["href"])[1:] for link in page.select("main a[href^='#']")}
    assert targets <= {str(tag["id"]) for tag in page.find_all(id=True)}


def script_address(page: BeautifulSoup) -> str:
    script = page.find("script", src=re.compile("^/static/page.js"))
    assert script is not None
    return str(script["src"])  # type: ignore[index]


def test_a_date_nobody_understands_is_quoted_with_the_case_and_above_the_table(client: FlaskClient) -> None:
    ledger = "编号,案由,正文,交办时间\n028,关于完善集镇生活污水管网的建议,集镇污水直排河沟,2026年3月\n"
    page = soup(upload(client, ledger.encode(), "台账.csv")).get_text()
    assert "收到日期“2026年3月”认不出" in page
    assert "1 行不像日期（第2行）" in page
    assert "没有收到日期" not in page
