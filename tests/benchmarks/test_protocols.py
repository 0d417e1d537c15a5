from __future__ import annotations

from datetime import date

import pytest

from benchmarks.protocols import by_date, curve, few, folds

LABELS = ["a"] * 20 + ["b"] * 10 + ["rare"] * 4


def test_rare_labels_only_train() -> None:
    [splits] = folds(LABELS, 5).rounds
    rare = {30, 31, 32, 33}
    assert all(rare <= set(split.learn) for split in splits)
    assert sorted(at for split in splits for at in split.judge) == list(range(30))


def test_nothing_is_judged_by_a_model_that_learned_it() -> None:
    rounds = [*folds(LABELS, 5).rounds, *few(34, 10).rounds, *curve(LABELS, 8).rounds]
    assert all(not set(split.learn) & set(split.judge) for splits in rounds for split in splits)


def test_draws_of_few_cases_differ_and_repeat() -> None:
    first, again = few(34, 10).rounds, few(34, 10).rounds
    assert first == again
    assert len({tuple(splits[0].learn) for splits in first}) == 3


def test_dates_decide_what_is_learned() -> None:
    days = [date(2020, 1, day) for day in (5, 1, 4, 2, 3)]
    [[split]] = by_date(days, 0.8).rounds
    assert split.learn == [1, 3, 4, 2]
    assert split.judge == [0]


def test_a_case_without_a_date_is_told() -> None:
    with pytest.raises(ValueError, match="1 of 2 cases have no date"):
        by_date([date(2020, 1, 1), None], 0.5)


def test_a_curve_judges_the_same_cases_at_every_point() -> None:
    judged = [curve(LABELS, n).rounds[0][0].judge for n in (0, 5, 10, None)]
    assert all(part == judged[0] for part in judged)


def test_labels_that_are_all_rare_are_refused() -> None:
    with pytest.raises(ValueError, match="no label has 5 cases"):
        folds(["a", "b"], 5)
