from __future__ import annotations

import pytest

from models.classifier import RidgeTextClassifier
from router.decision import Status
from router.pipeline import Router
from router.proposal import Proposal
from training.history import to_history
from training.past_cases import index_past_cases
from training.train import train

from .naive_bayes import NaiveBayes

_THINGS = ["路灯", "井盖", "人行道", "污水管", "雨水口", "公厕", "公园", "电梯", "物业", "公租房"]
_PLACES = [
    "人民路",
    "建设路",
    "文昌街",
    "和平街",
    "东环路",
    "西环路",
    "站前路",
    "学府路",
    "滨河路",
    "兴业路",
    "健康路",
    "长虹路",
]
MANY = [
    Proposal(f"{at:03}", f"{place}{thing}", f"{place}的{thing}坏了，请派人修好。", section=f"{thing}股")
    for at, (place, thing) in enumerate((place, thing) for place in _PLACES for thing in _THINGS)
]


@pytest.fixture(scope="module")
def router() -> Router:
    return Router(train(to_history(MANY, None)).model)


def test_past_cases_are_indexed_in_training_order_with_their_labels() -> None:
    history = to_history(MANY[:12], None)
    fitted = RidgeTextClassifier(latent_dimensions=0).fit(history.cases["text"], history.cases["section"])
    index, thresholds = index_past_cases(fitted, history)
    assert index is not None
    assert [(c.case_id, c.section, c.year) for c in index.cases[:2]] == [
        ("000", "路灯股", None),
        ("001", "井盖股", None),
    ]
    assert set(thresholds) == {"merge"}  # a dozen cases can't tell what is usual


def test_a_foreign_classifier_has_no_index() -> None:
    history = to_history(MANY[:12], None)
    fitted = NaiveBayes().fit(history.cases["text"].tolist(), history.cases["section"].tolist())
    assert index_past_cases(fitted, history) == (None, {})


def test_with_a_hundred_cases_a_new_kind_of_case_goes_to_a_person(router: Router) -> None:
    assert 0 < router.model.thresholds["near"] < 1
    strange = router.suggest(
        Proposal(title="关于开展航天科普讲座的提案", body="希望邀请宇航员进校园讲课，普及天文知识。")
    )
    assert strange.status is Status.REVIEW
    assert "new_kind_of_case" in [reason.id for reason in strange.reasons]
    usual = router.suggest(Proposal(title="人民路路灯", body="人民路的路灯坏了，请修好。"))
    assert "new_kind_of_case" not in [reason.id for reason in usual.reasons]
