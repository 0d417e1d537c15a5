from __future__ import annotations

import zipfile
from datetime import date, datetime
from io import BytesIO

from router.readers import read_bytes

from .files import ole, xls, xlsx

HEAD = ["案号", "案由", "交办时间"]
CASE = ["028", "关于路灯的建议", datetime(2026, 3, 9)]  # noqa: DTZ001  cells of Excel know no zone


def test_a_printed_ledger_with_merged_cells_is_read() -> None:
    rows = [
        ["2026年交办台账", None, None, None, None, None],
        ["序号", "案号", "案由", "承办单位", None, "代表团"],
        [None, None, None, "主办", "会办", None],
        [1, "028", "关于路灯的建议", "县住建局", None, "东关"],
        [2, 29, "关于公厕的建议", "县住建局", "县财政局", None],
        ["小计", None, "2件", None, None, None],
    ]
    merged = ["A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3", "F4:F5", "A6:B6"]
    report = read_bytes(xlsx(rows, merged=merged), "台账.xlsx")
    assert not report.problems
    assert [case.case_id for case in report.proposals] == ["028", "29"]
    assert [case.lead_unit for case in report.proposals] == ["县住建局", "县住建局"]
    assert [case.extra["代表团"] for case in report.proposals] == ["东关", "东关"]
    assert "第6行" in [note.where for note in report.notes]


def test_rows_are_numbered_as_excel_shows_them() -> None:
    report = read_bytes(xlsx([[], [], HEAD, CASE, ["029", "", ""]]), "a.xlsx")
    assert report.proposals[0].source == "a.xlsx 第4行"
    assert report.problems[0].where == "第5行"


def test_old_workbooks_are_read() -> None:
    report = read_bytes(
        xls([HEAD, ["028", "关于路灯的建议", "2026-03-09"], [29, "关于公厕的建议", ""]]), "台账.xls"
    )
    assert [case.case_id for case in report.proposals] == ["028", "29"]
    assert report.proposals[0].received_on == date(2026, 3, 9)


def test_every_sheet_with_a_header_is_read_and_others_are_noted() -> None:
    book = xlsx([HEAD, CASE], [["说明"], ["本表由办公室填写"]], [HEAD, CASE], names=["建议", "说明", "提案"])
    report = read_bytes(book, "台账.xlsx")
    assert [case.source for case in report.proposals] == ["台账.xlsx 建议 第2行", "台账.xlsx 提案 第2行"]
    assert "说明" in [note.where for note in report.notes]
    assert not report.problems


def test_a_price_list_is_no_ledger() -> None:
    report = read_bytes(xlsx([["报价单"], ["品名", "规格", "单价"], ["打印纸", "A4", 20]]), "报价.xlsx")
    assert [problem.code for problem in report.problems] == ["not_a_proposal"]


def test_an_empty_workbook_is_said_to_be_empty() -> None:
    assert read_bytes(xlsx([[]]), "a.xlsx").problems[0].code == "empty"


def test_broken_and_locked_workbooks_say_what_to_do() -> None:
    whole = xlsx([HEAD, CASE])
    broken = read_bytes(whole[: len(whole) // 2], "a.xlsx").problems
    assert broken[0].code == "unreadable"
    assert "另存" in broken[0].reason
    locked = read_bytes(ole("EncryptionInfo", "EncryptedPackage", content=bytes(9)), "a.xlsx").problems
    assert "密码" in locked[0].reason


def test_a_cell_at_the_far_end_cannot_exhaust_the_memory() -> None:
    book = _with_sheet(xlsx([HEAD, CASE]), b'<c r="XFD1048576"><v>1</v></c></row></sheetData>')
    problem = read_bytes(book, "a.xlsx").problems[0]
    assert "范围过大" in problem.reason


def test_formatted_empty_cells_at_the_far_end_do_no_harm() -> None:
    book = _with_sheet(xlsx([HEAD, CASE]), b'<c r="XFD1048576" s="0"/></row></sheetData>')
    assert len(read_bytes(book, "a.xlsx").proposals) == 1


def test_a_workbook_that_unpacks_to_far_too_much_is_refused() -> None:
    problem = read_bytes(
        _with_sheet(xlsx([HEAD, CASE]), b" " * 60_000_000 + b"</row></sheetData>"), "a.xlsx"
    ).problems[0]
    assert "压缩" in problem.reason


def _with_sheet(book: bytes, end: bytes) -> bytes:
    """Put `end` in place of the end of the first sheet's rows."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, data.replace(b"</row></sheetData>", end) if "worksheets" in member else data)
    return buffer.getvalue()
