"""What waits for a person, what was decided, what is due, and the sheet of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from openpyxl import load_workbook

from router.decision import Deadlines, Status
from router.pipeline import Router
from router.site import Site
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind
from router.web import worklist
from router.web.app import make_app
from router.web.outcomes import due
from tests.storage.cases import new_decision

from .stub import StubEngine

LEDGER = "编号,案由,收到日期,提出人,类型\n028,关于完善集镇生活污水管网的建议,2020-03-02,赵某甲,建议\n"
ACCEPTED = Verdict(VerdictKind.ACCEPTED)
CHANGED = Verdict(VerdictKind.CHANGED, "villages", ("sanitation",), "market-town")
GIVEN_BACK = Verdict(VerdictKind.RETURNED, returned_by="drainage", reason="不归我们")
TO_SENDER = Verdict(VerdictKind.RETURNED, "out:transport", reason="归交通局")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    yield database
    database.close()


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


@pytest.fixture
def client(site: Site, router: Router, database: Database) -> FlaskClient:
    return make_app(StubEngine(router, site), database).test_client()


def page_of(client: FlaskClient, address: str) -> BeautifulSoup:
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def uploaded(client: FlaskClient, ledger: str = LEDGER, mark: str = "") -> BeautifulSoup:
    sent = {"file": (io.BytesIO(ledger.encode()), "台账.csv"), "format": "page", "once": mark}
    response = client.post("/file", data=sent)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def lines(client: FlaskClient, state: str = "") -> list[Tag]:
    return list(page_of(client, f"/decisions?state={state}").select("table.ledger tbody tr"))


def sheet(client: FlaskClient, **asked: str) -> tuple[str, list[dict[str, Any]]]:
    """Return heading and rows of the sheet that is downloaded."""
    response = client.get("/decisions.xlsx", query_string=asked)
    assert response.status_code == 200
    assert "filename*" in response.headers["Content-Disposition"]
    first = load_workbook(io.BytesIO(response.data))["分办表"]
    heading, columns, *rows = ([cell.value for cell in row] for row in first.iter_rows())
    return str(heading[0]), [dict(zip(map(str, columns), row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (ACCEPTED, "已采纳"),
        (CHANGED, "改由村镇建设股主办，环境卫生管理所会办"),
        (TO_SENDER, "已退回来文单位，应由交通运输局办"),
    ],
)
def test_a_ledger_that_comes_again_shows_what_was_decided(
    client: FlaskClient, journal: Journal, verdict: Verdict, words: str
) -> None:
    uploaded(client)
    journal.verdict(journal.latest()[0].id, verdict, "user:zhang")
    page = uploaded(client)
    assert words in page.select_one("article .judged").text  # type: ignore[union-attr]
    assert not page.select("article .judge form")
    assert lines(client, "open") == []
    assert len(lines(client, "done")) == 1
    newest, first = lines(client)
    for line in (newest, first):
        assert words in line.select_one(".judged").text  # type: ignore[union-attr]
        assert not line.select("form")
    decision = page_of(client, f"/decisions/{journal.latest()[0].id}")
    assert words in decision.select_one(".history").text  # type: ignore[union-attr]


def test_a_result_that_is_loaded_again_shows_what_was_decided_meanwhile(
    client: FlaskClient, journal: Journal
) -> None:
    more = LEDGER + "029,关于修复人民路路灯的建议,2020-03-02,赵某甲,建议\n"
    assert not uploaded(client, more, "mark").select(".judged")
    journal.verdict(journal.latest()[1].id, ACCEPTED, "user:zhang")
    first, second = uploaded(client, more, "mark").select("table.ledger > tbody")
    assert "已采纳" in first.select_one(".judged").text  # type: ignore[union-attr]
    assert second.select(".judge form")


def test_the_table_of_a_result_says_what_was_decided_already(client: FlaskClient, journal: Journal) -> None:
    more = LEDGER + "029,关于修复人民路路灯的建议,2020-03-02,赵某甲,建议\n"
    uploaded(client, more)
    journal.verdict(journal.latest()[1].id, ACCEPTED, "user:zhang")
    form = uploaded(client, more).select_one("form.download input[name=results]")
    assert form is not None
    response = client.post("/table.xlsx", data={"results": form["value"]})
    rows = list(load_workbook(io.BytesIO(response.data))["分办表"].iter_rows(min_row=2, values_only=True))
    at = [rows[0].index(name) for name in ("编号", "类型", "提出人", "收到日期", "人的处理")]
    assert [[row[n] for n in at] for row in rows[1:]] == [
        ["028", "建议", "赵某甲", "2020-03-02", "已采纳"],
        ["029", "建议", "赵某甲", "2020-03-02", None],
    ]


def test_a_changed_text_waits_again(client: FlaskClient, journal: Journal) -> None:
    uploaded(client)
    journal.verdict(journal.latest()[0].id, ACCEPTED, "user:zhang")
    page = uploaded(client, LEDGER.replace("集镇", "县城"))
    assert page.select("article .judge form")
    assert len(lines(client, "open")) == 1


def test_a_case_that_a_section_gave_back_waits_for_the_office(client: FlaskClient, journal: Journal) -> None:
    uploaded(client)
    first = journal.latest()[0].id
    journal.verdict(first, GIVEN_BACK, "user:li")
    (line,) = lines(client, "open")
    assert "排水管理所退回，待重新分办" in line.text
    assert line.select_one(f"a[href='/decisions/{first}#change']")
    assert lines(client, "done") == []
    assert "排水管理所退回，待重新分办" in uploaded(client).select_one("article .judge").text  # type: ignore[union-attr]


def test_what_was_accepted_of_another_suggestion_names_who_leads(
    client: FlaskClient, journal: Journal, site: Site
) -> None:
    for lead in ("municipal", "greening"):
        new = new_decision()
        decision = replace(new.decision, lead=lead)
        answer = {**new.answer, "lead": {**new.answer["lead"], "id": lead}}
        journal.record(replace(new, decision=decision, answer=answer))
        if lead == "municipal":
            journal.verdict(new.id, ACCEPTED, "user:zhang")
    newest, first = lines(client)
    name = site.sections["municipal"].name
    assert newest.select_one(".judged").text == f"已采纳，由{name}主办"  # type: ignore[union-attr]
    assert first.select_one(".judged").text == "已采纳"  # type: ignore[union-attr]


TODAY = date(2026, 3, 9)  # a Monday
FAR = TODAY + timedelta(days=60)


@pytest.mark.parametrize(
    ("return_by", "reply_by", "verdict", "told"),
    [
        (date(2026, 3, 12), FAR, None, ["退回 2026-03-12 "]),
        (date(2026, 3, 11), FAR, None, ["退回 2026-03-11 还剩 2 个工作日"]),
        (TODAY, FAR, None, ["退回 2026-03-09 今天到期"]),
        (date(2026, 3, 6), FAR, None, ["退回 2026-03-06 已过", f"答复 {FAR} "]),
        (date(2026, 3, 11), FAR, ACCEPTED, [f"答复 {FAR} "]),
        (date(2026, 3, 6), date(2026, 3, 16), CHANGED, ["答复 2026-03-16 还剩 7 天"]),
        (None, date(2026, 3, 17), CHANGED, ["答复 2026-03-17 "]),
        (None, TODAY, CHANGED, ["答复 2026-03-09 今天到期"]),
        (None, date(2026, 3, 8), CHANGED, ["答复 2026-03-08 已过"]),
        (date(2026, 3, 12), FAR, GIVEN_BACK, ["退回 2026-03-12 "]),
        (date(2026, 3, 12), FAR, TO_SENDER, []),
        (date(2026, 3, 12), FAR, Verdict(VerdictKind.CHANGED, "out:water"), []),
        (date(9999, 12, 30), None, None, ["退回 9999-12-30 "]),
        (None, None, None, []),
    ],
)
def test_what_is_due_is_told_and_how_near_it_is(
    journal: Journal,
    site: Site,
    return_by: date | None,
    reply_by: date | None,
    verdict: Verdict | None,
    told: list[str],
) -> None:
    days = {"return_by": return_by and return_by.isoformat(), "reply_by": reply_by and reply_by.isoformat()}
    new = new_decision()
    journal.record(replace(new, answer={**new.answer, "deadlines": {**new.answer["deadlines"], **days}}))
    if verdict:
        journal.verdict(new.id, verdict, "user:zhang")
    found = due(journal.latest()[0], TODAY, site)
    assert [f"{one.what} {one.day} {one.mark}" for one in found] == told


def test_nothing_is_due_of_a_text_that_a_newer_one_replaced(
    client: FlaskClient, journal: Journal, site: Site
) -> None:
    uploaded(client)
    uploaded(client, LEDGER.replace("集镇", "县城"))
    newest, older = journal.latest()
    assert due(newest, TODAY, site)
    assert due(older, TODAY, site) == ()


def test_the_list_says_in_words_what_is_past(client: FlaskClient) -> None:
    uploaded(client)
    uploaded(client, LEDGER.replace("028", "029").replace("2020-03-02", ""))
    undated, dated = lines(client)
    assert "已过" in dated.select_one(".due b").text  # type: ignore[union-attr]
    assert "从当天起算" not in dated.text
    assert "从当天起算" in undated.text


def test_the_sheet_of_the_list_tells_what_was_decided(
    client: FlaskClient, journal: Journal, site: Site
) -> None:
    ledger = LEDGER + "".join(
        f"{number},关于修复人民路路灯的建议第{number}号,2020-03-02,钱某乙,提案\n"
        for number in ("029", "030", "031")
    )
    uploaded(client, ledger)
    newest = {one.case_id: one.id for one in journal.latest()}
    journal.verdict(newest["028"], CHANGED, "user:zhang")
    journal.verdict(newest["029"], TO_SENDER, "user:zhang")
    journal.verdict(
        newest["030"], Verdict(VerdictKind.RETURNED, returned_by="municipal", reason="无"), "user:li"
    )
    heading, rows = sheet(client)
    assert heading == f"{site.settings.bureau}建议提案分办表"
    found = {row["编号"]: row for row in rows}
    today = date.today().isoformat()  # noqa: DTZ011
    changed = found["028"]
    assert (changed["主办股室"], changed["负责人"]) == ("村镇建设股", site.sections["villages"].person)
    assert (changed["会办"], changed["主题"]) == ("环境卫生管理所", "集镇基础设施")
    assert changed["把握"] is None
    assert changed["人的处理"].startswith("改由村镇建设股主办，环境卫生管理所会办")
    assert changed["人的处理"].endswith(f"（zhang {today}）")
    assert (changed["类型"], changed["提出人"], changed["收到日期"]) == ("建议", "赵某甲", "2020-03-02")
    assert (found["029"]["主办股室"], found["029"]["会办"]) == ("交通运输局", None)
    assert (found["030"]["主办股室"], found["030"]["人的处理"]) == (
        None,
        f"市政工程管理所退回，待重新分办（li {today}）",
    )
    assert (found["031"]["主办股室"], found["031"]["人的处理"]) == ("市政工程管理所", "未处理")


def test_the_sheet_has_what_the_list_is_narrowed_to_and_each_case_once(
    client: FlaskClient, journal: Journal, site: Site
) -> None:
    other = "编号,案由\n029,关于修复人民路路灯的建议\n"
    uploaded(client)
    journal.verdict(journal.latest()[0].id, ACCEPTED, "user:zhang")
    for again in (LEDGER, other, other):
        uploaded(client, again)
    assert [row["编号"] for row in sheet(client)[1]] == ["029", "028"]
    assert [row["编号"] for row in sheet(client, state="open")[1]] == ["029"]
    heading, rows = sheet(client, state="done", number="第028号", title="污水")
    assert heading == f"{site.settings.bureau}建议提案分办表（已处理，编号 第028号，案由含 污水）"
    assert [row["人的处理"][:3] for row in rows] == ["已采纳"]
    assert sheet(client, number="' OR 1=1")[1] == []


def test_a_sheet_that_is_cut_says_so(
    client: FlaskClient, site: Site, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "_MOST_ROWS", 3)
    journal.record_many([(new_decision(str(n)), None) for n in range(4)])
    heading, rows = sheet(client)
    assert [row["编号"] for row in rows] == ["3", "2", "1"]
    assert heading.endswith("（只列最新的 3 件，更早的没有列）")
    monkeypatch.setattr(worklist, "_MOST_ROWS", 4)
    assert sheet(client)[0] == f"{site.settings.bureau}建议提案分办表"
    monkeypatch.setattr(worklist, "_LOOKED_AT", 2)
    monkeypatch.setattr(worklist, "_MOST_LOOKED_AT", 2)
    heading, rows = sheet(client)
    assert (len(rows), "更早的没有列" in heading) == (2, True)


def test_the_sheet_is_all_text_and_tells_no_title_that_is_not_kept(
    client: FlaskClient, journal: Journal
) -> None:
    new = new_decision("=1+1", keep_text=False)
    journal.record(replace(new, decision=replace(new.decision, status=Status.REVIEW, deadlines=Deadlines())))
    response = client.get("/decisions.xlsx")
    first = load_workbook(io.BytesIO(response.data))["分办表"]
    assert first.cell(3, 1).data_type == "s"
    _, (row,) = sheet(client)
    assert (row["编号"], row["案由"], row["提出人"]) == ("=1+1", "（未存文字）", None)


def test_the_page_offers_the_sheet_of_what_it_shows(client: FlaskClient) -> None:
    uploaded(client)
    page = page_of(client, "/decisions?state=open&number=028")
    button = page.select_one("form.find button[formaction]")
    assert button is not None
    assert (button["formaction"], button.text) == ("/decisions.xlsx", "下载分办表")
