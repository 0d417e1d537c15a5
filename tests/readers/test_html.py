from __future__ import annotations

import pytest

from router.readers import read_bytes

from .files import ole

PAPER = """<html><head><meta charset="gb2312"><title>页面</title><style>p{}</style></head>
<body><h1>关于路灯的建议</h1><p>文昌街
不亮。</p><p>请<b>修复</b>。<br>谢谢</p></body></html>"""
LEDGER = """<table><tr><td colspan=4>台账</td></tr>
<tr><th rowspan=2>案号</th><th rowspan=2>案由</th><th colspan=2>承办股室</th></tr>
<tr><th>主办</th><th>会办</th></tr>
<tr><td>028</td><td>关于路灯的建议</td><td>甲股</td><td>乙股、丙股</td></tr>
<tr><td>029</td><td>关于公厕的建议</td><td>乙股</td><td></td></tr></table>"""


@pytest.mark.parametrize("name", ["a.html", "a.doc", "a.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_page_is_one_paper_whatever_its_name(name: str, encoding: str) -> None:
    case = read_bytes(PAPER.encode(encoding), name).proposals[0]
    assert (case.title, case.body) == ("关于路灯的建议", "文昌街 不亮。\n请修复。\n谢谢")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_table_named_xls_is_a_ledger(encoding: str) -> None:
    cases = read_bytes(LEDGER.encode(encoding), "台账.xls").proposals
    assert [case.case_id for case in cases] == ["028", "029"]
    assert (cases[0].section, cases[0].co_sections) == ("甲股", ("乙股", "丙股"))


def test_a_form_in_a_page_is_read_by_its_labels() -> None:
    cells = "<tr><td>案由</td><td>关于路灯的建议</td></tr><tr><td>正文</td><td>不亮。</td></tr>"
    page = f"<body><table>{cells}</table></body>"
    case = read_bytes(page.encode(), "a.html").proposals[0]
    assert (case.title, case.body) == ("关于路灯的建议", "不亮。")


def test_a_page_inside_an_ole_container_is_found() -> None:
    data = ole("Contents", content=b"\x01\x02" + PAPER.encode("gb18030") + bytes(40))
    assert read_bytes(data, "a.doc").proposals[0].title == "关于路灯的建议"


def test_a_web_archive_named_doc_is_read() -> None:
    page = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{PAPER}\r\n--b--\r\n"
    )
    assert read_bytes(page.encode(), "a.doc").proposals[0].title == "关于路灯的建议"


def test_an_unclosed_head_hides_nothing() -> None:
    page = "<html><head><meta charset=utf-8><body><p>关于路灯的建议<p>文昌街不亮。"
    assert read_bytes(page.encode(), "a.html").proposals[0].body == "文昌街不亮。"


def test_text_beside_a_ledger_is_noted() -> None:
    report = read_bytes((LEDGER + "<p>" + "说明文字" * 30 + "</p>").encode(), "a.html")
    assert any("表格之外还有 120 字" in note.text for note in report.notes)


def test_a_page_of_scripts_only_is_empty() -> None:
    assert read_bytes(b"<html><script>var a = 1;</script></html>", "a.html").problems[0].code == "empty"


def test_tags_that_old_systems_leave_open_are_closed() -> None:
    page = "<table><tr><th>案号<th>案由<tr><td>028<td>关于路灯的建议<tr><td>029<td>关于公厕的建议</table>"
    assert [case.case_id for case in read_bytes(page.encode(), "a.xls").proposals] == ["028", "029"]


def test_a_marking_beside_a_ledger_refuses_it() -> None:
    report = read_bytes(f"<html><p>机密★1年</p>{LEDGER}</html>".encode(), "a.xls")
    assert not report.proposals
    assert [problem.code for problem in report.problems] == ["secret"]


def test_a_page_nested_without_end_is_refused_at_once() -> None:
    assert read_bytes(b"<html>" + b"<div>" * 50_000, "a.html").problems[0].code == "unsupported"
