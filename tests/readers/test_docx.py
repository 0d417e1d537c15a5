from __future__ import annotations

import io

import docx

from router.readers import read_bytes

from .files import word

FORM = [
    ["案由", "关于路灯的建议", "", ""],
    ["提案人", "甲某", "界别", "农业界"],
    ["联系电话", "13800000000", "案　号", "0126"],
    ["正文", "文昌街整条街不亮。\n请修复。", "", ""],
]


def test_a_plain_paper_has_its_title_above_its_body() -> None:
    report = read_bytes(word("关于路灯的建议", "文昌街不亮。", "请修复。"), "a.docx")
    case = report.proposals[0]
    assert (case.title, case.body) == ("关于路灯的建议", "文昌街不亮。\n请修复。")


def test_a_form_is_read_by_its_labels() -> None:
    report = read_bytes(word("政协青禾县第十一届委员会第五次会议提案", table=FORM), "a.docx")
    case = report.proposals[0]
    assert (case.case_id, case.title, case.proposer) == ("0126", "关于路灯的建议", "甲某")
    assert case.body == "文昌街整条街不亮。\n请修复。"
    assert (case.kind, case.session) == ("提案", "十一届五次")
    assert case.extra["界别"] == "农业界"
    assert case.extra["联系电话"] == "〔电话〕"


def test_a_ledger_in_a_document_is_read_as_one() -> None:
    table = [["案号", "案由", "提案人"], ["028", "关于路灯的建议", "甲某"], ["029", "关于公厕的建议", "乙某"]]
    report = read_bytes(word("提案目录", table=table), "a.docx")
    assert [case.case_id for case in report.proposals] == ["028", "029"]


def test_merged_cells_of_a_form_are_read_once() -> None:
    document = docx.Document()
    table = document.add_table(2, 4)
    table.cell(0, 1).merge(table.cell(0, 3))
    for cell, text in (
        (table.cell(0, 0), "案由"),
        (table.cell(0, 1), "关于路灯的建议"),
        (table.cell(1, 0), "正文"),
    ):
        cell.text = text
    table.cell(1, 1).merge(table.cell(1, 3)).text = "文昌街不亮。"
    case = read_bytes(_saved(document), "a.docx").proposals[0]
    assert (case.title, case.body) == ("关于路灯的建议", "文昌街不亮。")


def test_a_heading_is_the_title_and_numbered_headings_are_not() -> None:
    document = docx.Document()
    document.add_heading("让路灯亮起来", 0)
    document.add_heading("一、情况", 1)
    document.add_paragraph("文昌街不亮。")
    case = read_bytes(_saved(document), "a.docx").proposals[0]
    assert (case.title, case.body) == ("让路灯亮起来", "一、情况\n文昌街不亮。")


def test_moved_text_is_read_where_it_was_moved_to() -> None:
    document = docx.Document()
    document.add_paragraph("关于路灯的建议")
    for tag, text in (("moveFrom", "请尽快更换。"), ("ins", "群众反映强烈。"), ("moveTo", "请尽快更换。")):
        run = document.add_paragraph().add_run(text)._r
        change = run.makeelement(f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{tag}", {})
        run.addprevious(change)
        change.append(run)
    assert read_bytes(_saved(document), "a.docx").proposals[0].body == "群众反映强烈。\n请尽快更换。"


def test_inserted_text_and_content_controls_are_read() -> None:
    document = docx.Document()
    document.add_paragraph("关于路灯的建议")
    added = document.add_paragraph("文昌街")
    run = added.add_run("不亮。")._r
    change = run.makeelement("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}ins", {})
    run.addprevious(change)
    change.append(run)
    assert read_bytes(_saved(document), "a.docx").proposals[0].body == "文昌街不亮。"


def test_a_marking_in_the_page_header_refuses_the_paper() -> None:
    report = read_bytes(word("关于某工作的建议", "内容。", header="机密★1年"), "a.docx")
    assert not report.proposals
    assert [problem.code for problem in report.problems] == ["secret"]


def test_a_document_without_text_is_empty() -> None:
    assert read_bytes(word(), "a.docx").problems[0].code == "empty"


def test_a_cut_off_document_says_what_to_do() -> None:
    whole = word("关于路灯的建议", "不亮。")
    problem = read_bytes(whole[: len(whole) // 2], "a.docx").problems[0]
    assert problem.code == "unreadable"


def _saved(document: docx.document.Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
