from __future__ import annotations

import numpy as np
import pytest

from models.classifier import RidgeTextClassifier
from models.co_handling import CoHandling, highest_part
from router.interfaces import Tokenizer
from router.proposal import case_text

LAMP, ROAD, DRAIN = "路灯股", "道路所", "排水所"
ASKS = {LAMP: "文昌街的路灯不亮请维修", ROAD: "人民路路面坑洼请修补", DRAIN: "下水道堵塞请疏通管网"}
PLACES = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未"
CLOSING = "望早日办理为盼"


def past_cases() -> tuple[list[str], list[str], list[list[str]]]:
    """Return cases that ask the lead for two things, and two in three of them somebody else for a third."""
    texts, leads, together = [], [], []
    for at, place in enumerate(PLACES):
        for number, lead in enumerate(ASKS):
            other = list(ASKS)[(number + 1 + at % 2) % 3]
            last = ASKS[other] if at % 3 else CLOSING
            body = f"{place}地{ASKS[lead]}。{ASKS[lead]}。{last}。"
            texts.append(case_text(f"{ASKS[lead]}的建议", body))
            leads.append(lead)
            together.append([other] if at % 3 else [])
    return texts, leads, together


@pytest.fixture(scope="module")
def section(tokenizer: Tokenizer) -> RidgeTextClassifier:
    texts, leads, _ = past_cases()
    return RidgeTextClassifier(tokenizer=tokenizer).fit(texts, leads)


@pytest.fixture(scope="module")
def co(section: RidgeTextClassifier) -> CoHandling:
    fitted = CoHandling(section).fit(*past_cases())
    assert fitted is not None
    return fitted


def of_parts(section: RidgeTextClassifier, texts: list[str]) -> np.ndarray:
    features = section.embedding_.features
    seen = features.see(texts, parts=True)
    return highest_part(section.proba_of(seen.rows[len(texts) :]), seen.laid.parts.owner, len(texts))


def probabilities(co: CoHandling, text: str) -> dict[str, float]:
    seen = co.section.embedding_.features.see([text])
    (row,) = co.probabilities(seen.matrix, co.section.proba_of(seen.matrix), of_parts(co.section, [text]))
    return dict(zip(co.classes_.tolist(), row.tolist(), strict=True))


def test_another_request_speaks_for_its_section(co: CoHandling) -> None:
    def case(last: str) -> str:
        return case_text(f"{ASKS[LAMP]}的建议", f"{ASKS[LAMP]}。{ASKS[LAMP]}。{last}。")

    asked, alone = probabilities(co, case(ASKS[ROAD])), probabilities(co, case(CLOSING))
    assert asked[ROAD] > max(alone[ROAD], asked[DRAIN])
    assert all(0 <= p <= 1 for p in [*asked.values(), *alone.values()])


def test_the_threshold_is_one_that_a_person_would_read(co: CoHandling) -> None:
    assert 0.3 <= co.threshold_ <= 0.9


def test_it_comes_back_from_its_state(co: CoHandling, section: RidgeTextClassifier) -> None:
    again = CoHandling.from_state(co.state(), section)
    text = past_cases()[0][0]
    assert probabilities(again, text) == probabilities(co, text)
    assert again.threshold_ == co.threshold_


def test_too_few_co_handled_cases_teach_nothing(section: RidgeTextClassifier) -> None:
    texts, leads, together = past_cases()
    few = [labels if at < 30 else [] for at, labels in enumerate(together)]
    assert CoHandling(section).fit(texts, leads, few) is None


def test_a_lead_that_is_listed_as_its_own_co_section_does_not_count(section: RidgeTextClassifier) -> None:
    texts, leads, _ = past_cases()
    assert CoHandling(section).fit(texts, leads, [[lead] for lead in leads]) is None


def test_a_co_section_of_every_case_is_no_crash(tokenizer: Tokenizer) -> None:
    texts, leads, _ = past_cases()
    section = RidgeTextClassifier(tokenizer=tokenizer).fit(texts, leads)
    fitted = CoHandling(section).fit(texts, leads, [["办公室"]] * len(texts))
    assert fitted is None or np.isfinite(list(probabilities(fitted, texts[0]).values())).all()


def test_a_lead_of_a_single_case_is_no_crash(tokenizer: Tokenizer) -> None:
    texts, _, together = past_cases()
    leads = ["办公室"] * (len(texts) - 1) + [DRAIN]
    section = RidgeTextClassifier(tokenizer=tokenizer).fit(texts, leads)
    assert CoHandling(section).fit(texts, leads, together) is not None


def test_parts_are_judged_one_by_one(section: RidgeTextClassifier) -> None:
    two = case_text("", f"{ASKS[LAMP]}。{ASKS[ROAD]}。")
    one = case_text("", f"{ASKS[LAMP]}。")
    highest = of_parts(section, [two, one, "\n"])
    column = {label: at for at, label in enumerate(section.classes_.tolist())}
    assert highest[0, column[LAMP]] > 0.4
    assert highest[0, column[ROAD]] > 0.4
    assert highest[1:].tolist() == [[0, 0, 0], [0, 0, 0]]
