"""Working days by the State Council's calendar, and the deadlines that rest on them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta

from router.decision import Deadlines

__all__ = ["add_months", "add_working_days", "deadlines", "is_published", "working_days_until"]


def deadlines(received_on: date, working_days: int, months: int, holidays: Mapping[date, bool]) -> Deadlines:
    """Return the days by which to return and to reply.

    Parameters
    ----------
    received_on : date
        The day the case was handed to the bureau; the count starts next day.
    working_days, months : int
        The windows for returning and replying.
    holidays : mapping of date to bool
        Days the site adds: True where it is a day off.

    Returns
    -------
    Deadlines

    Examples
    --------
    >>> deadlines(date(2025, 9, 29), 5, 3, {}).return_by.isoformat()
    '2025-10-13'
    """
    try:
        return_by, certain = add_working_days(received_on, working_days, holidays)
        return Deadlines(return_by, add_months(received_on, months), certain)
    except (OverflowError, ValueError):  # a mistyped year 9999: no deadline rather than no answer
        return Deadlines(certain=False)


def add_working_days(start: date, days: int, holidays: Mapping[date, bool]) -> tuple[date, bool]:
    """Count working days after `start`.

    Returns
    -------
    day : date
    certain : bool
        False where the calendar of a year isn't published yet, so that
        Monday to Friday were counted.
    """
    day, certain = start, True
    while days:
        day += timedelta(days=1)
        works, known = _works_on(day, holidays)
        certain = certain and known
        days -= works
    return day, certain


def working_days_until(day: date, today: date, holidays: Mapping[date, bool]) -> int:
    """Count the working days that are left after today, the last one included.

    Examples
    --------
    >>> working_days_until(date(2025, 10, 13), date(2025, 9, 29), {})
    5
    """
    days = (today + timedelta(days=n) for n in range(1, (day - today).days + 1))
    return sum(_works_on(one, holidays)[0] for one in days)


def add_months(start: date, months: int) -> date:
    """Return the same day `months` later, or the month's last.

    Examples
    --------
    >>> add_months(date(2026, 11, 30), 3).isoformat()
    '2027-02-28'
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def is_published(year: int, holidays: Mapping[date, bool]) -> bool:
    """Say whether the days off of a year are known, from the library or the site.

    Examples
    --------
    >>> is_published(2025, {}), is_published(2099, {}), is_published(2099, {date(2099, 1, 1): True})
    (True, False, True)
    """
    return any(day.year == year for day in holidays) or _works_on(date(year, 1, 1), {})[1]


def _works_on(day: date, holidays: Mapping[date, bool]) -> tuple[bool, bool]:
    if day in holidays:
        return not holidays[day], True
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:  # a year the library doesn't know yet
        return day.weekday() < 5, False
