from __future__ import annotations

import pytest

from router.readers.columns import CANONICAL, resolve, tidy

NAMES = {
    "case_id": "编号 案号 建议号 提案号 建议编号 开案案号 序号",
    "title": "标题 案由 题目 建议标题 提案名称 事由",
    "body": "正文 内容 建议内容 提案正文",
    "proposer": "领衔代表 第一提案人 提案人 建议人 提案者 提出人",
    "kind": "类型",
    "lead_unit": "主办单位 承办单位 拟主办单位",
    "section": "承办股室 主办股室 承办科室 责任股室 责任科室",
    "co_sections": "会办股室 协办股室 会办科室",
    "result": "办理结果 办结类型 解决程度 办理情况",
    "session": "届次",
    "received_on": "交办时间 收到时间",
}
OTHERS = "附议人 联名人 代表团 界别 会办单位 协办单位 满意度 反馈意见 是否公开 办结时间 答复日期 类别"


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in NAMES.items() for name in names.split()]
)
def test_the_names_of_real_ledgers_are_known(field: str, name: str) -> None:
    assert resolve(name).field == field


@pytest.mark.parametrize("name", CANONICAL)
def test_the_case_tables_own_names_are_known(name: str) -> None:
    assert resolve(name) == (name, 0, True)
    assert resolve(name.upper()).field == name


@pytest.mark.parametrize("name", OTHERS.split())
def test_other_columns_have_no_field(name: str) -> None:
    assert resolve(name) is None


@pytest.mark.parametrize(
    "name", ["案　由", "案\n由", "案由（必填）", "【案由】", "案由：", "*案由", " 案由 ", "案由(标题)"]
)
def test_spaces_breaks_and_brackets_dont_matter(name: str) -> None:
    assert resolve(name).field == "title"


def test_a_serial_number_is_the_last_resort() -> None:
    assert resolve("序号").rank > resolve("编号").rank


def test_full_width_letters_are_tidied() -> None:
    assert tidy("ＣＡＳＥ＿ＩＤ") == tidy("case_id")
