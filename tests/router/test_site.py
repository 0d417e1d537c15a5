from __future__ import annotations

from datetime import date, timedelta

import pytest

from router.proposal import Proposal
from router.site import Neighbour, Section, Site, Successor, Topic

REFORM = date(2019, 3, 1)
BEFORE, AFTER = REFORM - timedelta(days=1), REFORM


def site_of(*sections: Section, successors: tuple[Successor, ...] = ()) -> Site:
    return Site(
        sections={section.id: section for section in sections},
        topics={"stalled": Topic("stalled", "烂尾与延期交房", "real-estate")},
        neighbours={"out:water": Neighbour("out:water", "水利局", "W-1", return_reason="不归我局")},
        successors=successors,
    )


ROADS = Section("roads", "道路所", "C-01", person="甲某", aliases=("市政股", "养路队"), valid_to=BEFORE)
ESTATE = Section("real-estate", "房地产市场监管股", "C-02")


@pytest.mark.parametrize("written", ["roads", "ROADS", "道路所", " 道 路 所 ", "Ｃ-０１", "c-01", "养路队"])
def test_a_section_is_known_by_id_name_code_and_alias(written: str) -> None:
    assert site_of(ROADS, ESTATE).label_of(written) == "roads"


@pytest.mark.parametrize("written", ["水利局", "w-1", "OUT:water"])
def test_a_neighbour_is_known_the_same_way(written: str) -> None:
    assert site_of(ROADS).label_of(written) == "out:water"


@pytest.mark.parametrize("written", ["", "  ", "道路", "C-011"])
def test_what_nobody_is_called_is_nobody(written: str) -> None:
    assert site_of(ROADS, ESTATE).label_of(written) is None


def test_a_name_counts_more_than_another_sections_alias() -> None:
    later = Section("later", "后建股", aliases=("道路所", "roads", "水利局"))
    site = site_of(ROADS, later)
    assert site.label_of("道路所") == "roads"
    assert site.label_of("roads") == "roads"
    assert site.label_of("水利局") == "out:water"


def test_what_is_shown_of_a_label() -> None:
    site = site_of(ROADS, ESTATE)
    assert (site.name("roads"), site.person("roads"), site.external_code("roads")) == (
        "道路所",
        "甲某",
        "C-01",
    )
    assert (site.name("out:water"), site.person("out:water"), site.external_code("out:water")) == (
        "水利局",
        "",
        "W-1",
    )
    assert site.name("stalled") == "烂尾与延期交房"
    assert (site.name("教育"), site.person("教育"), site.external_code("教育")) == ("教育", "", "")


def test_a_topic_is_known_by_id_and_name() -> None:
    site = site_of(ESTATE)
    assert site.topic_of("烂尾与延期交房") == site.topic_of(" Stalled") == "stalled"
    assert site.topic_of("别的") is None


@pytest.mark.parametrize(
    ("day", "valid"), [(BEFORE - timedelta(days=999), True), (BEFORE, True), (AFTER, False)]
)
def test_a_section_is_valid_up_to_its_last_day(day: date, valid: bool) -> None:
    assert ("roads" in site_of(ROADS).valid_labels(day)) is valid


def test_neighbours_are_always_valid() -> None:
    assert "out:water" in site_of(ROADS).valid_labels(AFTER)


SPLIT = (
    Successor("房产所", REFORM, "topic", ("stalled",), "real-estate"),
    Successor("房产所", REFORM, "words", ("物业", "电 梯"), "property"),
    Successor("房产所", REFORM, "all", (), "housing"),
    Successor("规划股", REFORM, "all", (), "out:water"),
)


@pytest.mark.parametrize(
    ("case", "today"),
    [
        (Proposal(section="房产所", topic="stalled", title="物业"), "real-estate"),
        (Proposal(section="房产所", topic="烂尾与延期交房"), "real-estate"),
        (Proposal(section="房 产 所", title="物业费太高"), "property"),
        (Proposal(section="房产所", body="物业公司不管"), "property"),
        (Proposal(section="房产所", title="公租房"), "housing"),
        (Proposal(section="房产所", received_on=BEFORE), "housing"),
        (Proposal(section="房产所", received_on=AFTER), None),
        (Proposal(section="规划股"), "out:water"),
        (Proposal(section="没有的股"), None),
        (Proposal(section=""), None),
    ],
)
def test_an_old_section_becomes_the_one_its_cases_went_to(case: Proposal, today: str | None) -> None:
    assert site_of(ESTATE, successors=SPLIT).current_section(case) == today


def test_an_id_that_changed_its_meaning_follows_the_successor() -> None:
    line = Successor("roads", REFORM, "all", (), "real-estate")
    site = site_of(ROADS, ESTATE, successors=(line,))
    assert site.current_section(Proposal(section="养路队", received_on=BEFORE)) == "real-estate"
    assert site.current_section(Proposal(section="养路队", received_on=AFTER)) == "roads"


def test_numbers_in_words_of_successors_count() -> None:
    line = Successor("道路所", REFORM, "words", ("3号线",), "real-estate")
    site = site_of(ROADS, ESTATE, successors=(line,))
    assert site.current_section(Proposal(section="道路所", title="３号线绿化")) == "real-estate"
    assert site.current_section(Proposal(section="道路所", title="5号线绿化")) == "roads"
