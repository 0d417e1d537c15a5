from __future__ import annotations

import pytest

from router.decision import VoteKind
from router.rules.base import EFFECT_NAMES, Effect, WrongKeyError, word_list


@pytest.mark.parametrize("kind", [kind for kind in VoteKind if kind is not VoteKind.REVIEW])
def test_every_effect_but_review_needs_a_target(kind: VoteKind) -> None:
    assert Effect.parse("r", kind, "roads", "因为").vote().kind is kind
    with pytest.raises(WrongKeyError, match="要写 target"):
        Effect.parse("r", kind, "", "因为")


def test_a_review_needs_no_target() -> None:
    assert Effect.parse("r", "review", "", "因为").vote().kind is VoteKind.REVIEW


@pytest.mark.parametrize("name", EFFECT_NAMES)
def test_an_effect_may_be_written_in_chinese(name: str) -> None:
    assert Effect.parse("r", name, "roads", "因为").kind is EFFECT_NAMES[name]


def test_every_effect_has_a_chinese_name() -> None:
    assert set(EFFECT_NAMES.values()) == set(VoteKind)


@pytest.mark.parametrize(
    ("parts", "key", "wanted"),
    [
        (("", "flag", "k", "因为"), "name", "缺少 name"),
        (("r", "", "k", "因为"), "effect", "缺少 effect"),
        (("r", "must", "k", "因为"), "effect", "effect 'must' 不认识，可写：require、forbid"),
        (("r", "flag", "k", ""), "reason", "缺少 reason"),
    ],
)
def test_a_wrong_part_is_named(parts: tuple[str, str, str, str], key: str, wanted: str) -> None:
    with pytest.raises(WrongKeyError, match=wanted) as caught:
        Effect.parse(*parts)
    assert caught.value.key == key


def test_a_lone_string_is_one_word_not_its_letters() -> None:
    assert word_list("any", "路灯") == ("路灯",)
