from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.laid_out import LaidOut
from router.interfaces import Tokenizer
from router.proposal import case_text
from router.text import normalise

office_text = st.text("路灯不亮修Ａ3，。；！?\n 　😀𠀀", max_size=40)
some_texts = st.lists(st.builds(case_text, office_text, office_text), max_size=5)


def parts_of(string: str) -> list[str]:
    """Return the parts of one normalised text, found by a search instead of by arrays."""
    body = string.partition("\n")[2]
    parts = [part for part in re.split("[。；！？!?;\n]", body) if sum(map(str.isalnum, part)) >= 6]
    return parts if len(parts) > 1 else []


def found(tokenizer: Tokenizer, texts: list[str]) -> list[list[str]]:
    laid = LaidOut.read(texts, tokenizer)
    parts: list[list[str]] = [[] for _ in texts]
    for number, owner in enumerate(laid.parts.owner.tolist()):
        parts[owner].append("".join(map(chr, laid.codes[laid.parts.number == number])))
    return parts


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("", []),
        ("只有一件事情要办理", []),
        ("一、修好北街路灯。二、疏通下水道！", ["一、修好北街路灯", "二、疏通下水道"]),
        ("修好北街路灯\n\n疏通菜场下水道", ["修好北街路灯", "疏通菜场下水道"]),
        ("谢谢。再见。好的。", []),
    ],
)
def test_the_parts_of_a_body(tokenizer: Tokenizer, body: str, parts: list[str]) -> None:
    assert found(tokenizer, [case_text("标题里的事。标题里的另一件事", body)]) == [parts]


@given(texts=some_texts)
def test_parts_of_a_batch_are_those_of_each_text(tokenizer: Tokenizer, texts: list[str]) -> None:
    assert found(tokenizer, texts) == [parts_of(normalise(text)) for text in texts]


@given(texts=some_texts)
def test_parts_are_numbered_in_order_and_cover_no_break(tokenizer: Tokenizer, texts: list[str]) -> None:
    laid = LaidOut.read(texts, tokenizer)
    number, owner = laid.parts
    assert (np.diff(owner) >= 0).all()
    assert (np.diff(number[number >= 0]) >= 0).all()
    assert not set("。；！？!?;\n") & set(map(chr, laid.codes[number >= 0]))
