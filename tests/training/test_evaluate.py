from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from router.errors import InputError
from router.pipeline import Router
from router.proposal import Proposal
from router.rule_tables import RuleTable, RuleTables
from router.site import Neighbour, Section, Site, Successor, Topic
from tests.router.fixed_model import FixedModel
from training.evaluate import evaluate
from training.seen import packed_hashes

SITE = Site(
    sections={
        "roads": Section("roads", "道路所"),
        "lamps": Section("lamps", "路灯所"),
        "drain": Section("drain", "排水所"),
    },
    topics={"potholes": Topic("potholes", "坑洞", "roads"), "lighting": Topic("lighting", "照明", "lamps")},
    neighbours={"out:water": Neighbour("out:water", "水利局")},
    successors=(Successor("市政股", date(2019, 3, 1), "all", (), "roads"),),
)
ANSWERS = {
    "路": {"roads": 0.9, "lamps": 0.06, "drain": 0.03, "out:water": 0.01},
    "灯": {"lamps": 0.8, "roads": 0.15, "drain": 0.04, "out:water": 0.01},
    "水": {"roads": 0.5, "lamps": 0.3, "out:water": 0.15, "drain": 0.05},
    "河": {"out:water": 0.9, "drain": 0.05, "roads": 0.04, "lamps": 0.01},
}
THRESHOLDS = {"accept": 0.7, "not_ours": 0.8, "co": 0.4, "set": 0.1}


def case(answer: str, section: str, **more: Any) -> Proposal:
    """Return a case that the model answers as `ANSWERS` says."""
    return Proposal(title=answer, body="关于某事的建议", section=section, **more)


def judge(*cases: Proposal, site: Site = SITE, trained: Sequence[str] = (), **model: Any) -> dict[str, Any]:
    fixed = FixedModel(by_title=ANSWERS, **{"thresholds": THRESHOLDS, **model})
    return evaluate(
        Router(fixed, site, today=date(2025, 6, 9)), cases, trained or [*SITE.sections, "out:water"]
    )


def test_it_writes_at_least_what_the_contract_names() -> None:
    figures = judge(case("路", "roads"), case("灯", "lamps"))
    wanted = "n accuracy top3_accuracy macro_f1 ece coverage accuracy_covered accuracy_at_80 model_accuracy"
    assert {*wanted.split(), "unseen_labels", "docs_per_second"} <= set(figures)
    assert json.loads(json.dumps(figures)) == figures


def test_accuracy_is_of_all_rows_reviewed_ones_included() -> None:
    figures = judge(case("路", "roads"), case("灯", "roads"), case("水", "roads"), case("水", "drain"))
    assert (figures["n"], figures["accuracy"]) == (4, 0.5)
    assert figures["coverage"] == 0.5  # the two about water are reviewed
    assert figures["accuracy_covered"] == 0.5
    assert figures["top3_accuracy"] == 0.75


def test_accuracy_at_80_leaves_out_the_fifth_that_the_model_is_least_sure_of() -> None:
    cases = [case("路", "roads")] * 4 + [case("水", "drain")]
    assert judge(*cases)["accuracy_at_80"] == 1.0
    assert judge(*cases)["accuracy"] == 0.8


def test_calibration_is_judged_on_the_models_own_first_label() -> None:
    assert judge(*[case("路", "roads")] * 9, case("路", "lamps"))["ece"] == pytest.approx(0.0)
    assert judge(case("路", "lamps"))["ece"] == pytest.approx(0.9)


def test_model_accuracy_is_before_the_rules() -> None:
    rule: Mapping[str, object] = {
        "type": "keyword",
        "name": "规则",
        "effect": "require",
        "target": "drain",
        "any": ["水"],
        "reason": "因为",
    }
    ruled = Site(**{**vars_of(SITE), "rules": RuleTables((RuleTable(rule),))})
    figures = judge(case("水", "drain"), case("路", "roads"), site=ruled)
    assert (figures["accuracy"], figures["model_accuracy"]) == (1.0, 0.5)


def vars_of(site: Site) -> dict[str, Any]:
    return {
        name: getattr(site, name) for name in ("settings", "sections", "topics", "neighbours", "successors")
    }


def test_labels_that_training_never_saw_count_as_wrong_and_are_reported() -> None:
    figures = judge(
        case("路", "roads"), case("路", "教务处"), case("灯", "drain"), trained=["roads", "lamps"]
    )
    assert figures["unseen_labels"] == ["drain", "教务处"]
    assert (figures["unseen_cases"], figures["n"]) == (2, 3)
    assert figures["accuracy"] == pytest.approx(1 / 3)


def test_cases_without_a_section_are_counted_but_not_judged() -> None:
    figures = judge(case("路", "roads"), case("路", ""), case("路", "  "))
    assert (figures["n"], figures["unlabelled"]) == (1, 2)


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(InputError, match="没有一件案件写明承办股室"):
        judge(case("路", ""))


def test_names_and_old_sections_are_read_as_those_of_today() -> None:
    old = case("路", "市政股", received_on=date(2018, 1, 1))
    assert judge(case("路", "道路所"), old, case("灯", " 路 灯 所"))["accuracy"] == 1.0


@pytest.mark.parametrize("written", ["城建股(一)", "城建股（一）", "城 建 股 （一）"])
def test_without_a_site_labels_are_folded_as_in_training(written: str) -> None:
    model = FixedModel(
        {"城建股(一)": 0.9, "乙": 0.1}, {"题(一)": 1.0}, {"乙(一)": 0.9}, thresholds=THRESHOLDS
    )
    cases = [Proposal(title="关于某事", section=written, topic="题（一）", co_sections=("乙 （一）",))]
    figures = evaluate(Router(model), cases, ["城建股(一)", "乙"])
    assert (figures["accuracy"], figures["unseen_labels"]) == (1.0, [])
    assert figures["topic_accuracy"] == 1.0


def test_topics_are_judged_where_they_are_known() -> None:
    topics = {"potholes": 0.6, "lighting": 0.4}
    figures = judge(
        case("路", "roads", topic="potholes"),
        case("灯", "lamps", topic="照明"),
        case("路", "roads", topic="lighting"),
        case("路", "roads"),
        topics=topics,
    )
    assert (figures["topic_n"], figures["topic_accuracy"]) == (3, pytest.approx(2 / 3))
    assert not [key for key in judge(case("路", "roads")) if key.startswith("topic_")]


def test_co_sections_are_judged_on_all_rows_where_any_is_known() -> None:
    co = {"lamps": 0.9, "roads": 0.5, "drain": 0.1}
    figures = judge(
        case("路", "roads", co_sections=("路灯所",)),
        case("路", "roads", co_sections=("排水所",)),
        case("路", "roads"),
        co=co,
    )
    assert figures["co_precision"] == pytest.approx(1 / 3)
    assert figures["co_recall"] == pytest.approx(1 / 2)
    assert not [key for key in judge(case("路", "roads")) if key.startswith("co_")]


def test_old_names_of_co_handlers_are_read_as_in_training() -> None:
    old = case("灯", "lamps", co_sections=("市政股",), received_on=date(2018, 1, 1))
    assert judge(old, co={"roads": 0.9})["co_recall"] == 1.0


def test_what_should_go_back_is_judged_by_itself() -> None:
    figures = judge(
        case("河", "out:water"), case("河", "roads"), case("路", "out:water"), case("路", "roads")
    )
    assert figures["not_ours_n"] == 2
    assert (figures["not_ours_precision"], figures["not_ours_recall"]) == (0.5, 0.5)
    assert figures["not_ours_unit_accuracy"] == 1.0
    assert not [key for key in judge(case("路", "roads")) if key.startswith("not_ours_")]


def test_the_prediction_set_is_judged_by_what_it_holds_and_how_large_it_is() -> None:
    figures = judge(case("路", "roads"), case("水", "lamps"), case("水", "drain"))
    assert figures["set_coverage"] == pytest.approx(2 / 3)
    assert figures["set_size"] == pytest.approx((1 + 2 + 2) / 3)


def test_cases_that_the_model_learned_are_counted() -> None:
    cases = [case("路", "roads"), case("灯", "lamps"), case("水", "roads")]
    model = Router(FixedModel(by_title=ANSWERS), SITE, today=date(2025, 6, 9))
    learned = packed_hashes([cases[0].text, cases[2].text, "别的\n"])
    assert evaluate(model, cases, ["roads"], learned=learned)["seen_in_training"] == 2
    assert evaluate(model, cases, ["roads"], learned=packed_hashes([]))["seen_in_training"] == 0


def test_an_older_model_does_not_tell_what_it_learned() -> None:
    assert judge(case("路", "roads"))["seen_in_training"] is None


def test_a_share_of_nothing_is_unknown_not_zero() -> None:
    figures = judge(case("水", "roads"))
    assert (figures["coverage"], figures["accuracy_covered"]) == (0.0, None)
