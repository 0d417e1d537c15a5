from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.site import Settings
from training.held_out import HeldOut, left_out
from training.thresholds import find_thresholds, precision_threshold

judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


@given(judged, st.floats(0, 1))
def test_above_the_threshold_the_promise_is_kept(pairs: list[tuple[float, bool]], target: float) -> None:
    score, right = (np.array(column) for column in zip(*pairs, strict=True))
    threshold = precision_threshold(score, right, target)
    if threshold is not None:
        above = right[score >= threshold]
        assert len(above) >= 20
        assert above.mean() >= target


def test_the_threshold_is_about_the_lowest_that_keeps_it() -> None:
    score = np.linspace(0, 1, 10_001)
    assert precision_threshold(score, score >= 0.5, 0.9) == pytest.approx(0.45, abs=0.02)
    assert precision_threshold(score, score >= 0.5, 0.4) == 0.0


def test_few_cases_must_do_better_to_promise_the_same() -> None:
    few, many = (
        precision_threshold(s, s >= 0.5, 0.9) for s in (np.linspace(0, 1, 101), np.linspace(0, 1, 9_001))
    )
    assert few is not None
    assert many is not None
    assert few >= many


def test_cases_of_one_score_stand_or_fall_together() -> None:
    score = np.array([0.9] * 30 + [0.5] * 30)
    right = np.array([True] * 30 + [True] * 20 + [False] * 10)
    assert precision_threshold(score, right, 0.9) == pytest.approx(0.9)


def test_too_few_cases_can_promise_nothing() -> None:
    assert precision_threshold(np.ones(19), np.ones(19, dtype=bool), 0.9) is None
    assert precision_threshold(np.ones(40), np.zeros(40, dtype=bool), 0.9) is None
    assert precision_threshold(np.zeros(0), np.zeros(0, dtype=bool), 0.9) is None


def sample(n: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of a calibrated model of three labels, and the true columns."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.4, 0.4, 0.4], size=n)
    return probabilities, (probabilities.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)


def found(
    probabilities: np.ndarray, target: np.ndarray, labels: str = "a b c", **settings: float
) -> dict[str, float]:
    """Return the thresholds of cases that were left out one by one."""
    return find_thresholds(left_out(probabilities, target), labels.split(), Settings(**settings))  # type: ignore[arg-type]


def test_thresholds_keep_the_sites_promises_on_the_held_out_cases() -> None:
    probabilities, target = sample(4000)
    bar = found(probabilities, target, "a b out:x", precision_target=0.9, not_ours_precision=0.85)
    back = probabilities[:, 2] >= bar["not_ours"]
    assert (target == 2)[back].mean() >= 0.85
    inside = probabilities[:, :2]
    own = np.array([bar.get("accept:a", bar["accept"]), bar.get("accept:b", bar["accept"])])
    lead = inside.argmax(axis=1)
    sure = ~back & (inside.max(axis=1) >= own[lead])
    assert (lead == target)[sure].mean() >= 0.9


def careless(share: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return cases of which `share` of those led by the first label belong to the second."""
    probabilities, target = sample(n)
    wrong = (probabilities.argmax(axis=1) == 0) & (np.random.default_rng(1).random(n) < share)
    return probabilities, np.where(wrong, 1, target)


def test_a_section_that_led_wrongly_more_often_than_it_said_must_be_surer() -> None:
    bar = found(*careless(0.05), precision_target=0.9)
    assert bar["accept:a"] > bar["accept"] > max(bar["accept:b"], bar["accept:c"])


def test_with_its_own_thresholds_the_promise_is_kept_by_more_cases_and_better_by_each_section() -> None:
    probabilities, target = careless(0.2)
    bar = found(probabilities, target, precision_target=0.9)
    lead, probability = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = lead == target
    own = np.array([bar[f"accept:{label}"] for label in "abc"])[lead]
    common = precision_threshold(probability, right, 0.9)
    assert right[probability >= own].mean() >= 0.9
    assert (probability >= own).sum() > (probability >= common).sum()
    worst = [right[(lead == 0) & (probability >= least)].mean() for least in (own, common)]
    assert worst[0] > worst[1]


def test_a_section_of_few_cases_has_the_common_threshold() -> None:
    probabilities, target = sample(2000)
    leads = probabilities.argmax(axis=1)
    few = np.concatenate([np.flatnonzero(leads != 0), np.flatnonzero(leads == 0)[:19]])
    bar = found(probabilities[few], np.where(leads == 0, 1, target)[few])  # and all nineteen are wrong
    assert "accept:a" not in bar
    assert {"accept", "accept:b", "accept:c"} <= set(bar)


def test_the_case_a_threshold_was_found_at_reaches_it() -> None:
    probabilities = np.tile([0.9, 0.1], (60, 1))
    bar = found(probabilities, np.zeros(60, dtype=int), "a b")
    assert 0.89 < bar["accept"] <= 0.9
    assert bar.get("accept:a", bar["accept"]) <= 0.9


def in_set(probabilities: np.ndarray, least: float) -> np.ndarray:
    rank = (-probabilities).argsort(axis=1).argsort(axis=1) + 1
    held: np.ndarray = (probabilities / rank >= least) | (rank == 1)
    return held


def test_the_prediction_set_holds_the_true_label_as_often_as_promised() -> None:
    least = found(*sample())["set"]
    probabilities, target = sample(4000, seed=4)
    held = in_set(probabilities, least)[np.arange(4000), target]
    assert held.mean() == pytest.approx(0.95, abs=0.02)


def test_a_true_label_further_down_counts_by_its_probability_and_its_rank() -> None:
    probabilities = np.tile([0.5, 0.3, 0.2], (19, 1))
    known = np.ones(19, dtype=bool)
    judged = HeldOut(probabilities, np.array([0] * 18 + [2]), known)
    assert find_thresholds(judged, ["a", "b", "c"], Settings())["set"] == pytest.approx(0.2 / 3)
    judged = HeldOut(probabilities, np.array([0] * 18 + [1]), known)
    assert find_thresholds(judged, ["a", "b", "c"], Settings())["set"] == pytest.approx(0.3 / 2)


def test_labels_that_the_judging_model_never_learned_do_not_widen_the_set() -> None:
    probabilities, target = sample(400)
    strange = np.zeros(400, dtype=bool)
    strange[:60] = True
    hard = np.where(strange[:, None], np.array([1.0, 0.0, 0.0]), probabilities)
    target = np.where(strange, 2, target)
    both = find_thresholds(HeldOut(hard, target, ~strange), ["a", "b", "c"], Settings())
    without = find_thresholds(HeldOut(*sample(400), ~strange), ["a", "b", "c"], Settings())
    assert both["set"] == without["set"] > 0


def test_the_only_case_of_a_label_counts_as_unknown_to_the_model_that_judged_it() -> None:
    judged = left_out(np.full((4, 3), 1 / 3), np.array([0, 0, 1, 0]))
    assert judged.known.tolist() == [True, True, False, True]


def test_without_outside_units_nothing_goes_back() -> None:
    assert "not_ours" not in found(*sample())
    assert "not_ours" not in found(*sample(), "out:a out:b out:c")


def test_without_held_out_cases_the_router_keeps_its_defaults() -> None:
    assert found(np.zeros((0, 3)), np.zeros(0, dtype=int)) == {}


def test_a_handful_of_cases_sets_no_bar() -> None:
    bar = found(*sample(10), "a b out:x")
    assert set(bar) == {"set"}
    assert bar["set"] == 0.0


def test_where_no_threshold_keeps_the_promise_nothing_reaches_the_one_returned() -> None:
    random = np.random.default_rng(5)
    guesses, target = random.dirichlet([1, 1, 1], size=600), random.integers(3, size=600)
    for bar in (found(guesses, target), found(*sample(2000), precision_target=1.0)):
        assert bar["accept"] > 1
        assert not [name for name in bar if name.startswith("accept:")]
