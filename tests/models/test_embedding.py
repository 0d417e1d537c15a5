from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.embedding import TextEmbedding
from models.latent import LatentBlock
from router.interfaces import Tokenizer
from router.proposal import case_text

TEXTS = [
    case_text("路灯不亮", "整条街路灯坏了"),
    case_text("路面破损", "路面坑洼"),
    case_text("下水道堵", "污水外溢"),
    case_text("污水管破", "管网要换"),
]


@pytest.fixture(scope="module")
def embedding(tokenizer: Tokenizer) -> TextEmbedding:
    return TextEmbedding(tokenizer, 3).fit(TEXTS)


def test_latent_rows_are_all_of_one_length_or_have_nothing_to_say(embedding: TextEmbedding) -> None:
    dense = embedding.transform([*TEXTS, case_text("", "龘靐齉")]).dense
    for at in (0, 3):
        lengths = np.linalg.norm(dense[:, at : at + 3], axis=1)
        assert lengths[0] > 0
        assert lengths == pytest.approx(lengths[0] * np.array([1, 1, 1, 1, 0]), abs=1e-5)


def test_texts_that_share_words_lie_near(embedding: TextEmbedding) -> None:
    near = embedding.transform([TEXTS[2], TEXTS[3], TEXTS[0]]).dense
    assert near[0] @ near[1] > near[0] @ near[2]


def test_no_dimensions_means_no_dense_part(tokenizer: Tokenizer) -> None:
    assert TextEmbedding(tokenizer, 0).fit(TEXTS).transform(TEXTS).dense.shape == (4, 0)


@pytest.mark.parametrize("texts", [TEXTS[:1], ["\n"], ["\n", "\n"], [], ["12\n34"]])
def test_next_to_nothing_can_be_embedded(tokenizer: Tokenizer, texts: list[str]) -> None:
    embedded = TextEmbedding(tokenizer).fit(texts).transform(TEXTS)
    assert embedded.sparse.shape[0] == embedded.dense.shape[0] == 4
    assert np.isfinite(embedded.dense).all()


def test_an_embedding_comes_back_from_its_state(embedding: TextEmbedding, tokenizer: Tokenizer) -> None:
    again = TextEmbedding.from_state(embedding.state(), tokenizer).transform(TEXTS)
    before = embedding.transform(TEXTS)
    assert np.array_equal(again.dense, before.dense)
    assert np.array_equal(again.known_share, before.known_share)
    assert (again.sparse != before.sparse).nnz == 0


def test_the_same_texts_give_the_same_embedding(embedding: TextEmbedding, tokenizer: Tokenizer) -> None:
    again = TextEmbedding(tokenizer, 3).fit(TEXTS)
    assert np.array_equal(again.transform(TEXTS).dense, embedding.transform(TEXTS).dense)


def test_a_block_has_never_more_dimensions_than_rows_can_tell() -> None:
    rows = csr_matrix(np.eye(3, 5, dtype=np.float32))
    assert LatentBlock(slice(0, 5), 200).fit(rows).components.shape == (5, 2)
    assert LatentBlock(slice(0, 5), 200).fit(rows[:1]).transform(rows).shape == (3, 0)
    assert LatentBlock(slice(2, 3), 200).fit(rows).transform(rows).shape == (3, 0)
