from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.proposal import Proposal, case_text


@given(st.text(), st.text())
def test_the_first_line_is_the_title_whatever_it_holds(title: str, body: str) -> None:
    first, _, rest = case_text(title, body).partition("\n")
    assert len(first) == len(title)
    assert rest == body


def test_a_case_without_title_has_an_empty_first_line() -> None:
    assert Proposal(body="路灯不亮").text == "\n路灯不亮"


def test_a_case_cannot_be_changed() -> None:
    case = Proposal(title="修路", extra={"备注": "急"})
    with pytest.raises(AttributeError):
        case.title = "改了"  # type: ignore[misc]  # what is tested
    with pytest.raises(TypeError):
        Proposal().extra["x"] = "y"  # type: ignore[index]  # what is tested
