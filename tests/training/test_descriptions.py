from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import InputError
from router.site import Neighbour, Section, Site, Topic
from training.descriptions import read_descriptions, section_descriptions, topic_descriptions

SITE = Site(
    sections={"roads": Section("roads", "道路所", duty="修路。", words=("路面", "坑洼", "塌陷", "路基"))},
    topics={"potholes": Topic("potholes", "坑洞", "roads", words=("大坑",))},
    neighbours={"out:water": Neighbour("out:water", "水利局", duty="管河。")},
)


def texts(label: str, described: list[tuple[str, str]]) -> str:
    return "|".join(text for given, text in described if given == label)


def test_a_section_is_described_by_its_name_duty_words_and_topics() -> None:
    described = section_descriptions(SITE)
    assert {label for label, _ in described} == {"roads", "out:water"}
    assert all(
        part in texts("roads", described) for part in ("道路所", "修路。", "塌陷", "路基", "坑洞", "大坑")
    )
    assert "管河。" in texts("out:water", described)


def test_a_topic_is_described_by_its_own_words() -> None:
    assert {label for label, _ in topic_descriptions(SITE)} == {"potholes"}
    assert "路面" not in texts("potholes", topic_descriptions(SITE))


def test_nothing_is_described_by_nothing() -> None:
    assert all(text.strip() for _, text in section_descriptions(SITE))
    assert section_descriptions(Site()) == topic_descriptions(Site()) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_may_describe_a_label_in_several_rows(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "l.csv").write_text(
        'section,description\n 甲 ,修路\n甲,"补坑，\n填缝"\n,无主\n乙,\n', encoding=encoding
    )
    assert read_descriptions(tmp_path / "l.csv") == [("甲", "\n修路"), ("甲", "\n补坑，\n填缝")]


def test_a_label_of_digits_stays_as_written(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("section,description\n007,NA\nNA,路灯\n", encoding="utf-8")
    assert read_descriptions(tmp_path / "l.csv") == [("007", "\nNA"), ("NA", "\n路灯")]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("标签,说明\n甲,修路\n", "缺少 section、description 列"),
        ("section\n甲\n", "缺少 description 列"),
        ("", "无法读取"),
        ('section,description\n甲,"没有结尾\n', "无法读取"),
    ],
)
def test_a_file_of_another_shape_is_refused_in_words(tmp_path: Path, content: str, wanted: str) -> None:
    (tmp_path / "l.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=wanted):
        read_descriptions(tmp_path / "l.csv")
    with pytest.raises(InputError, match="无法读取"):
        read_descriptions(tmp_path / "none.csv")
