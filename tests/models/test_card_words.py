from __future__ import annotations

import dataclasses

from models.card import Card, LabelCount
from models.card_words import about, limits, metrics, thresholds
from tests.models.cards import CARD, EVIL, MANIFEST, SECTION, axis, manifest


def told(card: Card | None = CARD, **changes: object) -> dict[str, str]:
    return {limit.id: limit.text for limit in limits(manifest(**changes), card, str)}


def meaning(**found: float) -> dict[str, str]:
    return {
        row.key: row.name
        for row in thresholds(manifest(thresholds=found), {"drainage": "排水所"}.__getitem__)
    }


def test_where_a_model_comes_from_is_told_in_chinese_with_the_keys_beside() -> None:
    rows = {row.key: (row.name, row.value) for row in about(MANIFEST, CARD)}
    assert rows["cases.n"] == ("案件数", "203")
    assert rows["cases.years"] == ("年份", "2019–2021")
    assert rows["labels"] == ("标签数", "股室 3，外单位 1，主题 1")


def test_figures_have_their_intervals() -> None:
    rows = {row.key: row.value for row in metrics(MANIFEST, CARD)["section"]}
    assert rows["accuracy"] == "50.0%（40.0–60.0%）"
    assert rows["ece"] == "0.500（0.400–0.600）"


def test_a_model_without_a_card_tells_what_its_manifest_has() -> None:
    rows = {row.key: row.value for row in metrics(MANIFEST, None)["section"]}
    assert rows == {"n": "203", "accuracy": "50.0%", "ece": "0.040"}
    assert "no_card" in told(None)
    assert metrics(manifest(metrics={}), None) == {}


def test_thresholds_are_told_in_words() -> None:
    words = meaning(accept=0.87, not_ours=0.3, co=0.4, near=0.06)
    assert words["accept"] == "把握 87% 起，没有别的疑点，可直接分办"
    assert "30% 起（至少 50%）" in words["not_ours"]
    assert "6.0%" in words["near"]


def test_a_threshold_of_one_section_bears_its_name() -> None:
    words = meaning(**{"accept": 0.87, "accept:drainage": 0.93})
    assert words["accept:drainage"] == "其中排水所：把握 93% 起"


def test_thresholds_that_nothing_reaches_or_nobody_could_tell_are_told_as_such() -> None:
    assert "每件都请人核对" in meaning(accept=1.01)["accept"]
    assert "只有规则能建议退回" in meaning(not_ours=1.01)["not_ours"]
    assert "暂按把握 90%" in meaning()["accept"]
    assert "每个股室都可能" in meaning(set=0.0)["set"]
    assert "没有学会办" in meaning()["co"]


def test_a_threshold_of_a_later_fenban_is_shown_without_words() -> None:
    assert meaning(novel=0.2)["novel"] == ""


def test_without_outside_units_nothing_is_said_of_returning() -> None:
    labels = {"section": ["drainage"]}
    assert "not_ours" not in {row.key for row in thresholds(manifest(labels=labels, thresholds={}), str)}


def test_a_model_of_descriptions_alone_says_that_its_probabilities_are_not_measured() -> None:
    cases = {"n": 0, "digest": "", "years": [], "per_label": {}}
    assert "默认尺度" in told(cases=cases, thresholds={})["no_cases"]


def test_labels_with_few_or_no_cases_or_mostly_missed_are_named() -> None:
    weak = told()
    assert weak["labels_with_few_cases"].endswith("：legal")
    assert weak["labels_without_cases"].endswith("：out:water")
    assert weak["labels_often_missed"].endswith("：drainage")
    assert EVIL not in "".join(weak.values())


def test_of_very_many_labels_only_the_first_are_named() -> None:
    section = axis({f"s{at:02}": LabelCount(1, 1, 1, 1) for at in range(40)})
    text = told(dataclasses.replace(CARD, axes={"section": section}))["labels_with_few_cases"]
    assert text.endswith("等 40 个")
    assert "s08" not in text


def test_few_held_out_cases_are_told() -> None:
    few = axis({"a": LabelCount(50, 50, 40, 40), "b": LabelCount(49, 49, 40, 40)})
    assert "99 件" in told(dataclasses.replace(CARD, axes={"section": few}))["few_held_out"]
    assert "few_held_out" not in told()


def test_what_was_not_learned_is_told() -> None:
    weak = told(labels={"section": list(SECTION.labels)})
    assert weak["left_out"] == "没有用于训练：股室名不认得的 4 件、没写股室的 2 件、读不出的 1 处"
    assert "写明会办的 7 件" in weak["no_co_handling"]
    assert "no_topics" in weak
    assert "2021" in weak["old_cases"]


def test_a_model_with_all_has_no_limits_of_that_kind() -> None:
    whole = axis({"a": LabelCount(100, 100, 95, 95), "b": LabelCount(60, 60, 55, 55)})
    card = Card({"section": whole, "topic": whole}, {"2025": 160}, 0, 40, 0, CARD.left_out.__class__())
    labels = {"section": ["a", "b"], "topic": ["t"], "co": ["a"]}
    cases = {"n": 160, "digest": "", "years": [2025, 2025], "per_label": {}}
    assert told(card, labels=labels, cases=cases) == {}
