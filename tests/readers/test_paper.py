from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.proposal import Proposal
from router.readers import read_bytes
from router.readers.blocks import text_blocks
from router.readers.paper import read_paper


def read(text: str) -> Proposal:
    report = read_bytes(text.encode(), "来信.txt")
    assert len(report.proposals) == 1, report.problems
    return report.proposals[0]


def test_labels_name_the_fields() -> None:
    case = read(
        "建议编号：022\n标题：治一治井盖\n领衔代表：甲某\n收到时间：2026年3月12日\n正文：响。\n一、换。\n联系电话：13800000000"
    )
    assert (case.case_id, case.title, case.proposer) == ("022", "治一治井盖", "甲某")
    assert case.received_on == date(2026, 3, 12)
    assert case.body == "响。\n一、换。"
    assert case.extra == {"联系电话": "〔电话〕"}
    assert case.kind == "建议"


def test_without_labels_the_first_line_is_the_title() -> None:
    case = read("学府路工地太吵\n\n夜里十二点还在浇筑。\n请管一管。")
    assert (case.title, case.body) == ("学府路工地太吵", "夜里十二点还在浇筑。\n请管一管。")


def test_the_forms_own_heading_is_not_the_title() -> None:
    case = read("青禾县第十八届人民代表大会第五次会议\n代表建议\n第 035 号\n关于拓宽公路的建议\n路太窄。")
    assert (case.case_id, case.title, case.body) == ("035", "关于拓宽公路的建议", "路太窄。")
    assert (case.kind, case.session) == ("建议", "十八届五次")
    assert "第十八届" in case.extra["抬头"]


def test_a_title_on_two_lines_is_joined() -> None:
    assert (
        read("关于加快推进文昌片区\n老旧小区改造的建议\n楼旧了。").title
        == "关于加快推进文昌片区老旧小区改造的建议"
    )


def test_labels_inside_the_body_stay_in_the_body() -> None:
    first = "文昌街从东头到西头一共六十七盏路灯，入冬以来有一半不亮，老人晚上不敢出门，孩子也怕走。"
    body = f"{first}\n地址：文昌街东头\n内容：见附表"
    assert read(f"关于路灯的建议\n{body}").body == body


def test_a_long_first_paragraph_is_no_title() -> None:
    case = read("文昌街" * 50 + "不亮。\n请修。")
    assert case.title == ""
    assert case.body.endswith("请修。")


@pytest.mark.parametrize("text", ["12345", "The street lights are broken", "路灯", "关于路灯的建议"])
def test_odd_texts_are_read_and_judged_later(text: str) -> None:
    case = read(text)
    assert text in (case.title, case.body)


@pytest.mark.parametrize(
    "text",
    [
        "会议通知\n各股室：定于周五开会。",
        "青禾县住建局\n关于召开建议提案交办会的通知\n各股室：请准时参加。",
        "请假条\n事由：家中有事\n请假人：甲某",
        "办公用品报价单\n打印纸 20元",
        "关于停水的公告\n定于明日停水。",
        "对县政协十一届五次会议第028号提案的答复\n甲某委员：您好。",
        "周五下午\n时间：15:00\n地点：三楼\n参会人员：全体",
    ],
)
def test_papers_that_say_they_are_something_else_are_refused(text: str) -> None:
    report = read_bytes(text.encode(), "a.txt")
    assert not report.proposals
    assert [problem.code for problem in report.problems] == ["not_a_proposal"]


@pytest.mark.parametrize(
    "text",
    [
        "关于规范停水通知的建议\n停水前应有通知。",
        "小区停水没有通知\n请物业提前告知。",
        "关于建立会议制度的提案\n时间：每月\n地点：社区\n议题：民生",
        "案由：会议通知发得太晚\n正文：请提前。",
        "物业不贴收支公示\n钱去哪了。",
        "答复件不能止于已列入计划\n请写清楚。",
    ],
)
def test_a_suggestion_about_such_papers_is_read(text: str) -> None:
    read(text)


def test_a_marked_paper_is_refused_and_never_quoted() -> None:
    report = read_bytes("机密★1年\n关于某工程的建议\n不可外传的内容".encode(), "a.txt")
    assert not report.proposals
    assert [problem.code for problem in report.problems] == ["secret"]
    assert "不可外传" not in str(report)


def test_a_case_over_the_limit_is_refused_with_its_length() -> None:
    report = read_bytes(("关于路灯的建议\n" + "路" * 200_000).encode(), "a.txt")
    assert not report.proposals
    assert "200,007 字" in report.problems[0].reason


def test_two_megabytes_of_text_take_no_time() -> None:
    assert read_bytes("路灯不亮，电话 0551-\n".encode() * 80_000, "a.txt").problems[0].code == "bad_value"


@given(st.text())
def test_any_text_ends_in_a_report(text: str) -> None:
    report = read_bytes(text.encode("utf-8", "replace"), "a.txt")
    assert report.proposals or report.problems


@pytest.mark.parametrize(
    "text",
    [
        "请查收附件",
        "您好！附件为2026年政协提案，请查收。谢谢！",
        "各位领导：\n现将人大代表建议12件发给你们，请查收。\n县政府督查室",
        "详见附件。",
        "材料见附件，收到请回复",
        "附件已发，请注意查收。\n联系人：甲某 电话：无",
    ],
)
def test_a_few_words_that_only_hand_something_over_are_no_case(text: str) -> None:
    (problem,) = read_bytes(text.encode(), "正文.txt").problems
    assert problem.code == "not_a_proposal"
    assert "附件" in problem.reason


def test_a_text_of_such_words_without_end_costs_little() -> None:
    assert read("附件" * 50 + "呀").text.strip() == "附件" * 50 + "呀"


@pytest.mark.parametrize(
    "text",
    [
        "请修附件厂门前的路",
        "路灯不亮，照片见附件",
        "关于路灯的建议\n请查收附件",
        "案由：路灯不亮\n详见附件",
        "请尽快维修，照片请查收。",
        "建议增加快递查收点",
    ],
)
def test_a_few_words_that_ask_for_something_are_a_case(text: str) -> None:
    read(text)


@pytest.mark.parametrize("line", ["105号", "第105号", "（105号）", "105号提案", "１０５ 号"])
def test_a_number_below_the_title_is_the_papers(line: str) -> None:
    case = read(f"关于修复人民路路面的建议\n{line}\n路面破损严重，请修复。")
    assert (case.case_id, case.body) == ("105", "路面破损严重，请修复。")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("105号.docx", "105"),
        ("来件.zip/第028号.txt", "028"),
        ("提案0117号.docx", "0117"),
        ("2026年县政协提案第12号（路灯）.docx", "12"),
        ("105号提案.docx", "105"),
        ("12号楼漏水.txt", ""),
        ("关于第3号院改造.docx", ""),
        ("20260323.pdf", ""),
        ("第12批.docx", ""),
    ],
)
def test_a_file_named_by_a_number_tells_it_where_the_paper_doesnt(name: str, number: str) -> None:
    def number_of(text: str) -> str:
        return next(i for i in read_paper(text_blocks(text), name) if isinstance(i, Proposal)).case_id

    assert number_of("关于修复人民路路面的建议\n路面破损严重。") == number
    assert number_of("第9号\n关于修复人民路路面的建议\n路面破损严重。") == "9"


def test_a_papers_day_without_a_year_takes_that_of_its_heading_or_file() -> None:
    paper = "青禾县2026年提案交办单\n收到日期：3月2日\n案由：路灯不亮\n正文：请修。"
    assert read(paper).received_on == date(2026, 3, 2)
    unread = read_bytes(paper.replace("2026年", "").encode(), "来信.txt")
    assert unread.proposals[0].received_text == "3月2日"
    assert [note.code for note in unread.warnings] == ["unread_date"]
