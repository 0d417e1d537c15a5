from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.interfaces import ReadNote
from router.proposal import Proposal
from router.readers import ReadReport, read_bytes
from router.readers.kinds import Group, group_of, kind_named, says_only_kind
from router.readers.ledger import Span, Table, read_table

from .files import word, xlsx

HEAD = ["编号", "案由"]
LAMPS, TOILETS = ["001", "关于修复东关路灯的建议"], ["001", "关于新建西关公厕的提案"]


def kinds(*rows: list[str], **table: object) -> list[str]:
    source = str(table.pop("source", "台账.xlsx"))
    return [i.kind for i in read_table(Table(source, rows, **table)) if isinstance(i, Proposal)]  # type: ignore[arg-type]


def warnings(*rows: list[str], **table: object) -> list[ReadNote]:
    items = read_table(Table("台账.xlsx", rows, **table))  # type: ignore[arg-type]
    return [item for item in items if isinstance(item, ReadNote) and item.code]


@given(
    st.sampled_from(
        [("人大建议", "建议"), ("人大代表建议", "建议"), ("政协提案", "提案"), ("提案类", "提案")]
    ),
    st.sampled_from(["", " ", "\n", "\u3000", "\r\n", " \n"]),
    st.sampled_from(["", "一、", "（二）", "1.", "２．"]),
    st.sampled_from(["", "（12件）", "：共8件", "(３件)"]),
)
def test_a_kind_is_told_however_its_cell_is_broken_and_numbered(
    said: tuple[str, str], gap: str, numbering: str, count: str
) -> None:
    text = numbering + gap.join(said[0]) + gap + count
    assert says_only_kind(text)
    assert kind_named(text) == said[1]


@given(st.text(st.sampled_from("人大政协代表委员建议提案一二（）()、12届次件 \n"), max_size=30))
def test_what_says_only_the_kind_names_one(text: str) -> None:
    assert not says_only_kind(text) or kind_named(text)
    assert kind_named(text + "人大代表建议、政协委员提案") == ""


@pytest.mark.parametrize(
    "text", ["台账（修改建议）", "市民建议", "人民建议征集", "建议书", "2026年", "城建类"]
)
def test_other_suggestions_name_no_kind(text: str) -> None:
    assert kind_named(text) == ""


@pytest.mark.parametrize("gap", ["", "\n", " "])
def test_a_category_with_subtotals_merged_downwards_is_the_kind(gap: str) -> None:
    rows = [
        ["类别", *HEAD],
        [gap.join(["人大", "代表", "建议"]), *LAMPS],
        ["", "002", "关于修复北街井盖的建议"],
        ["小　计", "2件", ""],
        [gap.join(["政协", "提案"]), *TOILETS],
        ["共1件", "", ""],
        ["类别", *HEAD],
        ["合计", "3件", ""],
    ]
    assert kinds(*rows, spans=(Span(1, 2, 0),)) == ["建议", "建议", "提案"]


def test_sheets_named_by_their_kind_hold_cases_apart() -> None:
    book = xlsx([HEAD, LAMPS], [HEAD, TOILETS], names=["人大建议", "政协提案"])
    report = read_bytes(book, "台账.xlsx")
    assert [case.kind for case in report.proposals] == ["建议", "提案"]
    assert not report.warnings


def test_the_only_sheet_tells_by_its_name_as_well() -> None:
    report = read_bytes(xlsx([HEAD, LAMPS], names=["人大建议"]), "台账.xlsx")
    assert report.proposals[0].kind == "建议"
    assert "类型按工作表名读作建议 1 件" in report.notes[-1].text


def test_a_title_above_the_header_tells_the_kind() -> None:
    assert kinds(["2026 年 政 协 提 案 分办台账"], HEAD, TOILETS) == ["提案"]
    assert kinds(["2026年建议提案分办台账"], HEAD, TOILETS) == [""]


def test_a_line_above_a_table_in_a_paper_tells_the_kind() -> None:
    report = read_bytes(word("2026年政协提案分办台账", table=[HEAD, TOILETS]), "台账.docx")
    assert [case.kind for case in report.proposals] == ["提案"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("2026年政协提案.csv", "提案"),
        ("来件.zip/人大建议/台账.csv", "建议"),
        ("建议提案来件/提案.csv", "提案"),
        ("人大建议/建议提案台账.csv", ""),
        ("台账.csv", ""),
    ],
)
def test_a_file_tells_the_kind_by_its_name_or_else_by_its_folder(name: str, kind: str) -> None:
    assert kinds(HEAD, TOILETS, source=name) == [kind]


def test_rows_between_groups_tell_the_kind_of_those_below() -> None:
    rows = [
        HEAD,
        ["一、人大代表建议（12件）", ""],
        LAMPS,
        ["（一）城建类", ""],
        ["002", "关于修复北街井盖的建议"],
        ["小计", "2件"],
        ["二、政协委员提案", "1件"],
        TOILETS,
        ["三、群众来信", ""],
        ["002", "来信反映路灯不亮"],
    ]
    assert kinds(*rows) == ["建议", "建议", "提案", ""]


def test_a_group_row_in_the_column_of_titles_is_no_case() -> None:
    rows = [["案由", "编号"], ["一、人大代表建议（12件）", ""], LAMPS[::-1], ["政协提案", ""], TOILETS[::-1]]
    assert kinds(*rows) == ["建议", "提案"]
    assert kinds(["案由", "编号"], ["县十八届人大五次会议代表建议", ""], LAMPS[::-1]) == ["建议"]


def test_a_case_of_few_words_is_no_group_row() -> None:
    assert kinds(["案由", "编号"], ["建议修路", ""], ["提案", "8"]) == ["", ""]


def test_what_a_case_says_itself_wins() -> None:
    rows = [[*HEAD, "类型"], [*LAMPS, "人大\n建 议"], [*TOILETS, ""]]
    assert kinds(*rows, tab="政协提案") == ["建议", ""]
    assert kinds([*HEAD, "类型"], [*LAMPS, "议题"], tab="政协提案") == ["议题"]


def test_names_that_contradict_each_other_leave_the_kind_open_and_say_so() -> None:
    rows = [["2026年政协提案台账"], HEAD, TOILETS]
    assert kinds(*rows, tab="人大建议") == [""]
    (warning,) = warnings(*rows, tab="人大建议")
    assert "工作表名说是建议、表上的标题说是提案" in warning.text
    assert "第3行" in warning.text
    grouped = [HEAD, ["一、人大代表建议", ""], LAMPS]
    assert kinds(*grouped, tab="政协提案") == [""]
    assert "分类行说是建议" in warnings(*grouped, tab="政协提案")[0].text


@given(
    st.lists(
        st.sampled_from(["一、人大建议", "二、政协提案", "（一）城建类", "三、来信", "城建类"]), max_size=8
    )
)
def test_a_group_holds_until_the_next_of_its_rank(texts: list[str]) -> None:
    group = Group()
    for text in texts:
        group = group_of(text, group)
        assert group.kind in (kind_named(text), "") or text.startswith(("（", "城"))
    if texts and texts[-1].startswith(("一", "二", "三")):
        assert group.kind == kind_named(texts[-1])


def test_one_number_twice_without_a_kind_is_told_with_rows_and_titles() -> None:
    report: ReadReport = read_bytes(xlsx([HEAD, LAMPS, TOILETS]), "台账.xlsx")
    (warning,) = report.warnings
    assert "第 2、3 行" in warning.text
    assert "案由不同" in warning.text
    assert "“类型”" in warning.text
