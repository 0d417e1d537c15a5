from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from router.interfaces import ReadNote, ReadProblem
from router.present import ROW_COLUMNS
from router.sheets import SHEET_COLUMNS, write_csv, write_workbook

ROW = {
    "case_id": "028",
    "title": "关于路面的建议",
    "status": "suggested",
    "lead_name": "道路所",
    "probability": "0.8765",
    "source": "台账.xlsx 第2行",
}
PROBLEM = ReadProblem("扫描件.pdf", "第 1 页", "没有文字层，请先做文字识别", "scan")
FORMULAS = ["=1+1", "+86", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "＝1+1", "＠SUM(A1)"]


def written(rows: list[dict[str, str]], problems: tuple[ReadProblem, ...] = ()) -> Workbook:
    target = io.BytesIO()
    write_workbook(rows, problems, target, bureau="青禾县住建局")
    return load_workbook(io.BytesIO(target.getvalue()))


def first(book: Workbook) -> Worksheet:
    sheet = book["分办表"]
    assert isinstance(sheet, Worksheet)
    return sheet


def cell(sheet: Worksheet, key: str, row: int = 3) -> object:
    return sheet.cell(row, [name for name, _, _ in SHEET_COLUMNS].index(key) + 1).value


def test_the_sheet_reads_as_an_office_reads_it() -> None:
    sheet = first(written([ROW]))
    assert sheet["A1"].value == "青禾县住建局建议提案分办表"
    assert [c.value for c in sheet[2]] == [heading for _, heading, _ in SHEET_COLUMNS]
    assert cell(sheet, "case_id") == "028"
    assert cell(sheet, "status") == "可直接分办"
    assert cell(sheet, "probability") == "88%"
    assert cell(sheet, "source") == "台账.xlsx 第2行"


def test_every_cell_is_text() -> None:
    sheet = first(written([ROW | {"case_id": "0076", "lead_name": "123", "return_by": "2025-06-16"}]))
    cells = [c for c in sheet[3] if c.value is not None]
    assert {c.data_type for c in cells} == {"s"}
    assert {c.number_format for c in sheet[3]} == {"@"}


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_stays_text_in_a_workbook(text: str) -> None:
    sheet = first(written([ROW | {"title": text}]))
    title = sheet.cell(3, 2)
    assert title.data_type == "s"
    assert str(title.value).strip() == text.strip()


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_is_defused_in_csv(text: str) -> None:
    target = io.StringIO(newline="")
    write_csv([{"title": text}], ["title"], target)
    assert list(csv.reader(io.StringIO(target.getvalue(), newline="")))[1] == [f"'{text}"]


def test_it_prints_on_landscape_a4_with_headings_on_every_page() -> None:
    sheet = first(written([ROW]))
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
    assert str(sheet.page_setup.paperSize) == sheet.PAPERSIZE_A4
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.freeze_panes == "A3"
    widths = [sheet.column_dimensions[get_column_letter(at)].width for at in range(1, sheet.max_column + 1)]
    assert widths == [width for _, _, width in SHEET_COLUMNS]
    assert sheet.cell(3, 2).alignment.wrap_text


def test_what_is_printed_is_wide_enough_to_be_read_and_pages_are_numbered() -> None:
    book = written([ROW], (PROBLEM,))
    sheet = first(book)
    printed = SHEET_COLUMNS[: [heading for _, heading, _ in SHEET_COLUMNS].index("人的处理") + 1]
    assert sheet.print_area == f"'分办表'!$A$1:${get_column_letter(len(printed))}$3"
    characters = 140  # of the usual 11 points on a landscape A4 with these margins
    assert sum(width for _, _, width in printed) * 0.7 < characters
    assert sheet.page_margins.left <= 0.4
    for one in book.worksheets:
        assert one.oddFooter is not None
        assert one.oddFooter.center.text == "第 &P 页 共 &N 页"
    assert book["未读入"].print_area == "'未读入'!$A$1:$C$3"


def test_who_handed_the_case_in_and_when_and_what_was_decided_has_its_place() -> None:
    told = {"kind": "建议", "proposer": "赵某甲", "received_on": "2026-03-02", "handled": "已采纳"}
    sheet = first(written([ROW | told]))
    headings = [str(c.value) for c in sheet[2]]
    row = dict(zip(headings, [c.value for c in sheet[3]], strict=True))
    assert {name: row[name] for name in ("类型", "提出人", "收到日期", "人的处理")} == {
        "类型": "建议",
        "提出人": "赵某甲",
        "收到日期": "2026-03-02",
        "人的处理": "已采纳",
    }


def test_the_heading_says_which_cases_these_are() -> None:
    target = io.BytesIO()
    write_workbook([ROW], [], target, bureau="青禾县住建局", about="已处理")
    assert first(load_workbook(target))["A1"].value == "青禾县住建局建议提案分办表（已处理）"


def test_the_ids_of_the_doubts_are_there_for_programs_and_take_no_room_on_paper() -> None:
    sheet = first(written([{**ROW, "reason_ids": "too_short;close_call"}]))
    assert cell(sheet, "reason_ids") == "too_short;close_call"
    hidden = [
        key
        for (key, _, _), at in zip(SHEET_COLUMNS, range(1, 99), strict=False)
        if sheet.column_dimensions[get_column_letter(at)].hidden
    ]
    assert hidden == ["reason_ids"]


def test_what_could_not_be_read_goes_on_a_second_sheet() -> None:
    book = written([ROW], (PROBLEM,))
    assert book.sheetnames == ["分办表", "未读入"]
    assert [c.value for c in book["未读入"][3]] == ["扫描件.pdf", "第 1 页", "没有文字层，请先做文字识别"]


def test_what_has_to_be_looked_at_goes_on_a_sheet_of_its_own() -> None:
    target, note = io.BytesIO(), ReadNote("=台账.xlsx", "", "编号 003 在本表出现 2 次", "repeated_number")
    write_workbook([ROW], [], target, notes=[note])
    book = load_workbook(target)
    assert book.sheetnames == ["分办表", "读取说明"]
    assert [c.value for c in book["读取说明"][3]][::2] == ["=台账.xlsx", "编号 003 在本表出现 2 次"]
    assert book["读取说明"]["A3"].data_type == "s"


def test_without_problems_there_is_no_second_sheet() -> None:
    assert written([ROW]).sheetnames == ["分办表"]


def test_no_case_at_all_is_a_sheet_of_headings() -> None:
    assert first(written([])).max_row == 2


def test_control_characters_are_left_out_and_long_texts_cut() -> None:
    sheet = first(written([ROW | {"title": "路\x00灯\x0b\x1f" + "长" * 40_000}]))
    title = str(cell(sheet, "title"))
    assert title.startswith("路灯长")
    assert len(title) == 32_767


@given(st.text(), st.text())
@settings(max_examples=30)
def test_any_text_can_be_written_and_opened(title: str, reason: str) -> None:
    assert first(written([ROW | {"title": title}], (ReadProblem("文件", "", reason),))).max_row == 3


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_csv_gives_back_every_text(titles: list[str]) -> None:
    target = io.StringIO(newline="")
    write_csv([{"title": title} for title in titles], ["title", "status"], target)
    rows = list(csv.reader(io.StringIO(target.getvalue(), newline="")))
    assert rows[0] == ["title", "status"]
    assert [row[0].removeprefix("'") for row in rows[1:]] == [title.removeprefix("'") for title in titles]


def test_csv_for_excel_begins_with_a_mark(tmp_path: Path) -> None:
    with (tmp_path / "表.csv").open("w", encoding="utf-8-sig", newline="") as file:
        write_csv([ROW], ROW_COLUMNS, file)
    content = (tmp_path / "表.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfcase_id,")
    assert b"\r\n028," in content
