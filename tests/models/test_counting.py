from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from models.counting import CharacterCounter, Texts, WordCounter, places

letters = st.text("路灯不亮道的修电a1é𠀀ñ", max_size=12)
some_texts = st.lists(letters, min_size=1, max_size=6).filter(any)
mixed = st.lists(st.text("路灯,。 □\n!", max_size=12), min_size=1, max_size=6)


def bare(strings: Sequence[str]) -> Texts:
    """Return texts without words."""
    return Texts(strings, [[] for _ in strings])


def counted(counter: CharacterCounter, strings: Sequence[str]) -> dict[tuple[int, str], int]:
    """Return how often each text holds each character or pair."""
    entries = counter.entries(bare(strings))
    table = entries.counts(len(strings), len(counter)).toarray()
    return {
        (row, gram_of(counter, column)): int(table[row, column])
        for row, column in zip(*np.nonzero(table), strict=True)
    }


def gram_of(counter: CharacterCounter, column: int) -> str:
    key = int(counter.keys[column])
    codes = [key] if counter.order == 1 else [key >> 21, key & 0x1FFFFF]
    return "".join(map(chr, codes))


@pytest.mark.parametrize("order", [1, 2])
@given(texts=some_texts, others=some_texts)
def test_counts_are_those_of_scikit_learn(order: int, texts: list[str], others: list[str]) -> None:
    reference = CountVectorizer(analyzer="char", ngram_range=(order, order), lowercase=False)
    counter = CharacterCounter(order).fit(bare(texts))
    if not len(counter):
        assert all(len(text) < order for text in texts)
        return
    reference.fit(texts)
    table = reference.transform(others).toarray()
    names = reference.get_feature_names_out()
    expected = {
        (row, str(names[column])): int(table[row, column])
        for row, column in zip(*np.nonzero(table), strict=True)
    }
    assert counted(counter, others) == expected


@given(texts=mixed)
def test_no_pair_spans_a_mark_a_line_or_two_texts(texts: list[str]) -> None:
    counter = CharacterCounter(2).fit(bare(texts))
    pairs = {gram_of(counter, column) for column in range(len(counter))}
    assert pairs == {
        text[at : at + 2] for text in texts for at in range(len(text) - 1) if text[at : at + 2].isalnum()
    }


@given(texts=mixed)
def test_every_entry_belongs_to_its_text(texts: list[str]) -> None:
    entries = CharacterCounter(1).fit(bare(texts)).entries(bare(texts))
    met = np.bincount(entries.document, minlength=len(texts))
    assert met.tolist() == [sum(map(str.isalnum, text)) for text in texts]


def test_what_training_never_saw_is_met_but_unknown() -> None:
    counter = CharacterCounter(1).fit(bare(["路灯"]))
    entries = counter.entries(bare(["路面", "x"]))
    assert entries.document.tolist() == [0, 0, 1]
    assert (entries.feature >= 0).tolist() == [True, False, False]


def test_what_too_few_texts_hold_is_not_learned() -> None:
    texts = bare(["路灯路灯", "路灯", "路面"])
    assert len(CharacterCounter(1, min_df=2).fit(texts)) == 2
    assert len(WordCounter(min_df=2).fit(Texts(["", "", ""], [["路"], ["路", "灯"], ["灯", "灯"]]))) == 2


def test_an_empty_vocabulary_knows_nothing() -> None:
    counter = CharacterCounter(2).fit(bare(["", "。"]))
    assert len(counter) == 0
    assert counter.entries(bare(["路灯"])).feature.tolist() == [-1]
    assert counter.spans("路灯").feature.tolist() == []


def test_a_character_beyond_the_basic_plane_is_one_character() -> None:
    counter = CharacterCounter(2).fit(bare(["𠀀路"]))
    assert counter.spans("x𠀀路").start.tolist() == [1]


def test_a_lone_surrogate_is_no_letter() -> None:
    assert len(CharacterCounter(1).fit(bare(["路\ud800"]))) == 1


@pytest.mark.parametrize("order", [1, 2])
@given(text=st.text("路灯,。 □\n", max_size=12))
def test_spans_point_at_what_was_counted(order: int, text: str) -> None:
    counter = CharacterCounter(order).fit(bare(["路灯", "灯路", "路路"]))
    spans = counter.spans(text)
    for start, end, feature in zip(*spans, strict=True):
        assert text[start:end] == gram_of(counter, int(feature))
    assert sorted(spans.feature) == sorted(f for f in counter.entries(bare([text])).feature if f >= 0)


@given(texts=some_texts)
def test_a_counter_comes_back_from_its_state(texts: list[str]) -> None:
    for counter in (CharacterCounter(2, 2).fit(bare(texts)), CharacterCounter(1).fit(bare(texts))):
        again = CharacterCounter.from_state(counter.state())
        assert np.array_equal(again.keys, counter.keys)
        assert (again.order, again.min_df) == (counter.order, counter.min_df)


WORDS = st.lists(st.lists(st.sampled_from(["路灯", "路", "不亮"]), max_size=5), min_size=1, max_size=5)


@given(words=WORDS)
def test_words_are_counted_by_text(words: list[list[str]]) -> None:
    texts = Texts(["".join(each) for each in words], words)
    counter = WordCounter.from_state(WordCounter().fit(texts).state())
    table = counter.entries(texts).counts(len(texts), len(counter)).toarray()
    for row, each in enumerate(words):
        assert {w: int(table[row, at]) for w, at in counter.index.items() if table[row, at]} == {
            w: each.count(w) for w in each
        }


def test_words_are_found_where_they_stand() -> None:
    assert list(places("路灯,路灯亮", ["路灯", "路灯", "亮"])) == [
        (0, 2, "路灯"),
        (3, 5, "路灯"),
        (5, 6, "亮"),
    ]


def test_a_word_that_a_tokeniser_rewrote_has_no_place() -> None:
    assert list(places("路灯亮", ["streetlight", "亮"])) == [(2, 3, "亮")]
