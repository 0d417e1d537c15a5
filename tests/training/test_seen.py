from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from training.seen import packed_hashes, seen_before

texts = st.lists(st.text(), max_size=8)


@given(texts, texts)
def test_exactly_the_learned_texts_are_known_again(learned: list[str], others: list[str]) -> None:
    packed = packed_hashes([f"旧：{text}" for text in learned])
    assert all(seen_before([f"旧：{text}" for text in learned], packed))
    assert not any(seen_before([f"新：{text}" for text in others], packed))


def test_width_case_and_outer_spaces_make_no_difference_but_words_do() -> None:
    packed = packed_hashes(["ＬＥＤ路灯不亮，３号楼\n"])
    assert seen_before(["led路灯不亮,3号楼\n\n", "led路灯不亮,4号楼\n"], packed) == [True, False]


def test_nothing_of_a_text_can_be_read_and_it_stays_small() -> None:
    packed = packed_hashes(["张三反映下水道堵塞" * 100] * 5)
    assert packed.isascii()
    assert len(packed) == 12  # one text, learned five times


def test_of_nothing_learned_nothing_is_known() -> None:
    assert seen_before(["路灯"], packed_hashes([])) == [False]
    assert seen_before([], packed_hashes(["路灯"])) == []
