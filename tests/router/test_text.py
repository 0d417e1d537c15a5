from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.text import MASK, FoldedOrigin, fold, normalise, percent

any_text = st.text(st.characters(exclude_categories=["Cs"]))
office_text = st.text("路灯不亮，。Ａ１２ａB3号①㎡Ⅲ□\n　 ﾊ㍿İß繁體😀")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Ａ区３号楼", "□区□号楼"),
        ("ＡＢ１２ cd", "□ □"),
        ("第①条、Ⅲ期、50㎡", "第□条、□期、□"),
        ("（路灯）：不亮！", "(路灯):不亮!"),
        ("繁體字", "繁體字"),
        ("", ""),
    ],
)
def test_width_case_and_numbers_are_folded(written: str, folded: str) -> None:
    assert normalise(written) == folded


@given(any_text | office_text)
def test_folding_goes_character_by_character(text: str) -> None:
    assert fold(text) == "".join(unicodedata.normalize("NFKC", char).lower() for char in text)


def spans_of(text: str) -> list[tuple[int, int]]:
    """Return where each character of the normalised text came from."""
    origin = FoldedOrigin(text)
    return [origin.span(at, at + 1) for at in range(len(normalise(text)))]


@given(any_text | office_text)
def test_a_longer_stretch_spans_from_its_first_to_its_last_character(text: str) -> None:
    spans = spans_of(text)
    if spans:
        assert FoldedOrigin(text).span(0, len(spans)) == (spans[0][0], spans[-1][1])


@given(any_text | office_text)
def test_folding_alone_keeps_numbers_and_latin_words(text: str) -> None:
    assert fold(fold(text)) == fold(text).lower()
    assert fold("ＬＥＤ灯，３号楼") == "led灯,3号楼"


@given(any_text | office_text)
def test_offsets_are_in_order_and_inside_the_text(text: str) -> None:
    spans = spans_of(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@given(any_text | office_text)
def test_each_character_folds_from_its_own_span(text: str) -> None:
    folded, spans = normalise(text), spans_of(text)
    for char, (start, end) in zip(folded, spans, strict=True):
        original = unicodedata.normalize("NFKC", text[start:end]).lower()
        assert char in original or char == MASK


@given(any_text | office_text)
def test_line_breaks_stay_and_no_latin_letter_or_digit_does(text: str) -> None:
    folded = normalise(text)
    assert folded.count("\n") == text.count("\n")
    assert not any(char.isascii() and char.isalnum() for char in folded)


def test_a_lone_surrogate_does_not_stop_folding() -> None:
    assert normalise("路\ud800灯") == "路\ud800灯"


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.0, "<1%"), (0.004, "<1%"), (0.01, "1%"), (0.5, "50%"), (0.994, "99%"), (1.0, "99%")],
)
def test_a_guess_is_called_neither_certain_nor_impossible(probability: float, shown: str) -> None:
    assert percent(probability) == shown
