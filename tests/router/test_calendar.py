from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.calendar import add_months, add_working_days, deadlines

PUBLISHED = st.dates(date(2010, 1, 1), date(2025, 11, 30))


@pytest.mark.parametrize(
    ("start", "days", "day"),
    [
        (date(2025, 6, 9), 1, date(2025, 6, 10)),
        (date(2025, 6, 13), 1, date(2025, 6, 16)),  # over a weekend
        (date(2024, 9, 27), 2, date(2024, 9, 30)),  # 29 September 2024, a Sunday, was worked
        (date(2024, 9, 30), 1, date(2024, 10, 8)),  # 国庆
        (date(2024, 10, 8), 4, date(2024, 10, 12)),  # 12 October 2024, a Saturday, was worked
        (date(2025, 1, 24), 1, date(2025, 1, 26)),  # 26 January 2025, a Sunday before 春节, was worked
        (date(2025, 1, 27), 1, date(2025, 2, 5)),  # 春节
        (date(2025, 2, 7), 1, date(2025, 2, 8)),  # 8 February 2025, a Saturday after it, was worked
        (date(2025, 6, 9), 0, date(2025, 6, 9)),
    ],
)
def test_working_days_follow_the_state_councils_calendar(start: date, days: int, day: date) -> None:
    assert add_working_days(start, days, {}) == (day, True)


def test_the_sites_own_days_count_more_than_the_calendar() -> None:
    friday, saturday, monday = date(2025, 6, 13), date(2025, 6, 14), date(2025, 6, 16)
    assert add_working_days(friday, 1, {saturday: False}) == (saturday, True)
    assert add_working_days(friday, 1, {monday: True}) == (date(2025, 6, 17), True)


def test_a_year_without_calendar_counts_weekdays_and_says_so() -> None:
    assert add_working_days(date(2099, 6, 5), 1, {}) == (date(2099, 6, 8), False)  # Friday to Monday


def test_a_year_that_the_site_fills_in_is_certain() -> None:
    known = {date(2099, 6, 6): True, date(2099, 6, 7): True, date(2099, 6, 8): False}
    assert add_working_days(date(2099, 6, 5), 1, known) == (date(2099, 6, 8), True)


@given(PUBLISHED, st.integers(0, 15), st.integers(0, 15))
def test_counting_in_two_steps_ends_on_the_same_day(start: date, first: int, second: int) -> None:
    between, _ = add_working_days(start, first, {})
    assert add_working_days(between, second, {}) == add_working_days(start, first + second, {})


@given(PUBLISHED, st.integers(1, 15))
def test_a_deadline_is_never_a_day_off(start: date, days: int) -> None:
    day, _ = add_working_days(start, days, {})
    assert add_working_days(day - timedelta(days=1), 1, {})[0] == day


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2025, 3, 5), 3, date(2025, 6, 5)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2025, 1, 1), 24, date(2027, 1, 1)),
        (date(2025, 5, 5), 0, date(2025, 5, 5)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(start: date, months: int, day: date) -> None:
    assert add_months(start, months) == day


def test_deadlines_carry_both_days() -> None:
    found = deadlines(date(2025, 3, 5), 5, 3, {})
    assert (found.return_by, found.reply_by, found.certain) == (date(2025, 3, 12), date(2025, 6, 5), True)


@given(st.dates())
def test_no_date_is_too_far_away(received: date) -> None:
    found = deadlines(received, 10, 6, {})
    assert found.return_by is None or found.return_by > received
    assert found.reply_by is None or found.reply_by > received


def test_past_the_end_of_the_calendar_there_is_no_deadline() -> None:
    found = deadlines(date(9999, 12, 30), 5, 3, {})
    assert (found.return_by, found.reply_by, found.certain) == (None, None, False)
