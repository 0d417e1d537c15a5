from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.readers.dates import parse_date

DAY = date(2019, 2, 28)


@pytest.mark.parametrize(
    "value",
    [
        "2019-2-28",
        "2019-02-28",
        "2019/2/28 11:25",
        "2019年2月28日",
        "2019 年 2 月 28 日",
        "20190228",
        "20190228112500",
        "2019.02.28",
        "２０１９年２月２８日",
        "二〇一九年二月二十八日",
        "2019-02-28T11:25:00Z",
        "43524",
        43524,
        43524.47,
        20190228.0,
        DAY,
        datetime(2019, 2, 28, 11, 25),  # noqa: DTZ001  cells of Excel know no zone
    ],
)
def test_common_forms_are_read(value: object) -> None:
    assert parse_date(value) == DAY


@pytest.mark.parametrize(
    "value", ["", "待定", "2019年春", "2019-13-45", "2019-02-30", "28", 28, True, None, "1.5", "3月5日"]
)
def test_what_is_no_date_is_none(value: object) -> None:
    assert parse_date(value) is None


@given(
    st.dates(date(1955, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d"]),
)
def test_every_day_is_read_in_every_form(day: date, form: str) -> None:
    assert parse_date(day.strftime(form)) == day


@given(st.one_of(st.text(), st.floats(), st.integers(), st.text("0123456789年月日-/.十二〇", max_size=20)))
def test_nothing_raises(value: object) -> None:
    assert parse_date(value) is None or isinstance(parse_date(value), date)
