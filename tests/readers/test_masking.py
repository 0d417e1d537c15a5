from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.proposal import Proposal
from router.readers.masking import ID_MARK, PHONE_MARK, mask, mask_proposal


@pytest.mark.parametrize(
    "number",
    [
        "13800000000",
        "138 0000 0000",
        "138-0000-0000",
        "138－0000－0000",
        "１３８００００００００",
        "1 3 8 0 0 0 0 0 0 0 0",
        "+86 13800000000",
        "8613800000000",
        "0551-66000000",
        "(0551)6600000",
        "（０５５１）６６００００００",
        "010-66000000",
        "021 66000000",
        "0551-66000000-802",
        "055166000000",
    ],
)
def test_phones_are_masked_however_they_are_written(number: str) -> None:
    masked = mask(f"请联系{number}，谢谢")
    assert masked.text == f"请联系{PHONE_MARK}，谢谢"
    assert (masked.phones, masked.ids) == (1, 0)


@pytest.mark.parametrize(
    "number",
    [
        "340000199001010000",
        "34000019900101000X",
        "34000019900101000ｘ",
        "340000 19900101 0000",
        "340000-1990-01-01-0000",
        "３４００００１９９００１０１００００",
        "3400 0019 9001 0100 00",
        "340000900101000",
    ],
)
def test_id_numbers_are_masked_however_they_are_written(number: str) -> None:
    masked = mask(f"身份证{number}。")
    assert masked.text == f"身份证{ID_MARK}。"
    assert (masked.phones, masked.ids) == (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2019年2月28日",
        "2019-02-28 11:25:00",
        "20190228112500",
        "投入13800000000元",
        "投入 13800000000 元",
        "13,800,000,000.00元",
        "13800000000.50",
        "案号jy2016020、2024251(城建类58)",
        "工单20171221962760",
        "第135号 20190228",
        "邮编236000",
        "2018 2019 2020 2021 2022",
        "0551-20190228",
        "全长1380.5米，造价1.5亿",
        "拨打12345、110",
        "统一社会信用代码91340000MA00000000",
        "1234567890123456789012",
    ],
)
def test_dates_sums_and_case_numbers_stay(text: str) -> None:
    assert mask(text).text == text


def test_a_short_number_is_a_phone_only_after_its_label() -> None:
    assert mask("联系电话：6600000").text == f"联系电话：{PHONE_MARK}"
    assert mask("共 6600000 人").phones == 0


def test_several_numbers_in_one_line_are_counted() -> None:
    masked = mask("甲某13800000000、13900000000，340000199001010000")
    assert masked.text == f"甲某{PHONE_MARK}、{PHONE_MARK}，{ID_MARK}"
    assert (masked.phones, masked.ids) == (2, 1)


def test_a_proposal_is_masked_in_all_texts_but_its_number() -> None:
    number = "13800000000"
    case = Proposal(case_id=number, title=number, body=number, proposer=number, extra={"电话": number})
    masked, phones, ids = mask_proposal(replace(case, received_text=number))
    assert (phones, ids) == (5, 0)
    assert masked.case_id == number
    assert number not in (masked.title, masked.body, masked.proposer, *masked.extra.values())
    assert masked.received_text == "〔电话〕"


@pytest.mark.parametrize(
    "text", ["1 " * 1_000_000, "1" * 2_000_000, "0551-" * 400_000, "1" + " " * 2_000_000]
)
def test_the_cost_is_linear(text: str) -> None:
    start = time.perf_counter()
    mask(text)
    assert time.perf_counter() - start < 5


@given(st.text(alphabet="0123456789１３８０xX -－()（）+.元年路灯\n", max_size=80))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


@given(st.text(), st.text())
def test_a_phone_between_any_words_is_found(before: str, after: str) -> None:
    text = f"{before} 电话 13800000000。{after}"
    assert "13800000000。" not in mask(text).text
