from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.closings import without_closing
from router.proposal import Proposal
from router.readers.masking import mask
from router.text import normalise
from training.train import Trained

ASKED = "下水道经常堵塞，路灯大多不亮。建议：一是疏通下水管网；二是修复小区门口的路灯。"
ENDINGS = [
    "联系人电话13912345678",
    "\n联系人电话：13912345678",
    "\n请研究办理。",
    "\n特此建议，望采纳。",
    "\n以上建议，妥否，请批示。",
    "\n此致\n敬礼！",
    "\n联系人：甲某，地址：青禾县文昌街12号",
    "\n提案人：乙某 电话13912345678 邮编233600",
    "\n联系人：丙某（县医院） 电话：0558-7654321",
    "\n县政协委员 丁某\n2026年3月2日",
    "\n　　丁某 13912345678\n二〇二六年三月二日",
]


def told(text: str) -> str:
    return without_closing(normalise(mask(text).text))


@given(st.lists(st.sampled_from(ENDINGS), max_size=4))
def test_an_ending_of_any_making_is_as_none(endings: list[str]) -> None:
    plain = normalise(f"关于东关小区的建议\n{ASKED}")
    assert told(f"关于东关小区的建议\n{ASKED}{'。'.join(endings)}").rstrip(" \n。") + "。" == plain


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_model_says_of_a_case_doesnt_rest_on_its_ending(described: Trained, ending: str) -> None:
    plain, ended = (Proposal(title="关于东关小区的建议", body=mask(ASKED + end).text) for end in ("", ending))
    first, second = described.model.predict([plain, ended], explain=True, similar=False)
    assert (second.section, second.co, second.asks) == (first.section, first.co, first.asks)


@pytest.mark.parametrize(
    "text",
    [
        "电话亭破损",
        "供水抢修电话13912345678无人接听",
        "地址不清，邮件送不到",
        "人大代表多次反映，路面仍未修复",
        "请尽快修复路灯",
        "建议增设停车位",
        "单位门口积水",
    ],
)
def test_what_asks_for_something_stays(text: str) -> None:
    assert told(f"关于路灯的建议\n{text}") == normalise(mask(f"关于路灯的建议\n{text}").text)


def test_a_title_is_never_blanked() -> None:
    assert told("请研究办理\n") == "请研究办理\n"
    assert told("请研究办理") == "请研究办理"


def test_only_the_end_is_blanked() -> None:
    text = "题\n联系人：甲某。路灯不亮。"
    assert told(text) == normalise(text)


@given(st.text(st.sampled_from("题路灯\n。，：: 联系人电话〔〕建议请研究办理□年月日"), max_size=80))
def test_every_place_stays_what_it_was(text: str) -> None:
    text = normalise(text)
    blanked = without_closing(text)
    assert len(blanked) == len(text)
    assert all(new in (old, " ") for new, old in zip(blanked, text, strict=True))
    assert without_closing(blanked) == blanked
    assert blanked.partition("\n")[0] == text.partition("\n")[0]


@pytest.mark.parametrize("piece", ["地址 ", "电话:", "请", "建议。", "联系人 联系电话", "□"])
def test_the_cost_is_bounded(piece: str) -> None:
    without_closing("题\n" + piece * 100_000)
