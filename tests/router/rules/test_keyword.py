from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tokenizer import JiebaTokenizer
from router.interfaces import Tokenizer
from router.proposal import Proposal
from router.rules.base import WrongKeyError
from router.rules.keyword import KeywordRule
from router.rules.reading import Reading, WordFinder
from router.text import fold

from .tables import fires


def keyword(**more: Any) -> KeywordRule:
    return KeywordRule("词", "prefer", "lamps", "因为", **more)


def why(rule: KeywordRule, **case: str) -> str:
    return rule.why(Reading(Proposal(**case), (), WordFinder(rule.words)))


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ({"any": ["路灯", "照明"]}, "没有照明", True),
        ({"any": ["路灯", "照明"]}, "路面坏了", False),
        ({"all": ["充电", "消防"]}, "充电引发消防隐患", True),
        ({"all": ["充电", "消防"]}, "充电不便", False),
        ({"all": ["充电", ["消防", "起火"]]}, "充电起火", True),
        ({"all": ["充电", ["消防", "起火"]]}, "充电不便", False),
        ({"any": ["污水"], "none": ["集镇"]}, "集镇污水直排", False),
        ({"any": ["污水"], "none": ["集镇"]}, "村里污水直排", True),
        ({"any": "路灯"}, "路灯", True),
        ({"any": ["ＬＥＤ灯"]}, "换成led灯", True),
        ({"any": ["３号楼"]}, "3号楼停水", True),
        ({"any": ["3号楼"]}, "5号楼停水", False),
        ({"any": ["３号楼"]}, "翻修3号楼", True),
        ({"any": ["3号楼"]}, "翻修5号楼", False),
        ({"any": ["5G"]}, "有17个路口", False),
        ({"any": ["灯"], "all": ["路灯"]}, "路灯", True),
        ({"any": ["路灯"]}, "", False),
    ],
)
def test_words_asked_for_and_ruled_out(words: dict[str, Any], text: str, expected: bool) -> None:
    assert fires(keyword(**words), body=text) is expected


@pytest.mark.parametrize(
    ("within", "title", "body", "expected"),
    [
        ("title", "路灯", "", True),
        ("title", "", "路灯", False),
        ("body", "路灯", "", False),
        ("body", "路灯", "路灯", True),
        ("text", "", "路灯", True),
        ("text", "路", "灯", False),
    ],
)
def test_a_keyword_looks_where_it_is_told(within: str, title: str, body: str, expected: bool) -> None:
    assert fires(keyword(any=["路灯"], within=within), title=title, body=body) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("桥，坏了", True), ("天桥坏了", False), ("天桥下有桥", True), ("ＡＢ座旁边的桥", True)],
)
def test_a_whole_word_does_not_stand_inside_another(tokenizer: Tokenizer, text: str, expected: bool) -> None:
    rule = keyword(any=["桥"], match="word")
    reading = Reading(Proposal(title="", body=text), (), WordFinder(rule.words), tokenizer)
    assert bool(list(rule.votes(reading))) is expected


def test_a_phrase_of_several_words_is_found_at_their_borders(tokenizer: Tokenizer) -> None:
    rule = keyword(any=["路灯不亮"], match="word")
    reading = Reading(Proposal(title="夜里路灯不亮"), (), WordFinder(rule.words), tokenizer)
    assert list(rule.votes(reading))


def test_whole_words_need_a_tokenizer() -> None:
    with pytest.raises(LookupError, match="tokenizer"):
        fires(keyword(any=["桥"], match="word"), title="桥")


def test_a_tokenizer_that_drops_signs_still_tells_where_words_end() -> None:
    class Dropping:
        def tokenize(self, text: str) -> list[str]:
            return [word for word in JiebaTokenizer().tokenize(text) if word.strip("，,。\n")]

    rule = keyword(any=["灯"], match="word")
    reading = Reading(Proposal(title="桥，灯，路"), (), WordFinder(rule.words), Dropping())
    assert list(rule.votes(reading))


@pytest.mark.parametrize(
    ("words", "text", "wanted"),
    [
        ({"any": ["路灯", "照明"]}, "路灯坏了", "文中有“路灯”"),
        ({"any": ["路灯"]}, "路面", "文中没有“路灯”中的任何一个"),
        ({"all": ["充电", "消防"]}, "充电", "文中有“充电”，文中缺少“消防”"),
        ({"any": ["污水"], "none": ["集镇"]}, "集镇污水", "文中有“污水”，文中有不该有的“集镇”"),
        ({"any": ["路灯"], "within": "title"}, "路灯", "案由中没有“路灯”中的任何一个"),
    ],
)
def test_a_rule_says_which_words_it_rests_on(words: dict[str, Any], text: str, wanted: str) -> None:
    assert why(keyword(**words), body=text) == wanted


@pytest.mark.parametrize(
    ("words", "key", "wanted"),
    [
        ({}, "any", "any 和 all 至少要写一个"),
        ({"any": ["路灯", " "]}, "any", "any 里有空词"),
        ({"any": [3]}, "any", "any 里有空词或不是文字"),
        ({"any": 3}, "any", "any 应是方括号里的一列词"),
        ({"all": [[]]}, "all", "all 里有空的一组"),
        ({"all": [3]}, "all", "all 里有空词或不是文字"),
        ({"any": ["路"], "within": "proposer"}, "within", "不是 text、title、body 之一"),
        ({"any": ["路"], "match": "fuzzy"}, "match", "不是 substring、word 之一"),
        ({"any": ["LED灯"], "match": "word"}, "match", "词里不能有字母和数字：led灯"),
    ],
)
def test_a_wrong_key_is_named(words: dict[str, Any], key: str, wanted: str) -> None:
    with pytest.raises(WrongKeyError, match=wanted) as caught:
        keyword(**words)
    assert caught.value.key == key


@given(
    st.text("路灯桥ＡB1，\n", max_size=12),
    st.lists(st.text("路灯桥Ａb1", min_size=1, max_size=3), min_size=1),
)
def test_the_one_pass_finds_what_a_plain_search_finds(text: str, words: list[str]) -> None:
    assert fires(keyword(any=words), body=text) is any(fold(word) in fold(text) for word in words)


def test_half_a_surrogate_pair_hides_no_other_word() -> None:
    assert fires(keyword(any=["路灯"]), title="\ud83d路灯")
