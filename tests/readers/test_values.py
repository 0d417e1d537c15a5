from __future__ import annotations

from datetime import date, datetime, time

import pytest

from router.readers.values import (
    cell_text,
    normal_kind,
    normal_level,
    normal_role,
    result_letter,
    split_sections,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (28.0, "28"),
        (28, "28"),
        (2.5, "2.5"),
        ("028", "028"),
        ('="0076"', "0076"),
        ("'0076", "0076"),
        (" A-041 ", "A-041"),
        ("a_x000D_\nb", "a\nb"),
        ("a\r\nb", "a\nb"),
        (datetime(2019, 2, 28), "2019-02-28"),  # noqa: DTZ001
        (datetime(2019, 2, 28, 11, 25), "2019-02-28 11:25:00"),  # noqa: DTZ001
        (date(2019, 2, 28), "2019-02-28"),
        (time(11, 25), "11:25:00"),
        (True, "是"),
        (None, ""),
        (float("nan"), "nan"),
    ],
)
def test_cells_read_as_a_person_sees_them(value: object, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A", "A"),
        ("a", "A"),
        ("Ａ", "A"),
        ("A类", "A"),
        ("（A类）", "A"),
        ("类别：A", "A"),
        ("办理结果：C", "C"),
        ("B：正在解决", "B"),
        ("B逐步解决", "B"),
        ("已解决（A类）", "A"),
        ("已办结", "已办结"),
        ("C区已整改", "C区已整改"),
        ("Approved", "Approved"),
        ("A1", "A1"),
    ],
)
def test_the_outcome_letter_is_taken_where_there_is_one(text: str, letter: str) -> None:
    assert result_letter(text) == letter


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("drainage;out:water", ("drainage", "out:water")),
        ("供电、通信企业；水利局", ("供电、通信企业", "水利局")),
        ("排水所、园林所", ("排水所", "园林所")),
        ("排水所,园林所/村镇股", ("排水所", "园林所", "村镇股")),
        ("排水所 园林所", ("排水所", "园林所")),
        ("排水所\n园林所", ("排水所", "园林所")),
        ("Public Works", ("Public Works",)),
        ("排水所、排水所", ("排水所",)),
        ("无", ()),
        ("", ()),
    ],
)
def test_co_sections_are_split(text: str, parts: tuple[str, ...]) -> None:
    assert split_sections(text) == parts


def test_closed_sets_are_brought_to_their_values() -> None:
    assert [normal_kind(one) for one in ("建议", "人大建议", "提案", "政协提案", "建议提案")] == [
        "建议",
        "建议",
        "提案",
        "提案",
        "建议提案",
    ]
    assert [normal_level(one) for one in ("县", "县级市", "省级", "全国", "重点")] == [
        "县",
        "市",
        "省",
        "国",
        "重点",
    ]
    assert [normal_role(one) for one in ("独办", "主办", "会办", "协办", "分别办理", "sole", "转办")] == [
        "sole",
        "lead",
        "co",
        "co",
        "separate",
        "sole",
        "转办",
    ]
