from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.features import BlockFeatures
from models.model import RoutingModel
from models.similar import SAME_MATTER, SimilarityIndex
from models.store import ModelStore
from router.decision import OtherCase, SimilarCase
from router.interfaces import Tokenizer
from router.pipeline import Router
from router.proposal import Proposal
from training.train import Trained

LAMPS = "关于文昌街路灯的建议\n文昌街整条街路灯不亮，请派人维修。"
DRAIN = "关于疏通下水道的建议\n老城下水道堵塞，雨天污水外溢。"
LIFT = "关于加装电梯的提案\n老楼没有电梯，老人上下楼困难。"
TEXTS = [LAMPS, DRAIN, LIFT]

some_text = st.text(st.sampled_from("路灯不亮污水管道电梯老楼,。 \n"), max_size=12)


class Indexed:
    """An index of texts, numbered from 0, and the features it was made with."""

    def __init__(self, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
        self.features = BlockFeatures(tokenizer)
        self.rows = self.features.fit_transform(texts)
        cases = [OtherCase(str(at)) for at in range(len(texts))]
        self.index = SimilarityIndex.build(self.features, self.rows, cases)

    def search(self, text: str, most: int = 5) -> list[tuple[int, float]]:
        [found] = self.index.search(self.features.transform([text]), most)
        return [(int(similar.case.case_id), similar.similarity) for similar in found]

    def pairs(self, texts: Sequence[str], least: float) -> list[list[tuple[int, float]]]:
        return self.index.pairs(self.features.transform(texts), least)

    def brute_force(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the cosine of each text with each past case, by dense products."""
        compared = self.index.compared
        asked = unit(self.features.transform(texts).toarray()[:, compared])
        return asked @ unit(self.rows.toarray()[:, compared]).T


def unit(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


@pytest.fixture(scope="module")
def indexed(tokenizer: Tokenizer) -> Indexed:
    return Indexed(tokenizer, TEXTS)


def test_the_same_text_is_found_with_similarity_one(indexed: Indexed) -> None:
    assert [indexed.search(text)[0] for text in TEXTS] == [(at, pytest.approx(1)) for at in range(3)]


def test_other_words_for_the_same_matter_come_before_another_matter(indexed: Indexed) -> None:
    (first, near), *others = indexed.search("路灯坏了\n文昌街的路灯一盏都不亮。")
    assert first == 0
    assert 1 > near > 2 * max(similarity for _, similarity in others)


@pytest.mark.parametrize("text", ["", "\n", "，。！\n", "zzz\n鱼"])
def test_a_text_without_known_words_is_like_nothing(indexed: Indexed, text: str) -> None:
    assert indexed.search(text) == []


def test_more_are_asked_for_than_there_are(indexed: Indexed) -> None:
    assert len(indexed.search("路灯、下水道和电梯的建议\n", 100)) == 3


def test_of_equal_cases_those_indexed_first_are_found_in_order(tokenizer: Tokenizer) -> None:
    equal = Indexed(tokenizer, [DRAIN, LAMPS, LAMPS, LIFT, LAMPS])
    assert [at for at, _ in equal.search(LAMPS, 2)] == [1, 2]


def test_an_index_of_nothing_finds_nothing(indexed: Indexed) -> None:
    empty = SimilarityIndex.build(indexed.features, indexed.rows[:0], [])
    assert empty.search(indexed.rows, 5) == [[], [], []]


def test_what_a_tenth_of_many_cases_say_is_not_compared(tokenizer: Tokenizer) -> None:
    common = Indexed(
        tokenizer, [f"第{'甲乙丙丁戊己'[at % 6]}件\n路灯" for at in range(60)] + ["亮化\n桥梁"] * 3
    )
    assert common.search("\n路灯") == []
    assert [at for at, _ in common.search("\n桥梁")] == [60, 61, 62]


@given(st.lists(some_text, min_size=1, max_size=12), st.lists(some_text, min_size=1, max_size=3), st.data())
@settings(max_examples=60)
def test_the_index_finds_what_comparing_with_every_case_finds(
    tokenizer: Tokenizer, past: list[str], new: list[str], data: st.DataObject
) -> None:
    index = Indexed(tokenizer, past)
    most = data.draw(st.integers(1, 15))
    for text, exact in zip(new, index.brute_force(new), strict=True):
        found = index.search(text, most)
        assert [s for _, s in found] == pytest.approx(np.sort(exact[exact > 1e-6])[::-1][:most], abs=1e-5)
        assert [s for _, s in found] == pytest.approx([exact[at] for at, _ in found], abs=1e-5)
        assert len({at for at, _ in found}) == len(found)
        assert all(0 < s <= 1 for _, s in found)


@given(st.lists(some_text, min_size=1, max_size=8), st.sampled_from([0.1, 0.5, 0.9]))
@settings(max_examples=40)
def test_pairs_of_new_texts_are_told_both_ways_and_never_with_themselves(
    tokenizer: Tokenizer, texts: list[str], least: float
) -> None:
    told = {
        (one, other): s
        for one, found in enumerate(Indexed(tokenizer, texts).pairs(texts, least))
        for other, s in found
    }
    assert all(one != other and least <= s <= 1 for (one, other), s in told.items())
    assert all(told[other, one] == pytest.approx(s) for (one, other), s in told.items())


def test_pairs_are_compared_across_portions(indexed: Indexed) -> None:
    texts = [LAMPS, *[""] * 600, LAMPS]
    found = indexed.pairs(texts, SAME_MATTER)
    assert (found[0], found[601]) == ([(601, pytest.approx(1))], [(0, pytest.approx(1))])
    assert not any(found[1:601])


def test_how_like_the_nearest_other_case_is(tokenizer: Tokenizer) -> None:
    index = Indexed(tokenizer, [LAMPS, DRAIN, LAMPS])
    nearest = index.index.nearest_other(index.rows, [0, 1])
    assert nearest[0] == pytest.approx(1)
    assert nearest[1] == pytest.approx(index.brute_force([DRAIN])[0, 0], abs=1e-6)


# in a model, through the store, and at the router


def test_a_trained_model_tells_past_cases_with_todays_label(trained: Trained) -> None:
    [output] = trained.model.predict(
        [Proposal(title="文昌街路灯坏了", body="整条街路灯不亮，晚上走路看不见。")]
    )
    assert output.similar is not None
    first = output.similar[0]
    assert first.case == OtherCase("001", "文昌街路灯不亮", "municipal", 2021)
    assert trained.manifest.thresholds["merge"] == SAME_MATTER


def test_an_index_comes_back_from_the_store_mapped_and_answers_the_same(
    store: ModelStore, trained: Trained, cases: list[Proposal]
) -> None:
    loaded = store.load()
    assert loaded.similar is not None
    for array in (loaded.similar.postings.data, loaded.similar.postings.indices):
        assert not array.flags.writeable  # what is copied from the mapped file can be written
    assert [o.similar for o in loaded.predict(cases)] == [o.similar for o in trained.model.predict(cases)]


def test_only_titles_and_labels_are_kept_of_a_past_case(store: ModelStore, cases: list[Proposal]) -> None:
    [path] = store.directory.glob("versions/*/similar.json")
    text = path.read_text(encoding="utf-8")
    assert set(json.loads(text)["cases"]) == {"case_id", "title", "section", "year", "result"}
    assert not [case.body for case in cases if case.body in text]


def test_with_the_titles_taken_out_labels_are_still_told(trained: Trained, tmp_path: Path) -> None:
    index = trained.model.similar
    assert index is not None
    bare = SimilarityIndex(index.compared, index.postings, [replace(case, title="") for case in index.cases])
    store = ModelStore(tmp_path)
    store.add(replace(trained.model, similar=bare), trained.manifest)
    [output] = store.load().predict([Proposal(title="路灯不亮")])
    assert output.similar is not None
    assert {(s.case.title, s.case.section) for s in output.similar[:2]} == {("", "municipal")}


def test_a_model_names_the_past_cases_it_tells(trained: Trained, cases: list[Proposal]) -> None:
    [output] = trained.model.predict(cases[:1], similar=True)
    assert output.similar
    told = [similar.case for similar in output.similar]
    assert trained.model.named([replace(case, title="") for case in told]) == told


def test_a_model_of_descriptions_alone_knows_no_past_case(described: Trained) -> None:
    assert described.model.named([OtherCase("028")]) == [OtherCase("028")]
    assert described.model.similar is None
    assert described.model.predict([Proposal(title="路灯不亮")])[0].similar is None


def test_a_case_that_was_learned_is_not_like_itself(trained: Trained, cases: list[Proposal]) -> None:
    [output] = trained.model.predict(cases[:1])
    assert output.similar is not None
    assert "001" not in [s.case.case_id for s in output.similar]
    [again] = trained.model.predict([replace(cases[0], received_on=date(2024, 1, 1))])
    assert again.similar is not None
    assert again.similar[0] == SimilarCase(
        OtherCase("001", cases[0].title, "municipal", 2021), pytest.approx(1)
    )


def test_titles_are_found_by_all_else_that_is_known_and_never_guessed(tokenizer: Tokenizer) -> None:
    past = [
        OtherCase("028", "关于路灯的建议", "municipal", 2021, "A"),
        OtherCase("028", "关于污水的提案", "drainage", 2021),
        OtherCase("030", "关于停车的建议", "construction", 2022),
        OtherCase("030", "关于停车的提案", "construction", 2022),
        OtherCase("", "没有编号", "legal"),
    ]
    features = BlockFeatures(tokenizer)
    rows = features.fit_transform([f"{case.title}\n" for case in past])
    asked = [replace(case, title="") for case in past]
    named = SimilarityIndex.build(features, rows, past).named([*asked, OtherCase("031")])
    assert [case.title for case in named] == ["关于路灯的建议", "关于污水的提案", "", "", "", ""]
    assert [replace(case, title="") for case in named] == [*asked, OtherCase("031")]


def test_cases_asked_for_together_are_compared(trained: Trained) -> None:
    model = RoutingModel(trained.model.section, thresholds={"merge": 0.5}, similar=trained.model.similar)
    twice = [Proposal(case_id=number, title="老楼加装电梯", body="老人上下楼难。") for number in ("7", "8")]
    first, second, other = Router(model).suggest_many([*twice, Proposal(title="污水外溢")])
    assert [[flag.id for flag in d.flags] for d in (first, second, other)] == [["same_matter"]] * 2 + [[]]
    assert "8 号" in first.flags[0].reason
    assert "7 号" in second.flags[0].reason


def test_nothing_is_looked_up_unless_asked_for(trained: Trained, cases: list[Proposal]) -> None:
    quick = Router(trained.model).suggest_many(cases, explain=False)
    assert [(d.similar, d.flags) for d in quick] == [((), ())] * len(cases)
    table = Router(trained.model).suggest_many(cases, explain=False, similar=True)
    assert any(d.similar for d in table)
    assert not any(c.evidence for d in table for c in d.candidates)
