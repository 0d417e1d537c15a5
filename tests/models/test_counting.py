from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from models.counting import Met, Vocabulary, count_rows, in_order
from models.laid_out import LaidOut
from router.interfaces import Tokenizer

letters = st.text("路灯不亮道的修电é𠀀ñ", max_size=12)
some_texts = st.lists(letters, min_size=1, max_size=6).filter(any)
mixed = st.lists(st.text("路灯,。 □\n!", max_size=12), min_size=1, max_size=6)
ORDERS = {"characters": 1, "pairs": 2}


class Cutting:
    """Cuts at spaces."""

    def tokenize(self, text: str) -> list[str]:
        return text.split(" ")


def laid_out(bodies: Sequence[str]) -> LaidOut:
    return LaidOut.read([f"\n{body}" for body in bodies], Cutting())


def learned(bodies: Sequence[str], min_df: int = 1) -> Vocabulary:
    return Vocabulary.learn([laid_out(bodies)], min_df)


def entry(laid: LaidOut, met: Met, at: int) -> str:
    return laid.joined[met.start[at] : met.start[at] + met.length[at]]


def counted(vocabulary: Vocabulary, kind: str, bodies: Sequence[str]) -> Counter[tuple[int, str]]:
    """Return how often each text holds each known entry."""
    laid = laid_out(bodies)
    met = vocabulary.meet(laid)[kind]
    known = np.flatnonzero(met.column >= 0)
    return Counter((int(met.document[at]), entry(laid, met, at)) for at in known)


@pytest.mark.parametrize("kind", ORDERS)
@given(texts=some_texts, others=some_texts)
def test_counts_are_those_of_scikit_learn(kind: str, texts: list[str], others: list[str]) -> None:
    order = ORDERS[kind]
    reference = CountVectorizer(analyzer="char", ngram_range=(order, order), lowercase=False)
    vocabulary = learned(texts)
    if not vocabulary.sizes[kind]:
        assert all(len(text) < order for text in texts)
        return
    reference.fit(texts)
    table = reference.transform(others).toarray()
    names = reference.get_feature_names_out()
    expected = {
        (row, str(names[column])): int(table[row, column])
        for row, column in zip(*np.nonzero(table), strict=True)
    }
    assert counted(vocabulary, kind, others) == expected


@given(texts=mixed)
def test_no_pair_spans_a_mark_a_line_or_two_texts(texts: list[str]) -> None:
    pairs = {pair for _, pair in counted(learned(texts), "pairs", texts)}
    assert pairs == {
        text[at : at + 2] for text in texts for at in range(len(text) - 1) if text[at : at + 2].isalnum()
    }


@pytest.mark.parametrize("kind", ["characters", "pairs", "words"])
@given(texts=mixed, others=mixed)
def test_an_entry_has_one_column_and_a_column_one_entry(
    kind: str, texts: list[str], others: list[str]
) -> None:
    vocabulary = learned(texts)
    named: dict[str, set[int]] = {}
    for laid in (laid_out(texts), laid_out(others)):
        met = vocabulary.meet(laid)[kind]
        for at, column in enumerate(met.column.tolist()):
            named.setdefault(entry(laid, met, at), set()).add(column)
    assert all(len(columns) == 1 for columns in named.values())
    known = [columns.pop() for columns in named.values() if columns != {-1}]
    assert sorted(known) == list(range(vocabulary.sizes[kind]))


def test_what_training_never_saw_is_met_but_unknown() -> None:
    met = learned(["路灯"]).meet(laid_out(["路面", "龘", "灯路"]))
    assert met["characters"].column.tolist() == [1, -1, -1, 0, 1]
    assert met["pairs"].column.tolist() == [-1, -1]
    assert met["pairs"].document.tolist() == [0, 2]


def test_a_text_is_met_alone_as_it_is_among_thousands() -> None:
    vocabulary = learned(["路灯不亮,电道", "的修路道"])
    text = "的灯路灯不修亮道的电é路道不亮电道" * 20  # known pairs and unknown ones
    alone, among = (vocabulary.meet(laid_out([text] * n))["pairs"].column for n in (1, 200))
    assert 0 < (alone < 0).sum() < len(alone)
    assert among.tolist() == alone.tolist() * 200


def test_marks_are_no_words() -> None:
    met = learned(["路 灯"]).meet(laid_out(["路 ， 。。 龘"]))
    assert met["words"].column.tolist() == [1, -1]


def test_what_too_few_texts_hold_is_not_learned() -> None:
    vocabulary = learned(["路灯 路灯", "路灯", "路面"], min_df=2)
    assert vocabulary.sizes == {"characters": 3, "pairs": 1, "words": 1}


@given(texts=some_texts, at=st.integers(0, 6))
def test_batches_are_learned_as_one(texts: list[str], at: int) -> None:
    together = learned(texts, 2).state()
    apart = Vocabulary.learn([laid_out(texts[:at]), laid_out(texts[at:])], 2).state()
    assert together["words"] == apart["words"]
    assert np.array_equal(together["pairs"], apart["pairs"])
    assert np.array_equal(together["characters"], apart["characters"])


def test_a_vocabulary_of_no_texts_is_empty() -> None:
    assert set(Vocabulary.learn([]).sizes.values()) == {0}


@pytest.mark.parametrize("texts", [[], ["", "。"]])
def test_an_empty_vocabulary_knows_nothing(texts: list[str], tokenizer: Tokenizer) -> None:
    vocabulary = Vocabulary.learn([LaidOut.read(texts, tokenizer)])
    assert set(vocabulary.sizes.values()) == {0}
    assert {kind: met.column.tolist() for kind, met in vocabulary.meet(laid_out(["路灯"])).items()} == {
        "characters": [-1, -1],
        "pairs": [-1],
        "words": [-1],
    }


def test_a_character_beyond_the_basic_plane_is_one_character() -> None:
    laid = laid_out(["x𠀀路"])
    pairs = learned(["𠀀路"]).meet(laid)["pairs"]
    assert [entry(laid, pairs, at) for at in np.flatnonzero(pairs.column >= 0)] == ["𠀀路"]


@given(texts=some_texts)
def test_a_vocabulary_comes_back_from_its_state(texts: list[str]) -> None:
    vocabulary = learned(texts)
    again = Vocabulary.from_state(vocabulary.state())
    for kind in vocabulary.sizes:
        assert counted(again, kind, texts) == counted(vocabulary, kind, texts)


@given(
    st.integers(1, 5).flatmap(
        lambda width: st.tuples(
            st.just(width), st.lists(st.tuples(st.integers(0, 3), st.integers(0, width - 1)))
        )
    )
)
def test_rows_are_counted_as_scipy_counts_them(given_: tuple[int, list[tuple[int, int]]]) -> None:
    width, entries = given_
    document = np.array([row for row, _ in entries], dtype=np.int32)
    column = np.array([at for _, at in entries], dtype=np.int64)
    rows, order, first = count_rows(document, column, (4, width))
    expected = csr_matrix((np.ones(len(entries)), (document, column)), shape=(4, width))
    assert np.array_equal(rows.toarray(), expected.toarray())
    assert rows.has_canonical_format
    assert [entries[at] for at in order] == sorted(entries)
    of_each = [set(document[order[a:b]]) for a, b in pairwise(first)]
    assert of_each == [{row} for row in np.repeat(np.arange(4), np.diff(rows.indptr))]


@given(st.lists(st.integers(0, 5)), st.sampled_from([0, 2**62]))
def test_equal_keys_keep_their_order_however_large_they_are(keys: list[int], more: int) -> None:
    order = in_order(np.array(keys, dtype=np.int64) + more)
    assert order.tolist() == sorted(range(len(keys)), key=keys.__getitem__)
