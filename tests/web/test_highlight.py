from hypothesis import given
from hypothesis import strategies as st

from router.decision import Evidence
from router.web.highlight import pieces

spans = st.builds(
    Evidence,
    field=st.just("body"),
    start=st.integers(0, 30),
    end=st.integers(0, 40),
    weight=st.floats(0, 1),
)


@given(st.text(max_size=30), st.lists(spans, max_size=8))
def test_the_pieces_are_the_text(text: str, evidence: list[Evidence]) -> None:
    assert "".join(piece.text for piece in pieces(text, evidence)) == text


def test_overlapping_evidence_is_shown_once() -> None:
    found = pieces("加装电梯", [Evidence("title", 0, 4, 1.0), Evidence("title", 2, 4, 0.5)])
    assert [(piece.text, piece.level) for piece in found] == [("加装电梯", 3)]


def test_weights_become_three_levels() -> None:
    found = pieces(
        "甲乙丙", [Evidence("body", at, at + 1, weight) for at, weight in enumerate((0.2, 0.5, 0.9))]
    )
    assert [piece.level for piece in found] == [1, 2, 3]
