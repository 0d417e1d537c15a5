from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from models import classifier as classifier_module
from models.classifier import RidgeTextClassifier
from models.embedding import TextEmbedding
from models.tokenizer import JiebaTokenizer, RjiebaTokenizer
from router.errors import TrainingError
from router.interfaces import Tokenizer
from router.proposal import case_text

LAMPS, DRAINS = "路灯股", "排水所"
TEXTS = [
    case_text("路灯不亮", "整条街路灯坏了"),
    case_text("建议增设路灯", "照明不足"),
    case_text("下水道堵", "污水外溢"),
    case_text("污水管破", "管网要换"),
]
LABELS = [LAMPS, LAMPS, DRAINS, DRAINS]
NASTY = [
    "",
    "\n",
    "灯",
    "灯\n",
    "1\n2",
    "a b c\n",
    "😀\n🚧",
    "路燈壞了\n請修理",
    "\x00\n\x01",
    "路\ud800\n灯",
    "龘" * 50,
    "\n" * 99,
]
any_text = st.text(max_size=40) | st.sampled_from([*NASTY, *TEXTS])


def new(**more: Any) -> RidgeTextClassifier:
    return RidgeTextClassifier(**more)


@pytest.fixture(scope="module")
def fitted(tokenizer: Tokenizer) -> RidgeTextClassifier:
    return new(tokenizer=tokenizer).fit(TEXTS, LABELS)


def check_probabilities(model: RidgeTextClassifier, texts: Sequence[str]) -> None:
    probabilities = model.predict_proba(texts)
    assert probabilities.shape == (len(texts), len(model.classes_))
    assert np.isfinite(probabilities).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(texts)))
    assert set(model.predict(texts).tolist()) <= set(model.classes_.tolist())
    known = model.known_share(texts)
    assert ((known >= 0) & (known <= 1)).all()


def test_it_learns_what_it_is_shown(fitted: RidgeTextClassifier) -> None:
    assert fitted.predict(TEXTS).tolist() == LABELS
    assert fitted.predict([case_text("", "我家门口路灯坏了")]).tolist() == [LAMPS]


@given(texts=st.lists(any_text, max_size=4))
@settings(max_examples=60)
def test_any_text_gets_probabilities(fitted: RidgeTextClassifier, texts: list[str]) -> None:
    check_probabilities(fitted, texts)


@pytest.mark.parametrize("length", [0, 1, 10, 100_000])
def test_a_text_may_be_of_any_length(fitted: RidgeTextClassifier, length: int) -> None:
    check_probabilities(fitted, [case_text("", ("路灯不亮，" * length)[:length])])


cases = st.lists(
    st.tuples(
        st.text("路灯污水管网坏，1a😀燈 \n", max_size=15), st.sampled_from(["甲", "乙 股", "Ｃ", "d", "😀"])
    ),
    max_size=8,
)


@given(
    cases=cases,
    described=st.lists(st.tuples(st.sampled_from("甲乙戊"), st.text("路灯水，", max_size=6)), max_size=3),
)
@settings(max_examples=80)
def test_any_cases_train_or_are_refused_in_words(
    tokenizer: Tokenizer, cases: list[tuple[str, str]], described: list[tuple[str, str]]
) -> None:
    texts, labels = [text for text, _ in cases], [label for _, label in cases]
    wanted = {*labels, *(label for label, _ in described)}
    readable = any(
        map(str.isalpha, "".join([*texts, *(t for _, t in described)]).replace("a", "").replace("😀", ""))
    )
    try:
        model = new(tokenizer=tokenizer).fit(texts, labels, descriptions=described)
    except TrainingError:
        assert len(wanted) < 2 or not readable
        return
    assert set(model.classes_.tolist()) == wanted
    assert np.isfinite(model.held_out_proba_).all()
    assert model.held_out_proba_.shape == (len(texts), len(wanted))
    check_probabilities(model, [*texts, *NASTY])


def test_one_label_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(TrainingError, match="至少要有两个不同的标签"):
        new(tokenizer=tokenizer).fit(TEXTS, [LAMPS] * 4)
    with pytest.raises(TrainingError):
        new(tokenizer=tokenizer).fit([], [])


def test_texts_without_a_word_are_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(TrainingError, match="没有可用的文字"):
        new(tokenizer=tokenizer).fit(["1\n2", "。\n"], ["a", "b"])


def test_a_class_of_one_case_is_learned(tokenizer: Tokenizer) -> None:
    model = new(tokenizer=tokenizer).fit(TEXTS[:3], LABELS[:3])
    assert model.predict([TEXTS[2]]).tolist() == [DRAINS]


def test_two_hundred_classes_are_learned(tokenizer: Tokenizer) -> None:
    characters = [chr(0x4E00 + 7 * n) for n in range(400)]
    texts = [case_text("", characters[n] * 3 + characters[n + 200]) for n in range(200)]
    labels = [f"第{n}股" for n in range(200)]
    model = new(tokenizer=tokenizer).fit(texts * 2, labels * 2)
    check_probabilities(model, texts)
    assert (model.predict(texts) == labels).mean() > 0.99


def test_texts_that_are_all_equal_give_the_shares_of_their_labels(tokenizer: Tokenizer) -> None:
    model = new(tokenizer=tokenizer, balance=0.0).fit([TEXTS[0]] * 6, [LAMPS] * 4 + [DRAINS] * 2)
    check_probabilities(model, TEXTS)
    assert model.predict([TEXTS[0]]).tolist() == [LAMPS]


def test_a_rare_class_is_not_drowned(tokenizer: Tokenizer) -> None:
    texts = [case_text("路灯不亮", f"第{n}盏") for n in "甲乙丙丁戊己庚辛壬癸"] + [
        case_text("路灯进水", "排水")
    ]
    model = new(tokenizer=tokenizer).fit(texts, [LAMPS] * 10 + [DRAINS])
    assert model.predict([case_text("路灯进水", "排水")]).tolist() == [DRAINS]


def test_descriptions_alone_are_enough(tokenizer: Tokenizer) -> None:
    described = [(LAMPS, "\n路灯照明"), (DRAINS, "\n排水管网污水")]
    model = new(tokenizer=tokenizer).fit([], [], descriptions=described)
    assert model.predict([case_text("污水外溢", "")]).tolist() == [DRAINS]
    assert model.held_out_proba_.shape == (0, 2)


def test_a_label_that_is_only_described_is_a_class(tokenizer: Tokenizer) -> None:
    model = new(tokenizer=tokenizer).fit(TEXTS, LABELS, descriptions=[("园林所", "\n公园行道树")])
    assert model.predict([case_text("修剪行道树", "")]).tolist() == ["园林所"]


def test_bare_texts_make_words_known(tokenizer: Tokenizer) -> None:
    text = case_text("", "灯杆歪斜")
    without = new(tokenizer=tokenizer).fit(TEXTS, LABELS)
    with_more = new(tokenizer=tokenizer).fit(TEXTS, LABELS, unlabelled=[text])
    assert without.known_share([text])[0] < with_more.known_share([text])[0] == 1.0


def test_an_unknown_text_is_known_to_be_unknown(fitted: RidgeTextClassifier) -> None:
    assert fitted.known_share([case_text("", "龘靐齉爨癵"), TEXTS[0]]).tolist() == [0.0, 1.0]


def test_held_out_probabilities_do_not_know_their_own_case(tokenizer: Tokenizer) -> None:
    texts = [*TEXTS, case_text("路灯", "路灯")]
    model = new(tokenizer=tokenizer).fit(texts, [*LABELS, DRAINS])  # the last label is a mistake
    assert model.classes_[model.held_out_proba_[4].argmax()] == LAMPS


def test_the_same_cases_give_the_same_model(fitted: RidgeTextClassifier, tokenizer: Tokenizer) -> None:
    again = new(tokenizer=tokenizer).fit(TEXTS, LABELS)
    assert np.array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_a_model_comes_back_from_its_state(fitted: RidgeTextClassifier, tokenizer: Tokenizer) -> None:
    again = RidgeTextClassifier.from_state({**fitted.state(), "tokenizer": tokenizer})
    texts = [*TEXTS, *NASTY]
    assert np.array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    assert np.array_equal(again.known_share(texts), fitted.known_share(texts))
    assert again.evidence(TEXTS[0], [LAMPS]) == fitted.evidence(TEXTS[0], [LAMPS])
    assert again.get_params()["penalty"] == fitted.get_params()["penalty"]


def test_a_tokeniser_is_made_where_none_is_given_back(fitted: RidgeTextClassifier) -> None:
    again = RidgeTextClassifier.from_state(fitted.state())
    assert np.array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


@pytest.mark.parametrize("kind", [JiebaTokenizer, RjiebaTokenizer])
def test_it_is_a_scikit_learn_estimator(kind: type[JiebaTokenizer | RjiebaTokenizer]) -> None:
    if kind is RjiebaTokenizer:
        pytest.importorskip("rjieba", reason="the extra 'fast' is not installed")
    model = new(penalty=2.0, tokenizer=kind(["灯坏"]))
    again = clone(model)
    assert again.penalty == 2.0
    assert again.tokenizer.tokenize("路灯坏") == ["路", "灯坏"]
    scores = cross_val_score(model, TEXTS, LABELS, cv=2)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_fitted_model_can_be_pickled(fitted: RidgeTextClassifier) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_a_second_fit_forgets_the_first(tokenizer: Tokenizer, fitted: RidgeTextClassifier) -> None:
    model = new(tokenizer=tokenizer).fit(["修剪行道树\n", "公园座椅\n", "电梯困人\n"], ["树", "树", "梯"])
    model.fit(TEXTS, LABELS)
    assert model.classes_.tolist() == fitted.classes_.tolist()
    assert np.array_equal(model.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_as_many_labels_as_texts_are_needed(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        new(tokenizer=tokenizer).fit(TEXTS, LABELS[:3])


@pytest.mark.parametrize("name", ["penalty", "description_weight"])
def test_a_weight_of_nothing_is_refused(tokenizer: Tokenizer, name: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        new(tokenizer=tokenizer, **{name: 0.0}).fit(TEXTS, LABELS)


def test_half_a_surrogate_pair_stops_neither_learning_nor_answering() -> None:
    pytest.importorskip("rjieba")
    model = new(tokenizer=RjiebaTokenizer()).fit([*TEXTS, "路\ud83d灯\n"], [*LABELS, LAMPS])
    check_probabilities(model, NASTY)
    assert model.predict(["路\ud83d灯\n"]).tolist() == [LAMPS]


def test_an_embedding_can_be_shared(tokenizer: Tokenizer) -> None:
    embedding = TextEmbedding(tokenizer)
    embedding.fit_transform(TEXTS, 0)
    model = new(embedding=embedding).fit(TEXTS, LABELS)
    assert model.embedding_ is embedding
    assert np.array_equal(model.proba_of(embedding.features.transform(TEXTS)), model.predict_proba(TEXTS))


def test_many_rows_take_the_other_way_and_agree(
    monkeypatch: pytest.MonkeyPatch, tokenizer: Tokenizer
) -> None:
    texts = [f"{text}{extra}" for text in TEXTS for extra in "甲乙丙丁戊己庚辛"]
    labels = [label for label in LABELS for _ in range(8)]
    exact = new(tokenizer=tokenizer, latent_dimensions=0).fit(texts, labels)
    monkeypatch.setattr(classifier_module, "DUAL_LIMIT", 10)
    other = new(tokenizer=tokenizer).fit(texts, labels)
    assert np.array_equal(other.predict(texts), exact.predict(texts))
    check_probabilities(other, texts)
    assert other.held_out_proba_.shape == (32, 2)
    assert np.isfinite(other.held_out_proba_).all()


def test_an_embedding_with_latent_dimensions_serves_many_rows_too(
    monkeypatch: pytest.MonkeyPatch, tokenizer: Tokenizer
) -> None:
    first = new(tokenizer=tokenizer).fit(TEXTS, LABELS)
    monkeypatch.setattr(classifier_module, "DUAL_LIMIT", 5)
    described = [(LAMPS, "\n路灯照明"), (DRAINS, "\n排水管网")]  # a topic has more of them than a section
    second = new(embedding=first.embedding_).fit(TEXTS, LABELS, descriptions=described)
    assert second.predict(TEXTS).tolist() == LABELS
    guessing = new(tokenizer=tokenizer).fit(TEXTS, LABELS, unlabelled=[f"{text}。" for text in TEXTS * 20])
    assert guessing.predict(TEXTS).tolist() == LABELS


def test_a_labelled_text_is_not_guessed_where_it_is_among_those_without_labels(tokenizer: Tokenizer) -> None:
    model = new(tokenizer=tokenizer).fit(TEXTS, LABELS, unlabelled=TEXTS * 20)
    unguessed = new(embedding=model.embedding_).fit(TEXTS, LABELS)
    assert np.array_equal(model.weights_, unguessed.weights_)


@pytest.mark.parametrize(
    "labels", [["城 建 股", "排水"], ["（Ａ）类", "排水"], ["😀", "\u200b"], ["out:water", "a/b#c"]]
)
def test_labels_are_kept_as_they_are(tokenizer: Tokenizer, labels: list[str]) -> None:
    model = new(tokenizer=tokenizer).fit(TEXTS, [labels[0]] * 2 + [labels[1]] * 2)
    assert model.predict(TEXTS).tolist() == [labels[0]] * 2 + [labels[1]] * 2
