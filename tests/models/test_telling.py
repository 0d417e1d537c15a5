from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from models.telling import emphasis

SUBJECTS = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
SUBJECT_WORD = np.eye(3)[np.repeat([0, 1, 2], 10)]
EVERYWHERE = np.ones((30, 1))
ONE_OF_EACH = np.tile(np.eye(10)[:, :1], (3, 1))


def rows(*columns: np.ndarray) -> csr_matrix:
    return csr_matrix(np.hstack(columns), dtype=np.float32)


def test_a_word_whose_texts_are_about_the_same_is_emphasised() -> None:
    *subject_words, everywhere = emphasis(rows(SUBJECT_WORD, EVERYWHERE), SUBJECTS)
    assert min(subject_words) > 1 > everywhere


def test_rarity_alone_is_no_reason_for_emphasis() -> None:
    subject_word, *_, one_of_each = emphasis(rows(SUBJECT_WORD, ONE_OF_EACH), SUBJECTS)
    assert one_of_each < 1 < subject_word


def test_how_often_a_text_holds_a_word_and_what_it_weighs_makes_no_difference() -> None:
    once = rows(SUBJECT_WORD, EVERYWHERE)
    assert np.array_equal(emphasis(once * np.float32(7), SUBJECTS), emphasis(once, SUBJECTS))


def test_many_texts_are_believed_more_than_two() -> None:
    pair = np.eye(30)[:, [0]] + np.eye(30)[:, [1]]
    many, *_, two = emphasis(rows(SUBJECT_WORD, EVERYWHERE, pair), SUBJECTS)
    assert many > two > 1


@pytest.mark.parametrize("about", [np.ones((30, 2)), np.zeros((30, 2))], ids=["equal", "unknown"])
def test_texts_that_are_all_about_the_same_emphasise_nothing(about: np.ndarray) -> None:
    assert (emphasis(rows(SUBJECT_WORD, EVERYWHERE), about.astype(np.float32)) == 1).all()


def test_words_of_single_texts_emphasise_nothing() -> None:
    assert (emphasis(rows(np.eye(30)), SUBJECTS) == 1).all()
