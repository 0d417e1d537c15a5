from __future__ import annotations

import numpy as np

from models.requests import CLEAR, asks
from router.interfaces import Asked

LABELS = ["lamps", "drains", "roads"]


def part(label: str, probability: float) -> list[float]:
    rest = (1 - probability) / 2
    return [probability if name == label else rest for name in LABELS]


def test_each_clear_part_speaks_for_its_first_label_of_its_own_case() -> None:
    parts = [part("lamps", 0.9), part("drains", 0.95), part("drains", 0.9), part("roads", 0.99)]
    found = asks(np.array(parts), np.array([0, 0, 0, 2]), 3, LABELS)
    assert found == [(Asked("drains", 2), Asked("lamps", 1)), (), (Asked("roads", 1),)]


def test_an_unclear_part_speaks_for_nobody() -> None:
    probabilities = np.array([part("lamps", CLEAR - 0.01), part("drains", CLEAR)])
    assert asks(probabilities, np.array([0, 0]), 1, LABELS) == [(Asked("drains", 1),)]


def test_labels_asked_alike_stand_in_one_order() -> None:
    one, other = [part("lamps", 0.9), part("drains", 0.9)], [part("drains", 0.9), part("lamps", 0.9)]
    assert asks(np.array(one), np.zeros(2, int), 1, LABELS) == asks(
        np.array(other), np.zeros(2, int), 1, LABELS
    )


def test_texts_without_parts_ask_nothing() -> None:
    assert asks(np.zeros((0, 3)), np.zeros(0, int), 2, LABELS) == [(), ()]
