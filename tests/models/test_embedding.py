from __future__ import annotations

from random import Random

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
SUBJECTS = [
    ["路灯", "照明", "夜晚", "电线"],
    ["污水", "管网", "排水", "堵塞"],
    ["电梯", "楼梯", "老人", "加装"],
]
NO_SUBJECT = ["去年", "目前", "感谢", "希望"]


@pytest.fixture(scope="module")
def embedding(tokenizer: Tokenizer) -> TextEmbedding:
    return fitted(tokenizer, TEXTS, 3)


def fitted(tokenizer: Tokenizer, texts: list[str], dimensions: int = 200) -> TextEmbedding:
    embedding = TextEmbedding(tokenizer, dimensions)
    embedding.fit_transform(texts, 0)
    return embedding


def test_latent_rows_of_descriptions_are_all_of_one_length_or_have_nothing_to_say(
    embedding: TextEmbedding,
) -> None:
    dense = embedding.transform([*TEXTS, case_text("", "龘靐齉")], 5).dense
    for at in (0, 3):
        lengths = np.linalg.norm(dense[:, at : at + 3], axis=1)
        assert lengths == pytest.approx(np.sqrt(0.5) * np.array([1, 1, 1, 1, 0]), abs=1e-5)


def test_latent_rows_of_cases_are_as_long_as_much_of_them_is_known(embedding: TextEmbedding) -> None:
    first, unknown = np.linalg.norm(embedding.transform([TEXTS[0], "\n龘靐齉"]).dense, axis=1)
    assert first > unknown == 0


def test_texts_that_share_words_lie_near(embedding: TextEmbedding) -> None:
    near = embedding.transform([TEXTS[2], TEXTS[3], TEXTS[0]]).dense
    assert near[0] @ near[1] > near[0] @ near[2]


def test_no_dimensions_means_no_dense_part(tokenizer: Tokenizer) -> None:
    assert fitted(tokenizer, TEXTS, 0).transform(TEXTS).dense.shape == (4, 0)


@pytest.mark.parametrize("texts", [TEXTS[:1], ["\n"], ["\n", "\n"], [], ["12\n34"]])
def test_next_to_nothing_can_be_embedded(tokenizer: Tokenizer, texts: list[str]) -> None:
    embedded = fitted(tokenizer, texts).transform(TEXTS)
    assert embedded.sparse.shape[0] == embedded.dense.shape[0] == 4
    assert np.isfinite(embedded.dense).all()


def test_an_embedding_comes_back_from_its_state_to_predict_with(
    embedding: TextEmbedding, tokenizer: Tokenizer
) -> None:
    again = TextEmbedding.from_state(embedding.state(), tokenizer).transform(TEXTS)
    assert (again.sparse != embedding.transform(TEXTS).sparse).nnz == 0
    assert again.dense.shape == (4, 0)


def test_the_first_rows_that_fitting_saw_are_returned(tokenizer: Tokenizer) -> None:
    embedding = TextEmbedding(tokenizer, 3)
    rows, expected = embedding.fit_transform(TEXTS, 2), embedding.transform(TEXTS[:2])
    assert (rows.sparse != expected.sparse).nnz == 0
    assert rows.dense == pytest.approx(expected.dense, abs=1e-6)


def test_weights_of_latent_dimensions_can_be_laid_onto_the_features(embedding: TextEmbedding) -> None:
    embedded = embedding.transform(TEXTS)
    weights = np.random.default_rng(0).normal(size=(embedded.dense.shape[1], 2)).astype(np.float32)
    unfolded = embedding.unfold(np.zeros((embedding.features.width, 2), dtype=np.float32), weights)
    assert embedded.sparse @ unfolded == pytest.approx(embedded.dense @ weights, abs=1e-4)


def test_rows_can_be_chosen_and_put_together(embedding: TextEmbedding) -> None:
    embedded = embedding.transform(TEXTS)
    again = embedded.of(np.array([0, 1])).followed_by(embedded.of(np.array([2, 3])))
    assert (again.sparse != embedded.sparse).nnz == 0
    assert np.array_equal(again.dense, embedded.dense)


def test_the_same_texts_give_the_same_embedding(embedding: TextEmbedding, tokenizer: Tokenizer) -> None:
    again = fitted(tokenizer, TEXTS, 3)
    assert np.array_equal(again.transform(TEXTS).dense, embedding.transform(TEXTS).dense)


def test_a_block_has_never_more_dimensions_than_rows_can_tell() -> None:
    rows = csr_matrix(np.eye(3, 5, dtype=np.float32))
    assert LatentBlock.analysed(slice(0, 5), rows).transform(rows).shape == (3, 2)
    assert LatentBlock.analysed(slice(0, 5), rows[:1]).transform(rows).shape == (3, 0)
    assert LatentBlock.analysed(slice(2, 3), rows).transform(rows).shape == (3, 0)


def about_subjects() -> list[str]:
    """Return texts of three words of one subject and one word of none."""
    draw = Random(0)
    texts = [[*draw.choices(subject, k=3), draw.choice(NO_SUBJECT)] for subject in SUBJECTS * 60]
    return [case_text("", "、".join(words)) for words in texts]


def test_words_of_one_subject_lie_near_where_meanings_are_learned(tokenizer: Tokenizer) -> None:
    embedding = TextEmbedding(tokenizer, 3, with_meanings=True)
    embedding.fit_transform(about_subjects(), 0)
    lamp, light, drain = (
        embedding.transform([case_text("", word)]).dense[0, -3:] for word in ("路灯", "照明", "污水")
    )
    assert lamp @ light > lamp @ drain


@pytest.mark.parametrize("texts", [TEXTS[:1], ["\n"], [], ["12\n34"], ["\n路灯路灯路灯"] * 3])
def test_next_to_nothing_has_meanings_and_is_no_crash(tokenizer: Tokenizer, texts: list[str]) -> None:
    embedding = TextEmbedding(tokenizer, with_meanings=True)
    embedding.fit_transform(texts, 0)
    assert np.isfinite(embedding.transform(TEXTS).dense).all()


def test_words_of_a_subject_weigh_more_where_meanings_are_learned(tokenizer: Tokenizer) -> None:
    embedding = TextEmbedding(tokenizer, 3, with_meanings=True)
    embedding.fit_transform(about_subjects(), 0)
    [seen] = embedding.features.batches([case_text("", "路灯、去年")])
    of_words = seen.entries.column[seen.entries.start >= 0]
    words = embedding.features.columns("words")
    lamp, year = (seen.matrix[0, at] for at in of_words if words.start <= at < words.stop)
    assert lamp > year


def test_rows_and_latent_dimensions_fit_each_other_where_meanings_are_learned(tokenizer: Tokenizer) -> None:
    embedding = TextEmbedding(tokenizer, 3, with_meanings=True)
    texts = about_subjects()
    fitted_on, seen_again = embedding.fit_transform(texts, len(texts)), embedding.transform(texts)
    assert fitted_on.sparse.toarray() == pytest.approx(seen_again.sparse.toarray(), abs=1e-5)
    assert fitted_on.dense == pytest.approx(seen_again.dense, abs=1e-5)
    blocks = np.split(seen_again.dense, 4, axis=1)
    typical = [np.median(np.linalg.norm(block, axis=1)) ** 2 for block in blocks]
    assert typical == pytest.approx([0.5] * 4, rel=1e-3)
