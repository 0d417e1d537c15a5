from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.interfaces import ReadNote, ReadProblem
from router.proposal import Proposal
from router.readers.ledger import Span, Table, read_table
from router.readers.rows import UNREAD_DATE
from router.readers.values import cell_text

HEAD = ["案号", "案由", "正文"]
CASE = ["028", "关于修复人民路路面的建议", "人民路路面破损严重，请尽快修复。"]


def read(
    *rows: list[object], spans: tuple[Span, ...] = ()
) -> tuple[list[Proposal], list[ReadProblem], list[ReadNote]]:
    items = list(read_table(Table("台账.xlsx", rows, spans=spans)))
    kinds = (Proposal, ReadProblem, ReadNote)
    return tuple([item for item in items if isinstance(item, kind)] for kind in kinds)  # type: ignore[return-value]


def test_a_case_keeps_every_column() -> None:
    cases, problems, _ = read([*HEAD, "满意度", "备注"], [*CASE, "满意", "重点"])
    assert not problems
    assert (cases[0].case_id, cases[0].title, cases[0].body) == tuple(CASE)
    assert cases[0].extra == {"满意度": "满意", "备注": "重点"}
    assert cases[0].source == "台账.xlsx 第2行"


def test_title_rows_and_blank_rows_above_the_header_dont_matter() -> None:
    cases, *_ = read(["2026年建议提案办理台账", "", ""], ["单位：县住建局", "", "2026年3月"], [], HEAD, CASE)
    assert [case.case_id for case in cases] == ["028"]


def test_a_header_of_two_rows_is_joined() -> None:
    cases, _, notes = read(
        ["青禾县台账"],
        ["编号", "案由", "提案人", "", "承办单位", "", "承办股室", ""],
        ["", "", "姓名", "电话", "主办", "会办", "主办", "会办"],
        ["028", "关于路灯的建议", "甲某", "无", "县住建局", "县财政局", "路灯所", "排水所、园林所"],
    )
    case = cases[0]
    assert (case.proposer, case.lead_unit, case.section) == ("甲某", "县住建局", "路灯所")
    assert case.co_sections == ("排水所", "园林所")
    assert case.extra == {"提案人/电话": "无", "承办单位/会办": "县财政局"}
    assert "表头在第2行至第3行" in notes[-1].text


def test_a_data_row_is_never_taken_for_a_second_header_row() -> None:
    cases, *_ = read(["案号", "案由", "附议人", ""], ["1", "关于路灯的建议", "甲某", "乙某"])
    assert cases[0].title == "关于路灯的建议"


def test_subtotals_and_repeated_headers_are_noted_by_row() -> None:
    cases, problems, notes = read(
        HEAD, CASE, ["小计", "1", ""], HEAD, CASE, ["合　计：", "共2件", ""], ["", "总计2件", ""]
    )
    assert len(cases) == 2
    assert not problems
    assert [note.where for note in notes[:-1]] == ["第3行", "第4行", "第6行", "第7行"]


def test_a_case_whose_title_speaks_of_sums_is_read() -> None:
    cases, *_ = read(
        HEAD, ["1", "合计收费不合理", ""], ["2", "合计", "请公开各小区维修资金合计数额和使用情况。"]
    )
    assert len(cases) == 2


def test_blank_and_only_numbered_rows_are_counted() -> None:
    _, problems, notes = read(["序号", "案由"], ["1", "关于路灯的建议"], ["2", ""], ["", ""], [])
    assert not problems
    assert "空行 3 行" in notes[-1].text


def test_a_row_without_text_is_a_problem_with_its_row() -> None:
    cases, problems, _ = read([*HEAD, "提案人"], CASE, ["029", "", "", "甲某"])
    assert len(cases) == 1
    assert (problems[0].where, problems[0].code) == ("第3行", "empty")


def test_a_group_row_is_noted() -> None:
    cases, problems, notes = read(HEAD, ["一、城建类", "", ""], CASE)
    assert (len(cases), len(problems)) == (1, 0)
    assert notes[0].where == "第2行"


@pytest.mark.parametrize("row", [["", "只有案由的建议", ""], ["", "", "只有正文，没有案由。"]])
def test_title_or_body_alone_is_enough(row: list[object]) -> None:
    assert len(read(HEAD, row)[0]) == 1


def test_ids_stay_what_they_look_like() -> None:
    ids = ["028", 28.0, "A-041", "DH123", "jy2016020", "2024251(城建类58)", "０３１", "第012号", 76]
    cases, *_ = read(HEAD, *[[one, "关于路灯的建议", ""] for one in ids])
    assert [case.case_id for case in cases] == [
        "028",
        "28",
        "A-041",
        "DH123",
        "jy2016020",
        "2024251(城建类58)",
        "031",
        "012",
        "76",
    ]


def test_the_serial_number_is_the_id_only_without_another() -> None:
    assert read(["序号", "案由"], ["1", "关于路灯的建议"])[0][0].case_id == "1"
    case = read(["序号", "提案号", "案由"], ["1", "0076", "关于路灯的建议"])[0][0]
    assert (case.case_id, case.extra) == ("0076", {"序号": "1"})


def test_a_bad_date_is_noted_and_kept_and_drops_no_row() -> None:
    cases, problems, notes = read(
        [*HEAD, "交办时间"], [*CASE, "2019/2/28 11:25"], [*CASE, "待定"], [*CASE, ""]
    )
    assert [case.received_on for case in cases] == [date(2019, 2, 28), None, None]
    assert not problems
    assert cases[1].extra == {"交办时间": "待定"}
    assert "1 行不像日期（第3行）" in notes[0].text


def test_dates_of_excel_are_read() -> None:
    cases, *_ = read([*HEAD, "交办时间"], [*CASE, datetime(2019, 2, 28)], [*CASE, 43524.0])  # noqa: DTZ001
    assert [case.received_on for case in cases] == [date(2019, 2, 28)] * 2


def test_values_are_brought_into_the_case_tables_forms() -> None:
    head = ["案由", "类型", "级别", "办理方式", "办理结果", "会办股室"]
    case = read(head, ["关于路灯的建议", "政协提案", "县级", "会办", "B：正在解决", "甲股;乙股"])[0][0]
    assert (case.kind, case.level, case.role, case.result) == ("提案", "县", "co", "B")
    assert case.co_sections == ("甲股", "乙股")


def test_a_category_of_letters_is_the_outcome_and_others_are_not() -> None:
    assert read(["案由", "类别"], ["关于路灯的建议", "A类"])[0][0].result == "A"
    case = read(["案由", "类别"], ["关于路灯的建议", "城建"])[0][0]
    assert (case.result, case.extra) == ("", {"类别": "城建"})


def test_a_category_of_jianyi_and_tian_is_the_kind() -> None:
    rows = [["关于路灯的建议", "人大建议"], ["关于公厕的提案", "政协提案"], ["关于井盖的提案", ""]]
    cases = read(["案由", "类别"], *rows)[0]
    assert [case.kind for case in cases] == ["建议", "提案", ""]
    mixed = read(["案由", "类别"], *rows, ["关于公园的提案", "城建"])[0]
    assert [case.kind for case in mixed] == [""] * 4
    own = read(["案由", "类型", "类别"], ["关于路灯的建议", "提案", "建议"])[0][0]
    assert (own.kind, own.extra) == ("提案", {"类别": "建议"})


def test_columns_with_one_name_are_all_kept() -> None:
    case = read(["案由", "备注", "备注", ""], ["关于路灯的建议", "甲", "乙", "丙"])[0][0]
    assert case.extra == {"备注": "甲", "备注_2": "乙", "第4列": "丙"}


def test_cells_beyond_the_header_are_kept() -> None:
    case = read(["案由"], ["关于路灯的建议", "", "尾巴"])[0][0]
    assert case.extra == {"第3列": "尾巴"}


def test_merged_cells_hold_for_each_of_their_rows() -> None:
    rows = [["代表团", "案由"], ["东关", "关于路灯的建议"], ["", "关于公厕的建议"]]
    cases, *_ = read(*rows, spans=(Span(1, 2, 0),))
    assert [case.extra["代表团"] for case in cases] == ["东关", "东关"]


def test_rows_under_one_merged_title_are_one_case() -> None:
    rows = [
        ["案号", "案由", "股室", "会办股室"],
        ["028", "关于路灯的建议", "甲股", "乙股"],
        ["", "", "", "丙股"],
    ]
    cases, _, notes = read(*rows, spans=(Span(1, 2, 1),))
    assert len(cases) == 1
    assert cases[0].co_sections == ("乙股", "丙股")
    assert notes[0].where == "第3行"


def test_two_numbers_under_one_merged_title_are_two_cases() -> None:
    rows = [["案号", "案由"], ["028", "关于路灯的建议"], ["031", ""]]
    cases, *_ = read(*rows, spans=(Span(1, 2, 1),))
    assert [(case.case_id, case.title) for case in cases] == [
        ("028", "关于路灯的建议"),
        ("031", "关于路灯的建议"),
    ]


def test_a_table_without_title_or_body_names_what_it_found() -> None:
    cases, problems, _ = read(["品名", "单价"], ["打印纸", "20"])
    assert not cases
    assert problems[0].code == "not_a_proposal"
    assert "品名、单价" in problems[0].reason


def test_a_column_called_content_alone_makes_no_ledger() -> None:
    assert not read(["时间", "地点", "内容"], ["9:00", "会议室", "领导讲话"])[0]
    assert read(["编号", "内容"], ["1", "路灯不亮"])[0]


def test_a_marking_above_the_header_refuses_the_sheet() -> None:
    cases, problems, notes = read(["机密★1年"], HEAD, CASE)
    assert (cases, notes) == ([], [])
    assert problems[0].code == "secret"


def test_the_note_lists_columns_mapped_and_kept() -> None:
    text = read([*HEAD, "满意度"], [*CASE, "满意"])[2][-1].text
    assert "识别的列：案号、案由、正文" in text
    assert "原样保留的列：满意度" in text


cells = st.one_of(
    st.text(max_size=20),
    st.floats(),
    st.integers(),
    st.none(),
    st.booleans(),
    st.datetimes(),
    st.sampled_from(["合计", "案由", "案号"]),
)


@given(st.lists(st.lists(cells, max_size=5), max_size=12))
def test_no_row_is_lost_whatever_it_holds(rows: list[list[object]]) -> None:
    cases, problems, notes = read(["案号", "案由", "交办时间"], *rows)
    if "表头在第1行；" not in notes[-1].text:
        return  # another row names more columns than ours
    blank = (
        int(notes[-1].text.rpartition("空行 ")[2].removesuffix(" 行") or 0) if "空行" in notes[-1].text else 0
    )
    noted = sum(1 for note in notes if note.where)
    assert len(cases) + len(problems) + noted + blank == len(rows)


@given(st.lists(st.lists(cells, max_size=5), max_size=12))
def test_no_table_raises(rows: list[list[object]]) -> None:
    list(read_table(Table("台账.xlsx", rows)))


def test_days_without_a_year_take_that_of_their_column() -> None:
    rows = [[*CASE, "2026-03-01"], [*CASE, "３月２日"], [*CASE, "三月三日"], [*CASE, "3.4"], [*CASE, 3.15]]
    cases, _, notes = read([*HEAD, "交办时间"], *rows)
    assert [case.received_on for case in cases] == [date(2026, 3, day) for day in (1, 2, 3, 4, 15)]
    assert "“交办时间”有 4 行没写年份，按 2026 年读" in notes[-1].text


def test_days_without_a_year_take_that_of_the_title() -> None:
    cases, *_ = read(["2026年政协提案台账"], [*HEAD, "交办时间"], [*CASE, "3月2日"])
    assert cases[0].received_on == date(2026, 3, 2)


def test_a_date_that_cant_be_read_is_a_warning_and_keeps_its_words() -> None:
    rows = [
        [*CASE, "2025-03-01"],
        [*CASE, "2026-03-01"],
        [*CASE, "3月2日"],
        [*CASE, "2026年3月"],
        [*CASE, ""],
    ]
    cases, _, notes = read([*HEAD, "交办时间"], *rows)
    assert [case.received_text for case in cases] == ["", "", "3月2日", "2026年3月", ""]
    (warning,) = [note for note in notes if note.code]
    assert warning.code == UNREAD_DATE
    assert "2 行不像日期（第4、5行）" in warning.text
    assert "暂从当天起算" in warning.text


@given(st.text(max_size=80))
def test_a_received_date_is_read_or_kept(text: str) -> None:
    case = read([*HEAD, "交办时间"], [*CASE, text])[0][0]
    assert bool(case.received_on or case.received_text) == bool(cell_text(text))
