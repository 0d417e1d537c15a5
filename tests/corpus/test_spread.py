"""How the sample cases are spread over sections, topics, lengths and years."""

from collections import Counter

from benchmarks.corpus import Case, length_band, title_pattern, trends
from router.site import Site
from router.site_files import sample_site


def share(n: int, cases: list[Case]) -> float:
    return n / len(cases)


def test_there_are_at_least_a_thousand_cases_over_ten_years(ten_years: list[Case]) -> None:
    per_year = Counter(case.year for case in ten_years)
    assert len(ten_years) >= 1000
    assert sorted(per_year) == list(range(2016, 2026))
    assert min(per_year.values()) >= 80


def test_every_case_is_in_the_table_of_its_year(ten_years: list[Case]) -> None:
    assert [c.key for c in ten_years if not c.proposal.source.startswith(f"{c.year}.csv")] == []


def test_sections_are_long_tailed_and_none_is_missing(ten_years: list[Case], site: Site) -> None:
    counts = Counter(case.section for case in ten_years if not case.outside)
    assert set(counts) == set(site.sections)
    assert 0.10 <= share(max(counts.values()), ten_years) <= 0.15
    assert 0.012 <= share(min(counts.values()), ten_years) <= 0.025


def test_every_topic_comes_up_at_least_ten_times(in_house: list[Case], site: Site) -> None:
    counts = Counter(case.proposal.topic for case in in_house)
    assert set(counts) == set(site.topics)
    assert min(counts.values()) >= 10


def test_about_one_case_in_seven_belongs_to_a_neighbour_and_all_neighbours_occur(
    ten_years: list[Case], site: Site
) -> None:
    counts = Counter(case.section for case in ten_years if case.outside)
    assert 0.13 <= share(counts.total(), ten_years) <= 0.17
    assert set(counts) == set(site.neighbours)


def test_about_a_third_have_co_handlers(ten_years: list[Case]) -> None:
    assert 0.30 <= share(sum(bool(c.proposal.co_sections) for c in ten_years), ten_years) <= 0.40


def test_about_a_quarter_have_only_a_title_or_one_sentence(ten_years: list[Case]) -> None:
    bands = Counter(length_band(case.proposal.body) for case in ten_years)
    assert 0.20 <= share(bands["只有标题"] + bands["一句话"], ten_years) <= 0.30
    assert share(max(bands.values()), ten_years) < 0.4


def test_titles_are_of_the_usual_length_and_not_all_of_one_pattern(ten_years: list[Case]) -> None:
    titles = [case.proposal.title for case in ten_years]
    patterns = Counter(map(title_pattern, titles))
    assert [title for title in titles if not 7 <= len(title) <= 40] == []
    assert share(patterns["关于…的建议/提案"], ten_years) <= 0.70
    assert len(set(titles)) == len(titles)


def test_a_title_that_names_its_kind_names_the_right_one(ten_years: list[Case]) -> None:
    named = [c.proposal for c in ten_years if c.proposal.title.endswith(("的建议", "的提案"))]
    assert [p.title for p in named if not p.title.endswith(p.kind)] == []


def test_matters_have_their_years(ten_years: list[Case]) -> None:
    by_topic = trends(ten_years)

    def early(topic: str) -> float:
        return sum(n for year, n in by_topic[topic].items() if year < 2021) / by_topic[topic].total()

    assert early("shanty-towns") > 0.6
    assert early("demolition") > 0.6
    assert early("charging") < 0.4
    assert early("stalled") < 0.4
    assert by_topic["sponge-city"].most_common(1)[0][0] == 2021  # the flood is of July 2020


def test_the_data_card_tells_the_number_of_cases(ten_years: list[Case]) -> None:
    card = (sample_site() / "README.md").read_text(encoding="utf-8")
    assert f"共 {len(ten_years):,} 件" in card
    assert f"All {len(ten_years):,} cases" in card
