"""What each of the plugins promises; this needs fenban and pytest, and no service."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fenban_example.classifier import BayesClassifier
from fenban_example.reader import JianReader
from fenban_example.rule import PostalDistrictRule
from fenban_example.sink import EventLinesSink
from fenban_example.tokenizer import CharacterTokenizer

from router.errors import TrainingError
from router.interfaces import Event, ReadNote, ReadProblem
from router.proposal import Proposal

TEXTS = ("路灯不亮\n", "路灯坏了\n", "下水道堵\n", "污水管堵\n")
LABELS = ("lamp", "lamp", "drain", "drain")


def rule(**params: Any) -> PostalDistrictRule:
    given = {"name": "乡镇", "target": "villages", "reason": "代表来自乡镇", "prefixes": ["6117"], **params}
    return PostalDistrictRule(**given)


def read(text: str) -> list[Proposal | ReadProblem | ReadNote]:
    return list(JianReader().read(io.BytesIO(text.encode()), "信箱.jian"))


@pytest.mark.parametrize(
    ("code", "votes"), [("611732", 1), ("６１１７３２", 1), (" 611732", 1), ("610000", 0), ("", 0)]
)
def test_the_rule_votes_by_the_first_digits(code: str, votes: int) -> None:
    assert len(list(rule().evaluate(Proposal(title="修路", extra={"邮编": code}), ()))) == votes


def test_the_rule_is_quiet_without_the_column() -> None:
    assert list(rule(column="邮政编码").evaluate(Proposal(extra={"邮编": "611732"}), ())) == []


@pytest.mark.parametrize(
    "wrong", [{"prefixes": "6117"}, {"prefixes": [6117]}, {"prefixes": []}, {"name": ""}]
)
def test_the_rule_says_what_is_wrong_with_its_table(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"prefixes 应为一列邮编|缺少 name"):
        rule(**wrong)


def test_the_words_put_together_are_the_text() -> None:
    text = "请修好□号楼\n的路灯,谢谢。"
    assert "".join(CharacterTokenizer(["路灯", "加装电梯", ""]).tokenize(text)) == text


def test_the_longest_user_word_stays_whole() -> None:
    assert "加装电梯" in CharacterTokenizer(["电梯", "加装电梯"]).tokenize("老楼加装电梯")


def test_the_classifier_comes_back_from_its_state() -> None:
    model = BayesClassifier().fit(TEXTS, LABELS)
    again = BayesClassifier.from_state({**model.state(), "tokenizer": CharacterTokenizer()})
    np.testing.assert_array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert again.classes_.tolist() == ["drain", "lamp"]


def test_probabilities_sum_to_one_for_any_text() -> None:
    told = BayesClassifier().fit(TEXTS, LABELS).predict_proba(["", "路灯\n", "全是生字\n"])
    assert told.shape == (3, 2)
    np.testing.assert_allclose(told.sum(axis=1), 1)


def test_the_classifier_learns_from_descriptions_alone() -> None:
    model = BayesClassifier().fit([], [], descriptions=[("lamp", "路灯照明"), ("drain", "排水管网")])
    assert model.classes_[model.predict_proba(["路灯\n"]).argmax()] == "lamp"


def test_a_text_of_unknown_words_is_known_for_what_it_is() -> None:
    assert BayesClassifier().fit(TEXTS, LABELS).known_share(["路灯\n", "生字\n", ""]).tolist() == [1, 0, 0]


@pytest.mark.parametrize(("texts", "labels"), [(["路灯"], ["lamp"]), (["。", "，"], ["lamp", "drain"])])
def test_what_cannot_be_learned_is_said(texts: list[str], labels: list[str]) -> None:
    with pytest.raises(TrainingError):
        BayesClassifier().fit(texts, labels)


@pytest.mark.parametrize(
    ("head", "accepted"),
    [(b"#jian\n", True), (b"\xef\xbb\xbf#jian \r\n", True), (b"#jianyi\n", False), (b"", False)],
)
def test_the_reader_goes_by_the_first_line(head: bytes, accepted: bool) -> None:
    assert JianReader().accepts(head, "a.txt") is accepted


def test_one_case_that_cannot_be_read_costs_nobody_the_others() -> None:
    first, note, second = read(
        "#jian\n编号：1\n\n没有标题\n#jian\n编号:2\n标题：修路\n一行\n\n正文\n\n再一段"
    )
    assert isinstance(first, ReadProblem)
    assert (first.where, first.code) == ("第1件", "bad_value")
    assert isinstance(note, ReadNote)
    assert isinstance(second, Proposal)
    assert (second.case_id, second.body) == ("2", "正文\n\n再一段")


def test_another_encoding_is_a_problem_and_no_crash() -> None:
    (problem,) = JianReader().read(io.BytesIO("#jian\n标题：路灯".encode("gb18030")), "信箱.jian")
    assert isinstance(problem, ReadProblem)


def test_the_sink_writes_a_line_for_each_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_EXAMPLE_EVENTS", str(tmp_path / "events.jsonl"))
    sink = EventLinesSink()
    sink.notify(Event("decision", "028", {"lead": {"name": "排水管理所"}}))
    sink.notify(Event("verdict", "028", {"kind": "accepted"}))
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["decision", "verdict"]


def test_the_sink_asks_for_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FENBAN_EXAMPLE_EVENTS", raising=False)
    with pytest.raises(ValueError, match="FENBAN_EXAMPLE_EVENTS"):
        EventLinesSink()
