from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.keys import Keys, Scope
from tests.storage.tampering import edit

from .people import Visitor


@pytest.fixture
def auditor(visitor: Visitor) -> Visitor:
    visitor.log_in("zhao")
    return visitor


def test_the_newest_comes_first_in_words(auditor: Visitor, keys: Keys) -> None:
    keys.create("erp", [Scope.SUGGEST, Scope.VERDICT], "user:wang", per_minute=60)
    page = auditor.get("/audit").text
    row = re.search(r"<tbody>\s*<tr>(.*?)</tr>", page, re.DOTALL)
    assert row
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[1])
    assert cells[2:] == ["账户 wang", "建立密钥", "erp", "每分钟 60；权限 分办、送回人的决定"]


def test_what_was_decided_is_told_in_words_and_local_time(auditor: Visitor, audit: Audit) -> None:
    audit.add(
        "user:zhang",
        "verdict",
        "0193a5c2",
        created_at="2026-03-02T00:00:00+00:00",
        kind="changed",
        section="villages",
        co_sections=["drainage"],
        topic="township-sewage",
        made_by="user:zhang",
        returned_on=None,
    )
    page = auditor.get("/audit").text
    moment = datetime(2026, 3, 2, tzinfo=UTC).astimezone()
    for said in (
        f"时间 {moment:%Y-%m-%d %H:%M:%S}",
        "处理 改办",
        "由谁 账户 zhang",
        "股室 村镇建设股",
        "会办 排水管理所",
        "主题 乡镇生活污水",
    ):
        assert said in page
    assert not re.search("[a-z]_[a-z]|changed|[+]00:00", page.partition("<tbody>")[2].partition("</tr>")[0])


def test_every_row_is_on_one_page_and_only_one(auditor: Visitor, audit: Audit) -> None:
    for turn in range(120):
        audit.add("user:wang", "role_set", f"u{turn}")
    path, seen = "/audit", []
    while path:
        page = auditor.get(path).text
        seen += re.findall(r'<tr><td class="number">(\d+)</td>', page)
        older = re.search(r'href="(/audit\?before=\d+)"', page)
        path = older[1] if older else ""
    assert [int(number) for number in seen] == list(range(audit.head().count, 0, -1))


@pytest.mark.parametrize("before", ["", "0", "-1", "x", "1" * 19, "0" * 19 + "1", "9" * 5000, "１"])
def test_what_is_no_row_number_is_refused(auditor: Visitor, before: str) -> None:
    assert auditor.get(f"/audit?before={before}").status_code == 400


def test_checking_says_that_all_is_well(auditor: Visitor) -> None:
    assert "核对无误" not in auditor.get("/audit").text
    assert "核对无误" in auditor.get("/audit?verify=1").text


def test_checking_says_where_it_is_not(auditor: Visitor, database: Database) -> None:
    edit(database, "UPDATE audit SET actor = 'user:li' WHERE seq = 2")
    assert "第 2 行有问题" in auditor.get("/audit?verify=1").text


def test_looking_changes_nothing(auditor: Visitor, audit: Audit) -> None:
    before = audit.head().count
    auditor.get("/audit?verify=1")
    assert audit.head().count == before
