from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from models.features import BlockFeatures
from router.interfaces import Tokenizer
from router.proposal import case_text
from router.text import normalise
from tests.models.test_parts import parts_of

TEXTS = [
    case_text("路灯不亮", "文昌街路灯坏了，路灯要修。"),
    case_text("路面破损", "人民路路面坑洼。"),
    case_text("", "只有正文的案件"),
    case_text("只有标题", ""),
]
BLOCKS = ["characters", "pairs", "words", "title_characters", "title_pairs", "title_words"]
any_case = st.builds(case_text, st.text(max_size=20), st.text(max_size=40)) | st.sampled_from(TEXTS)


@pytest.fixture(scope="module")
def features(tokenizer: Tokenizer) -> BlockFeatures:
    features = BlockFeatures(tokenizer)
    features.fit_transform(TEXTS)
    return features


def block(features: BlockFeatures, name: str, texts: Sequence[str] = TEXTS) -> np.ndarray:
    rows: np.ndarray = features.transform(texts)[:, features.columns(name)].toarray()
    return rows


@pytest.mark.parametrize("name", BLOCKS)
def test_the_length_of_a_blocks_rows_is_the_blocks_weight(features: BlockFeatures, name: str) -> None:
    lengths = np.linalg.norm(block(features, name), axis=1)
    weight = {"title_characters": 0.25, "title_pairs": 0.25, "title_words": 0.5}.get(name, 1.0)
    empty = [not normalise(text).partition("\n")[0] and name.startswith("title") for text in TEXTS]
    assert lengths == pytest.approx([0 if none else np.sqrt(weight) for none in empty], abs=1e-6)


def test_a_block_is_the_tfidf_of_scikit_learn(features: BlockFeatures) -> None:
    letters = ["".join(filter(str.isalnum, normalise(text))) for text in TEXTS]
    reference = TfidfVectorizer(analyzer="char", sublinear_tf=True, lowercase=False).fit(letters)
    expected = reference.transform(letters).toarray()
    order = np.argsort(reference.get_feature_names_out())
    rows = block(features, "characters")
    assert rows / np.linalg.norm(rows[0]) == pytest.approx(expected[:, order], abs=1e-6)


def test_blocks_lie_side_by_side(features: BlockFeatures) -> None:
    slices = [features.columns(name) for name in BLOCKS]
    assert [s.start for s in slices[1:]] == [s.stop for s in slices[:-1]]
    assert (slices[0].start, slices[-1].stop) == (0, features.width)
    with pytest.raises(ValueError, match="nothing"):
        features.columns("nothing")


def test_the_title_block_reads_only_the_title(features: BlockFeatures) -> None:
    without = case_text("路灯不亮", "")
    for name in ("title_characters", "title_pairs", "title_words"):
        assert block(features, name, [TEXTS[0]]) == pytest.approx(block(features, name, [without]))


def test_known_share_counts_words_and_pairs(features: BlockFeatures) -> None:
    known = features.see([TEXTS[0], case_text("", "龘靐齉"), case_text("", ""), "123 abc\n。"]).known_share
    assert known[0] == 1.0
    assert known[1:].tolist() == [0, 0, 0]
    half = features.see([case_text("", "路灯不亮龘靐齉")]).known_share[0]
    assert 0 < half < 1


@given(texts=st.lists(any_case, max_size=4))
@settings(max_examples=60)
def test_rows_are_finite_and_shares_are_shares(features: BlockFeatures, texts: list[str]) -> None:
    rows, known = features.transform(texts), features.see(texts).known_share
    assert rows.shape == (len(texts), features.width)
    assert rows.dtype == np.float32
    assert np.isfinite(rows.data).all()
    assert ((known >= 0) & (known <= 1)).all()


@given(text=any_case)
@settings(max_examples=60)
def test_a_text_alone_has_the_row_it_has_among_others(features: BlockFeatures, text: str) -> None:
    alone = features.transform([text]).toarray()
    among = features.transform([TEXTS[0], text, TEXTS[1]]).toarray()[1:2]
    assert alone == pytest.approx(among, abs=1e-7)


@given(text=any_case)
@settings(max_examples=60)
def test_every_feature_of_a_row_has_a_place_in_the_text(features: BlockFeatures, text: str) -> None:
    seen = features.see([text])
    start, length, _, column = seen.entries
    assert set(column.tolist()) == set(seen.matrix.indices.tolist())
    assert ((start >= 0) & (length > 0) & (start + length <= len(seen.laid.joined))).all()


def test_learning_returns_the_rows_that_seeing_gives(tokenizer: Tokenizer) -> None:
    features = BlockFeatures(tokenizer)
    rows = features.fit_transform(TEXTS)
    assert abs(rows - features.transform(TEXTS)).max() == 0


@given(texts=st.lists(any_case, max_size=4))
@settings(max_examples=60)
def test_a_part_has_the_row_it_would_have_as_a_body(features: BlockFeatures, texts: list[str]) -> None:
    bodies = [case_text("", part) for text in texts for part in parts_of(normalise(text))]
    found = features.see(texts, parts=True).rows[len(texts) :].toarray()
    assert found == pytest.approx(features.transform(bodies).toarray(), abs=1e-6)


def test_emphasised_features_weigh_more_in_old_rows_and_new_ones(tokenizer: Tokenizer) -> None:
    features = BlockFeatures(tokenizer)
    before = features.fit_transform(TEXTS)
    factor = np.ones(features.width, dtype=np.float32)
    emphasised = before[0].indices[0]
    factor[emphasised] = 3
    after = features.emphasise(factor, before)
    assert after[0, emphasised] > before[0, emphasised]
    assert after.toarray() == pytest.approx(features.transform(TEXTS).toarray(), abs=1e-6)
    again = BlockFeatures.from_state(features.state(), tokenizer)
    assert (again.transform(TEXTS) != features.transform(TEXTS)).nnz == 0


def test_features_come_back_from_their_state(features: BlockFeatures, tokenizer: Tokenizer) -> None:
    again = BlockFeatures.from_state(features.state(), tokenizer)
    assert again.width == features.width
    assert (again.transform(TEXTS) != features.transform(TEXTS)).nnz == 0


def test_rare_entries_can_be_left_out(tokenizer: Tokenizer) -> None:
    widths = [BlockFeatures(tokenizer, min_df).fit_transform(TEXTS).shape[1] for min_df in (1, 2)]
    assert widths[1] < widths[0]


@pytest.mark.parametrize("texts", [[], ["\n"], TEXTS, TEXTS * 300])
def test_title_blocks_have_a_column_for_what_titles_hold_and_nothing_else(
    tokenizer: Tokenizer, texts: list[str]
) -> None:
    features = BlockFeatures(tokenizer)
    rows = features.fit_transform(texts)
    assert rows.shape == (len(texts), features.width)
    assert np.array_equal(rows.toarray(), features.transform(texts).toarray())
    assert set(rows.indices.tolist()) == set(range(features.width))
