from __future__ import annotations

from random import Random

import numpy as np
import pytest

from models import word_vectors as module
from models.counting import Met
from models.word_vectors import word_vectors

SUBJECTS = np.arange(24).reshape(6, 4).tolist()
RARE = 24


def texts(n: int = 40) -> list[Met]:
    """Return texts of three words of one subject, the first with a word that occurs nowhere else."""
    draw = Random(0)
    columns = [draw.sample(subject, 3) for _ in range(n) for subject in SUBJECTS]
    columns[0].append(RARE)
    column = np.concatenate(columns)
    document = np.repeat(np.arange(len(columns), dtype=np.int32), list(map(len, columns)))
    nowhere = np.zeros(len(column), dtype=np.int64)
    return [Met(nowhere, nowhere + 1, document, nowhere > 0, column)]


def test_words_that_stand_together_lie_near() -> None:
    vectors = word_vectors(texts(), 25, 6)
    together = vectors @ vectors.T
    assert together[:4, :4].min() > together[:4, 4:RARE].max()


def test_a_word_that_hardly_occurs_means_nothing() -> None:
    vectors = word_vectors(texts(), 25, 6)
    assert not vectors[RARE].any()
    assert vectors[:RARE].any(axis=1).all()


def test_words_taken_some_at_a_time_have_the_same_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = word_vectors(texts(), 25, 6)
    monkeypatch.setattr(module, "_WORDS_AT_ONCE", 7)
    assert np.array_equal(word_vectors(texts(), 25, 6), whole)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_texts_give_no_vectors(n: int) -> None:
    assert word_vectors(texts(1)[:n], 25, 6).shape == (25, 0)
