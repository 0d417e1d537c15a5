import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.interfaces import ReadProblem
from router.proposal import Proposal
from router.readers import Screen
from router.web.offsets import Origin

PHONE, IDENTITY = "13800000000", "110101199003070011"
parts = st.sampled_from(
    ["路灯不亮", "，", " ", "\n", "\x07", "电话", PHONE, f"+86 {PHONE}", IDENTITY, "〔电话〕"]
)


def screened(sent: str) -> str:
    proposal = Screen("").proposal(Proposal(body=sent))
    assert not isinstance(proposal, ReadProblem)
    return proposal.body


@pytest.mark.parametrize(
    "sent",
    [
        "路灯不亮",
        f"电话{PHONE}，路灯不亮",
        f"{PHONE} {PHONE}、{IDENTITY}。路灯不亮",
        f"〔电话〕{PHONE}路灯不亮{PHONE}",
        f"\x07\x08{PHONE}\x07路灯不亮",
    ],
)
def test_a_word_is_found_again_where_it_was_sent(sent: str) -> None:
    text = screened(sent)
    at = text.index("路灯")
    start, end = Origin(sent, text).span(at, at + 4)
    assert sent[start:end] == "路灯不亮"


@given(st.lists(parts, min_size=1, max_size=12).map("".join).filter(lambda sent: sent.strip(" \n\x07")))
def test_every_place_lies_in_the_text_as_sent(sent: str) -> None:
    text = screened(sent)
    origin = Origin(sent, text)
    for at in range(len(text)):
        start, end = origin.span(at, at + 1)
        assert 0 <= start < end <= len(sent)
