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
    return BlockFeatures(tokenizer).fit(TEXTS)


def block(features: BlockFeatures, name: str, texts: Sequence[str] = TEXTS) -> np.ndarray:
    rows: np.ndarray = features.transform(texts).matrix[:, features.columns(name)].toarray()
    return rows


@pytest.mark.parametrize("name", BLOCKS)
def test_the_length_of_a_blocks_rows_is_the_blocks_weight(features: BlockFeatures, name: str) -> None:
    lengths = np.linalg.norm(block(features, name), axis=1)
    (weight,) = [each.weight for each in features.blocks if each.name == name]
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
    with pytest.raises(KeyError):
        features.columns("nothing")


def test_the_title_block_reads_only_the_title(features: BlockFeatures) -> None:
    without = case_text("路灯不亮", "")
    for name in ("title_characters", "title_pairs", "title_words"):
        assert block(features, name, [TEXTS[0]]) == pytest.approx(block(features, name, [without]))


def test_no_word_spans_title_and_body(tokenizer: Tokenizer) -> None:
    words = BlockFeatures(tokenizer).words_of(normalise(case_text("老楼路", "灯坏了")))
    assert "".join(words) == "老楼路灯坏了"
    assert "路灯" not in words


def test_known_share_counts_words_and_pairs(features: BlockFeatures) -> None:
    known = features.transform(
        [TEXTS[0], case_text("", "龘靐齉"), case_text("", ""), "123 abc\n。"]
    ).known_share
    assert known[0] == 1.0
    assert known[1:].tolist() == [0, 0, 0]
    half = features.transform([case_text("", "路灯不亮龘靐齉")]).known_share[0]
    assert 0 < half < 1


@given(texts=st.lists(any_case, max_size=4))
@settings(max_examples=60)
def test_rows_are_finite_and_shares_are_shares(features: BlockFeatures, texts: list[str]) -> None:
    rows, known = features.transform(texts)
    assert rows.shape == (len(texts), features.width)
    assert rows.dtype == np.float32
    assert np.isfinite(rows.data).all()
    assert ((known >= 0) & (known <= 1)).all()


@given(text=any_case)
@settings(max_examples=60)
def test_a_text_alone_has_the_row_it_has_among_others(features: BlockFeatures, text: str) -> None:
    alone = features.transform([text]).matrix.toarray()
    among = features.transform([TEXTS[0], text, TEXTS[1]]).matrix.toarray()[1:2]
    assert alone == pytest.approx(among, abs=1e-7)


@given(text=any_case)
@settings(max_examples=60)
def test_every_feature_of_a_row_has_a_place_in_the_text(features: BlockFeatures, text: str) -> None:
    folded = normalise(text)
    spans = features.spans(folded)
    assert set(spans.feature.tolist()) == set(features.transform([text]).matrix.indices.tolist())
    assert ((spans.start >= 0) & (spans.start < spans.end) & (spans.end <= len(folded))).all()


def test_features_come_back_from_their_state(features: BlockFeatures, tokenizer: Tokenizer) -> None:
    again = BlockFeatures.from_state(features.state(), tokenizer)
    assert again.width == features.width
    assert (again.transform(TEXTS).matrix != features.transform(TEXTS).matrix).nnz == 0


def test_rare_entries_can_be_left_out(tokenizer: Tokenizer) -> None:
    assert BlockFeatures(tokenizer, min_df=2).fit(TEXTS).width < BlockFeatures(tokenizer).fit(TEXTS).width
