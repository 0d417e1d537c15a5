from __future__ import annotations

from collections.abc import Mapping

import pytest

from router.decision import OtherCase, SimilarCase
from router.interfaces import ModelOutput
from router.likeness import is_new_kind, least_similarity, same_matter, worth_showing
from router.proposal import Proposal
from router.site import Section, Site

from .fixed_model import axis

SITE = Site(sections={"drainage": Section("drainage", "排水管理所")})
LONG = Proposal(title="关于集镇污水的建议", body="集镇污水直排河沟，夏天气味很重，群众反映强烈。" * 4)
PAST = OtherCase("028", "关于污水管网的提案", "drainage", 2021, "A")
THRESHOLDS = {"merge": 0.5, "near": 0.06}


def output(*similar: float, batch: tuple[SimilarCase, ...] = ()) -> ModelOutput:
    found = tuple(SimilarCase(PAST, similarity) for similarity in similar)
    return ModelOutput(axis({"drainage": 1.0}), None, 1.0, {}, found, batch)


def reasons(given: ModelOutput, proposal: Proposal = LONG, **thresholds: float) -> list[str]:
    return [flag.reason for flag in same_matter(proposal, given, {**THRESHOLDS, **thresholds}, SITE)]


def test_only_cases_that_are_like_enough_are_shown() -> None:
    assert [s.similarity for s in worth_showing(output(0.4, 0.1, 0.09))] == [0.4, 0.1]


def test_a_past_case_about_the_same_matter_is_named_with_who_handled_it() -> None:
    [reason] = reasons(output(0.83, 0.6))
    named, handled = reason.split("，", 1)
    assert named == "与往年案件 2021 年 028 号《关于污水管网的提案》（相似 83%）像是同一件事"
    assert handled == "当时由排水管理所承办，结果 A"


def test_cases_of_the_same_batch_may_be_merged() -> None:
    others = tuple(SimilarCase(OtherCase(number), 0.7) for number in ("7", "8", "9", "10"))
    [reason] = reasons(output(0.2, batch=others))
    assert reason == "与同批案件 7 号（相似 70%）、8 号（相似 70%）、9 号（相似 70%）像是同一件事，请考虑并案"


@pytest.mark.parametrize("given", [output(0.49), output(), ModelOutput(axis({}), None, 1.0)])
def test_another_matter_is_not_flagged(given: ModelOutput) -> None:
    assert reasons(given) == []


def test_titles_alone_must_be_repeated_nearly_word_for_word() -> None:
    short = Proposal(title="关于制定停车管理办法的建议")
    assert reasons(output(0.7), short) == []
    assert len(reasons(output(0.85), short)) == 1
    assert least_similarity(short.text, 0.9) == 0.9


@pytest.mark.parametrize(
    ("given", "thresholds", "new"),
    [
        (output(0.05), THRESHOLDS, True),
        (output(), THRESHOLDS, True),
        (output(0.07), THRESHOLDS, False),
        (output(0.01), {"merge": 0.5}, False),
        (ModelOutput(axis({}), None, 1.0), THRESHOLDS, False),
    ],
)
def test_a_new_kind_is_far_from_all_past_cases(
    given: ModelOutput, thresholds: Mapping[str, float], new: bool
) -> None:
    assert is_new_kind(given, thresholds) is new
