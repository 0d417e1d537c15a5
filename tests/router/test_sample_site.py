"""The sample site keeps the ids that test data everywhere refers to."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from router.proposal import Proposal
from router.rules.book import RuleBook
from router.site import Section, Site

TOPICS = {
    "office": "affairs",
    "legal": "regulation",
    "construction": "old-neighbourhood urban-renewal road-building parking sponge-city heritage",
    "municipal": "road-repair sidewalks street-lights manholes bridges",
    "drainage": "flooding sewers sewage-plant township-sewage",
    "utilities": "water-supply gas heating",
    "greening": "parks trees",
    "sanitation": "waste toilets cleaning debris",
    "villages": "rural-housing market-town traditional-villages",
    "real-estate": "stalled title-deeds housing-market",
    "property": "property-service owners-committee maintenance-fund lifts charging",
    "housing": "public-rental subsidies",
    "expropriation": "demolition shanty-towns",
    "building-market": "bidding wages",
    "quality-safety": "build-quality site-safety dust-noise",
    "fire-design": "fire-acceptance seismic green-building",
}
_UNITS = (
    "urban-management natural-resources transport water ecology agriculture labour police fire-rescue market "
    "power-telecom development civil-affairs culture education health other"
)
NEIGHBOURS = {f"out:{unit}" for unit in _UNITS.split()}
NAMES = {
    "drainage": "排水管理所",
    "villages": "村镇建设股",
    "fire-design": "消防审验与勘察设计股",
    "office": "办公室",
}
SENTENCE_ENDS = "。！？；"


def test_the_sections_are_those_of_the_domain(site: Site) -> None:
    assert set(site.sections) == set(TOPICS)
    assert {label: site.name(label) for label in NAMES} == NAMES


def test_each_topic_belongs_to_its_section(site: Site) -> None:
    assert {topic.id: topic.section for topic in site.topics.values()} == {
        topic: section for section, topics in TOPICS.items() for topic in topics.split()
    }


def test_the_outside_units_are_those_of_the_domain(site: Site) -> None:
    assert set(site.neighbours) == NEIGHBOURS


def test_all_sections_exist_today(site: Site) -> None:
    assert site.valid_labels(date(2026, 3, 1)) == set(TOPICS) | NEIGHBOURS


@pytest.mark.parametrize("label", TOPICS)
def test_each_section_has_people_words_and_a_duty_of_sentences(site: Site, label: str) -> None:
    section = site.sections[label]
    assert section.person
    assert section.deputy
    assert section.external_code
    assert len(section.words) >= 10
    assert sum(section.duty.count(end) for end in SENTENCE_ENDS) >= 2


def test_people_are_plainly_fictional(site: Site) -> None:
    people = {name for s in site.sections.values() for name in (s.person, s.deputy)}
    assert all("某" in name for name in people)


def test_each_topic_and_neighbour_says_what_it_is_about(site: Site) -> None:
    for topic in site.topics.values():
        assert topic.duty, topic.id
        assert len(topic.words) >= 10, topic.id
    for neighbour in site.neighbours.values():
        assert neighbour.duty, neighbour.id
        assert len(neighbour.words) >= 10, neighbour.id
        assert neighbour.return_reason, neighbour.id


def test_why_a_unit_gets_a_case_back_is_true_of_any_case(site: Site) -> None:
    """It tells the duty of the unit: what one paper asks for nobody knows beforehand."""
    for neighbour in site.neighbours.values():
        assert not re.search("来件|所提|反映的", neighbour.return_reason), neighbour.id


def test_no_two_units_go_by_the_same_name(site: Site) -> None:
    def names(section: Section) -> set[str]:
        return {section.id, section.name, section.external_code, *section.aliases}

    used = Counter(name for section in site.sections.values() for name in names(section))
    used.update(name for n in site.neighbours.values() for name in {n.id, n.name, n.external_code})
    assert [name for name, times in used.items() if times > 1] == []


def test_no_word_is_listed_twice_for_one_label(site: Site) -> None:
    listed = {section.id: section.words for section in site.sections.values()}
    listed |= {neighbour.id: neighbour.words for neighbour in site.neighbours.values()}
    listed |= {topic.id: topic.words for topic in site.topics.values()}
    assert [label for label, words in listed.items() if len(set(words)) < len(words)] == []


def test_the_rules_can_be_built(site: Site) -> None:
    assert len(RuleBook.of(site).rules) == len(site.rules.tables) > 0


def test_each_old_section_ends_somewhere_for_every_case(site: Site) -> None:
    for old in {line.old for line in site.successors}:
        case = Proposal(section=old, received_on=date(2016, 3, 1))
        today = site.current_section(case)
        assert today is None or today in site.valid_labels(date(2026, 3, 1)), old


def test_the_user_dictionary_holds_words_of_the_field(site: Site) -> None:
    assert {"加装电梯", "公租房"} <= set(site.user_words)
    assert len(set(site.user_words)) == len(site.user_words)
    assert all(" " not in word for word in site.user_words)
