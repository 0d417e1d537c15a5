"""The columns of the sample cases agree with each other and with the site."""

import re
from collections import Counter
from datetime import date

from benchmarks.corpus import Case, merge_groups, old_names
from router.site import Site

REORGANISED = date(2019, 3, 1)
OLD_NAMES = {"规划股", "房产所", "市政园林所"}
NAMELESS = ("某某", "代表团", "支部")  # a person, or a body of them
REAL_NAMES = ("北京", "上海", "广州", "深圳", "杭州", "郑州", "济南", "长沙", "万科", "恒大", "碧桂园")
PHONE_OR_ID = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|\d{3,4}-\d{7,8}|\d{17}[\dXx]")


def titles(cases: list[Case]) -> list[str]:
    return [case.proposal.title for case in cases]


def is_early(case: Case) -> bool:
    assert case.proposal.received_on is not None
    return case.proposal.received_on < REORGANISED


def test_case_numbers_are_unique_within_session_kind_and_level(ten_years: list[Case]) -> None:
    counts = Counter(case.key for case in ten_years)
    assert [key for key, n in counts.items() if n > 1] == []


def test_sessions_change_with_the_year(ten_years: list[Case]) -> None:
    for level in ("县", "市", "省", "国"):
        sessions = {
            (c.proposal.kind, c.proposal.session, c.year) for c in ten_years if c.proposal.level == level
        }
        per_session = Counter((kind, session) for kind, session, _ in sessions)
        assert max(per_session.values()) == 1


class TestRoles:
    def test_every_case_of_ours_has_a_role_and_a_result(self, in_house: list[Case]) -> None:
        assert {case.proposal.role for case in in_house} == {"sole", "lead", "co", "separate"}
        assert {case.proposal.result for case in in_house} == {"A", "B", "C"}

    def test_a_neighbours_case_has_neither_role_nor_result_nor_topic(self, ten_years: list[Case]) -> None:
        given = [
            c for c in ten_years if c.outside and (c.proposal.role or c.proposal.result or c.proposal.topic)
        ]
        assert titles(given) == []

    def test_only_a_co_case_has_an_outside_leader_and_each_has_one(self, ten_years: list[Case]) -> None:
        odd = [c for c in ten_years if bool(c.proposal.lead_unit) != (c.proposal.role == "co")]
        assert titles(odd) == []

    def test_a_co_case_was_never_written_as_another_units(self, ten_years: list[Case]) -> None:
        co = [c for c in ten_years if c.proposal.role == "co"]
        assert co
        assert titles([c for c in co if c.proposal.section.startswith("out:")]) == []

    def test_a_sole_case_has_no_co_handlers(self, in_house: list[Case]) -> None:
        sole = [c for c in in_house if c.proposal.role == "sole"]
        assert (
            titles([c for c in sole if c.proposal.co_sections and not c.proposal.section.startswith("out:")])
            == []
        )


class TestLabels:
    def test_a_topic_belongs_to_the_section_of_today(self, in_house: list[Case], site: Site) -> None:
        assert titles([c for c in in_house if site.topics[c.proposal.topic].section != c.section]) == []

    def test_co_handlers_are_known_and_none_is_the_section_itself(
        self, ten_years: list[Case], site: Site
    ) -> None:
        known = set(site.sections) | set(site.neighbours)
        assert titles([c for c in ten_years if not set(c.proposal.co_sections) <= known - {c.section}]) == []

    def test_a_case_first_assigned_elsewhere_moved(self, ten_years: list[Case], site: Site) -> None:
        moved = [case for case in ten_years if case.first_assigned_to]
        assert len(moved) >= 40
        assert titles([c for c in moved if c.first_assigned_to not in site.sections]) == []
        assert titles([c for c in moved if c.first_assigned_to == c.section]) == []


class TestReorganisation:
    def test_old_names_end_with_it_and_all_occur(self, ten_years: list[Case]) -> None:
        old = {c.proposal.section for c in ten_years if is_early(c)}
        new = {c.proposal.section for c in ten_years if not is_early(c)}
        assert old >= OLD_NAMES
        assert not new & OLD_NAMES

    def test_sections_it_made_have_no_earlier_case(self, ten_years: list[Case], site: Site) -> None:
        early = [c for c in ten_years if is_early(c)]
        begun = [
            c
            for c in early
            if (s := site.sections.get(c.proposal.section)) and not s.valid_on(REORGANISED.replace(year=2018))
        ]
        assert titles(begun) == []

    def test_every_past_case_has_a_section_of_today(self, ten_years: list[Case], site: Site) -> None:
        today = site.valid_labels(date(2025, 12, 31))
        assert titles([case for case in ten_years if case.section not in today]) == []

    def test_the_split_sends_cases_to_each_successor(self, ten_years: list[Case], site: Site) -> None:
        became = {old: set(to) for old, to in old_names(ten_years, site).items()}
        assert became["房产所"] >= {"real-estate", "property", "housing"}
        assert became["市政园林所"] == {"municipal", "greening"}
        assert became["规划股"] == {"out:natural-resources"}
        assert became["out:urban-management"] == {"sanitation"}


class TestMergeGroups:
    def test_each_is_two_or_three_cases_of_one_topic_and_year(self, ten_years: list[Case]) -> None:
        groups = merge_groups(ten_years)
        assert len(groups) >= 15
        for group in groups.values():
            assert 2 <= len(group) <= 3
            assert len({(case.proposal.topic, case.section, case.year) for case in group}) == 1

    def test_each_case_has_its_own_title_and_body(self, ten_years: list[Case]) -> None:
        for group in merge_groups(ten_years).values():
            assert len({case.proposal.title for case in group}) == len(group)
            assert len({case.proposal.body for case in group}) == len(group)


class TestPrivacy:
    def test_nobody_is_named(self, ten_years: list[Case]) -> None:
        assert titles([c for c in ten_years if not c.proposal.proposer.endswith(NAMELESS)]) == []

    def test_there_are_no_phone_or_identity_numbers(self, ten_years: list[Case]) -> None:
        assert titles([c for c in ten_years if PHONE_OR_ID.search(c.proposal.text)]) == []

    def test_no_text_gives_away_its_section(self, ten_years: list[Case], site: Site) -> None:
        names = OLD_NAMES | {section.name for section in site.sections.values()} - {"办公室"}
        assert titles([c for c in ten_years if any(name in c.proposal.text for name in names)]) == []

    def test_no_real_city_or_developer_is_named(self, ten_years: list[Case]) -> None:
        assert titles([c for c in ten_years if any(name in c.proposal.text for name in REAL_NAMES)]) == []
