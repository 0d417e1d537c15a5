from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from models.laid_out import LaidOut, is_letter, places, portions
from router.interfaces import Tokenizer
from router.proposal import case_text

office_text = st.text("路灯不亮修Ａ3，。；\n 　😀𠀀", max_size=25)
some_texts = st.lists(st.builds(case_text, office_text, office_text), max_size=5)


class Simplifying:
    """A tokeniser that writes simplified characters and leaves spaces and line breaks out."""

    def tokenize(self, text: str) -> list[str]:
        return list("".join(text.split()).replace("燈", "灯"))


class Rewriting:
    """A tokeniser that doesn't give back what it was given."""

    def tokenize(self, text: str) -> list[str]:
        return ["lamp" if character == "灯" else character for character in text]


@given(texts=some_texts)
def test_every_word_stands_where_it_is_said_to(tokenizer: Tokenizer, texts: list[str]) -> None:
    laid = LaidOut.read(texts, tokenizer)
    for word, start, length in zip(laid.words, laid.word_start, laid.word_length, strict=True):
        assert laid.joined[start : start + length] == word
    assert "".join(laid.words) == laid.joined


@given(texts=some_texts)
def test_characters_and_words_belong_to_their_texts_and_titles(
    tokenizer: Tokenizer, texts: list[str]
) -> None:
    laid = LaidOut.read(texts, tokenizer)
    for at, string in enumerate(laid.strings):
        own = laid.document == at
        title = string.partition("\n")[0]
        assert "".join(map(chr, laid.codes[own])) == f"{string}\n"
        assert "".join(map(chr, laid.codes[own & laid.in_title])) == title
        words = [word for word, of in zip(laid.words, laid.word_document == at, strict=True) if of]
        titled = laid.word_in_title[laid.word_document == at].tolist()
        assert "".join(words) == f"{string}\n"
        assert "".join(word for word, of_title in zip(words, titled, strict=True) if of_title) == title


def test_no_word_spans_title_and_body(tokenizer: Tokenizer) -> None:
    assert "路灯" not in LaidOut.read([case_text("老楼路", "灯坏了")], tokenizer).words


def test_a_word_that_a_tokeniser_rewrote_has_no_place() -> None:
    laid = LaidOut.read(["路灯\n灯亮"], Rewriting())
    assert laid.word_start.tolist() == [0, -1, 2, -1, 4, 5]
    assert laid.word_in_title.tolist() == [True, True, False, False, False, False]


def test_a_word_is_found_behind_the_one_before() -> None:
    assert list(places("路灯,路灯亮", ["路灯", "路灯", "亮"], 0, 6)) == [0, 3, 5]
    assert list(places("路灯,路灯亮", ["路灯", "亮"], 1, 5)) == [3, -1]


@given(st.characters())
def test_a_letter_is_what_python_takes_for_one(character: str) -> None:
    assert is_letter(np.array([ord(character)], dtype=np.uint32)).item() is character.isalnum()


def test_no_letter_lies_beyond_the_table() -> None:
    assert not any(chr(code).isalnum() for code in range(0x40000, 0x110000))


def test_a_lone_surrogate_is_no_letter(tokenizer: Tokenizer) -> None:
    assert LaidOut.read(["路\ud800\n"], Rewriting()).letter.tolist() == [True, False, False, False]


def test_nothing_can_be_laid_out(tokenizer: Tokenizer) -> None:
    laid = LaidOut.read([], tokenizer)
    assert (len(laid), laid.codes.tolist(), laid.parts.owner.tolist()) == (0, [], [])


@example(texts=["", "\n\n"])
@given(texts=st.lists(st.text("路灯燈亮\n ", max_size=12), max_size=5))
def test_a_rewritten_word_is_looked_for_in_its_own_title_or_body(texts: list[str]) -> None:
    laid = LaidOut.read(texts, Simplifying())
    placed = np.flatnonzero(laid.word_start >= 0)
    at = laid.word_start[placed]
    assert laid.document[at].tolist() == laid.word_document[placed].tolist()
    assert laid.in_title[at].tolist() == laid.word_in_title[placed].tolist()
    words = [laid.words[number] for number in placed.tolist()]
    assert all(laid.joined.startswith(word, start) for word, start in zip(words, at.tolist(), strict=True))


@given(lengths=st.lists(st.integers(0, 900_000), max_size=12))
def test_texts_are_laid_out_some_at_a_time_all_of_them_in_order(lengths: list[int]) -> None:
    texts = ["x" * length for length in lengths]
    slices = list(portions(texts))
    assert [text for some in slices for text in texts[some]] == texts
    for some in slices:
        assert len(texts[some]) == 1 or sum(map(len, texts[some])) <= 500_000


def test_short_texts_are_laid_out_by_hundreds() -> None:
    assert [some.stop for some in portions(["路灯\n"] * 1_200)] == [500, 1_000, 1_200]
