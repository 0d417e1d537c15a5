from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from models.classifier import RidgeTextClassifier
from models.self_training import surest, tells_enough
from router.interfaces import Tokenizer

scores = arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=80), elements=st.floats(-1, 1))


@given(scores)
def test_each_class_gets_no_more_than_its_share_and_every_text_its_best_label(scores: np.ndarray) -> None:
    text, label = surest(scores)
    assert (label == scores[text].argmax(axis=1)).all()
    assert len(set(text.tolist())) == len(text)
    assert np.bincount(label, minlength=1).max() <= len(scores) * 0.05 / scores.shape[1]


@given(scores)
def test_there_is_something_to_learn_only_where_texts_tell_enough(scores: np.ndarray) -> None:
    assert tells_enough(*scores.shape) or not len(surest(scores)[0])


def test_texts_without_labels_teach_words_that_no_case_holds(tokenizer: Tokenizer) -> None:
    cases = ["路灯不亮\n", "下水道堵\n"]
    more = [f"路灯不亮\n照明线路第{number}段" for number in range(30)]
    more += [f"下水道堵\n管网淤积第{number}处" for number in range(30)]
    model = RidgeTextClassifier(tokenizer=tokenizer).fit(cases, ["灯", "水"], unlabelled=more)
    assert model.predict(["照明线路\n", "管网淤积\n"]).tolist() == ["灯", "水"]
    assert np.isfinite(model.held_out_proba_).all()


def test_a_label_of_one_case_is_judged_and_breaks_nothing(tokenizer: Tokenizer) -> None:
    texts = ["路灯不亮\n", "路灯坏了\n", "路灯修\n", "路灯暗\n", "下水道堵\n", "路灯灭\n"]
    labels = ["灯", "灯", "灯", "灯", "水", "灯"]
    model = RidgeTextClassifier(tokenizer=tokenizer).fit(texts, labels, unlabelled=texts * 20)
    assert model.held_out_proba_.shape == (6, 2)
    assert np.allclose(model.held_out_proba_.sum(axis=1), 1)


def test_two_cases_are_enough_to_judge_each_other(tokenizer: Tokenizer) -> None:
    more = [f"{text}第{number}件" for text in ("路灯\n", "下水道\n") for number in "一二三四五六七八九十" * 3]
    described = [("灯", "\n路灯照明"), ("水", "\n下水道管网")]
    cases = ["路灯不亮\n", "下水道堵\n"]
    model = RidgeTextClassifier(tokenizer=tokenizer).fit(
        cases, ["灯", "水"], descriptions=described, unlabelled=more
    )
    assert model.classes_[model.held_out_proba_.argmax(axis=1)].tolist() == ["灯", "水"]
    assert model.held_out_proba_.max(axis=1).min() > 0.5
