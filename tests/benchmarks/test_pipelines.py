from __future__ import annotations

import numpy as np
import pytest

from benchmarks.pipelines import cut, cut_seconds, first_pipeline, tutorials

TEXTS = ["路灯不亮", "整条街路灯坏了", "下水道堵了", "污水管堵塞外溢"] * 2
TWO = ["lamp", "lamp", "drain", "drain"] * 2
THREE = ["lamp", "street", "drain", "drain"] * 2


@pytest.mark.parametrize("name", tutorials())
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two labels", "three labels"])
def test_every_pipeline_gives_probabilities(name: str, y: list[str]) -> None:
    method = tutorials()[name]().fit(TEXTS, y)
    probabilities = method.predict_proba(TEXTS)
    assert probabilities.shape == (len(TEXTS), len(set(y)))
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    assert method.classes == sorted(set(y))
    assert method.size() > 0


def test_the_first_pipeline_learns() -> None:
    method = first_pipeline().fit(TEXTS, TWO)
    best = method.predict_proba(["下水道堵塞"]).argmax(axis=1)
    assert [method.classes[at] for at in best] == ["drain"]


def test_words_of_one_character_count() -> None:
    assert cut("道路和桥") == "道路 和 桥"
    vectoriser = first_pipeline().fit(["桥 坏 了", "路 坏 了"], ["a", "b"]).pipeline[0]
    assert "桥" in vectoriser.vocabulary_


def test_cutting_is_charged_every_time() -> None:
    once = cut_seconds(["老旧小区加装电梯"])
    assert once > 0
    assert cut_seconds(["老旧小区加装电梯"] * 2) == pytest.approx(2 * once)
