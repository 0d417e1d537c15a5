from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from router.errors import InputError
from router.proposal import Proposal
from router.site import Neighbour, Section, Site, Successor, Topic
from tests.sample import write_cases
from training.history import History, read_cases, to_history

SITE = Site(
    sections={
        "roads": Section("roads", "道路所", "C-01", aliases=("养路队",)),
        "lamps": Section("lamps", "路灯所"),
    },
    topics={"potholes": Topic("potholes", "坑洞", "roads"), "lighting": Topic("lighting", "照明", "lamps")},
    neighbours={"out:water": Neighbour("out:water", "水利局")},
    successors=(
        Successor("市政股", date(2019, 3, 1), "words", ("灯",), "lamps"),
        Successor("市政股", date(2019, 3, 1), "all", (), "roads"),
    ),
)


def mapped(*proposals: Proposal, site: Site | None = SITE) -> History:
    return to_history(proposals, site)


def section_of(written: str, site: Site | None = SITE, **more: object) -> str | None:
    cases = mapped(Proposal(section=written, **more), site=site).cases  # type: ignore[arg-type]
    return None if cases.empty else str(cases["section"].iloc[0])


@pytest.mark.parametrize(
    ("written", "section"),
    [
        ("roads", "roads"),
        ("道路所", "roads"),
        ("c-01", "roads"),
        ("养 路 队", "roads"),
        ("水利局", "out:water"),
        ("教务处", None),
        ("", None),
        ("  ", None),
    ],
)
def test_sections_become_ids_of_today(written: str, section: str | None) -> None:
    assert section_of(written) == section


def test_old_sections_become_their_successors() -> None:
    old = date(2018, 5, 1)
    assert section_of("市政股", title="路灯不亮", received_on=old) == "lamps"
    assert section_of("市政股", title="路面坏了", received_on=old) == "roads"
    assert section_of("市政股", title="路面坏了", received_on=date(2020, 1, 1)) is None


def test_what_means_nothing_today_is_counted_by_its_name() -> None:
    history = mapped(
        Proposal(section="教务处"), Proposal(section="教务 处"), Proposal(section="roads"), Proposal()
    )
    assert history.unknown_labels == {"教务处": 2}
    assert history.unlabelled == 1
    assert len(history.cases) == len(history.proposals) == 1


def test_without_a_site_any_label_stands_for_itself() -> None:
    assert section_of("教务处", site=None) == "教务处"
    assert section_of("城 建 股（一）", site=None) == section_of("城建股(一)", site=None)


def test_a_topic_counts_only_with_its_own_section() -> None:
    history = mapped(
        Proposal(section="roads", topic="potholes"),
        Proposal(section="roads", topic="坑洞"),
        Proposal(section="roads", topic="lighting"),
        Proposal(section="roads", topic="别的"),
    )
    assert history.cases["topic"].tolist() == ["potholes", "potholes", "", ""]
    assert mapped(Proposal(section="甲", topic="任 意"), site=None).cases["topic"].tolist() == ["任意"]


def test_co_sections_become_ids_and_unknown_ones_are_left_out() -> None:
    history = mapped(Proposal(section="roads", co_sections=("路灯所", "水利局", "没有的")))
    assert history.cases["co_sections"].tolist() == [("lamps", "out:water")]
    assert mapped(Proposal(section="甲", co_sections=("乙 股",)), site=None).cases["co_sections"][0] == (
        "乙股",
    )


def test_the_year_is_that_of_the_day_received() -> None:
    history = mapped(Proposal(section="roads", received_on=date(2019, 12, 31)), Proposal(section="roads"))
    assert history.cases["year"].iloc[0] == 2019
    assert history.cases["year"].isna().tolist() == [False, True]


def test_nothing_at_all_is_an_empty_history() -> None:
    history = mapped()
    assert history.cases.empty
    assert set(history.cases.columns) >= {"case_id", "text", "section", "topic", "co_sections", "year"}


def test_files_and_folders_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    write_cases(tmp_path / "folder" / "a.csv", [("1", "路灯", "不亮", "lamps")])
    single = write_cases(tmp_path / "b.csv", [("2", "路面", "坏了", "roads"), ("3", "", "", "roads")])
    proposals, problems = read_cases([tmp_path / "folder", single])
    assert [p.case_id for p in proposals] == ["1", "2"]
    assert [problem.source for problem in problems] == ["b.csv"]


def test_a_file_without_any_case_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "空.csv").write_bytes(b"")
    with pytest.raises(InputError, match=r"空\.csv：文件是空的"):
        read_cases([tmp_path / "空.csv"])
    with pytest.raises(InputError, match="没有这个文件"):
        read_cases([tmp_path / "无.csv"])
