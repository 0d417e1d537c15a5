from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.readers.dates import column_year, lacks_year, parse_date

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
        "2019.2.28日",
        "2019。2。28",
        "2019—02—28",
        "19年2月28日",
        "二零一九年二月二十八日",
        "二○一九年 二月 二十八日",
        "2019年二月28号",
        "'43524",
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


@pytest.mark.parametrize(
    "value",
    [
        "2月28日",
        "２月２８日",
        "2.28",
        2.28,
        "2/28",
        "2-28",
        "02.28",
        "二月二十八日",
        "2月28号",
        "2月28日（周四）",
        "2月28日 9:30",
    ],
)
def test_a_day_without_a_year_is_read_where_the_year_is_known(value: object) -> None:
    assert lacks_year(value)
    assert parse_date(value) is None
    assert parse_date(value, year=2019) == DAY


@pytest.mark.parametrize(
    "value", ["2019年2月", "2月", "二月", "28日", "2月30日", "2月28日至3月2日", "2.28万元", "待定"]
)
def test_what_is_no_day_is_none_in_any_year(value: object) -> None:
    assert parse_date(value, year=2019) is None


@given(st.text("1:时上午 月日.", max_size=60))
def test_odd_texts_cost_little(tail: str) -> None:
    parse_date(f"3月2日{tail}", year=2019)


@pytest.mark.parametrize("value", [3.1, 3.2, 3.3])
def test_a_number_that_may_have_lost_its_last_nought_is_no_day(value: float) -> None:
    assert parse_date(value, year=2019) is None
    assert parse_date(str(value), year=2019) == date(2019, 3, int(str(value)[-1]))


def test_a_year_is_known_where_the_column_and_its_titles_agree() -> None:
    assert column_year(["2026-03-02", "3月5日", "待定"]) == 2026
    assert column_year(["3月5日"], "2026年政协提案台账") == 2026
    assert column_year(["3月5日"], "二〇二六年台账") == 2026
    assert column_year(["3月5日"], "", "收件/台账20260312.xlsx") == 2026
    assert column_year(["2026-03-02", "3月5日"], "2026年台账", "台账（2025模板）.xlsx") == 2026


@pytest.mark.parametrize(
    ("cells", "titles", "file"),
    [
        (["2025-12-30", "2026-01-04", "3月5日"], "", ""),
        (["2025-12-30", "1月5日"], "2026年台账", "2026.csv"),
        (["3月5日"], "2025—2026年台账", ""),
        (["3月5日"], "", "案号2026001.csv"),
        (["3月5日"], "", ""),
        (["2026-03-02"], "2026年", ""),
    ],
)
def test_a_year_is_never_guessed(cells: list[object], titles: str, file: str) -> None:
    assert column_year(cells, titles, file) is None


@given(
    st.dates(date(1955, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["{}月{}日", "{}.{}", "{}/{}", "{}-{}", "{} 月 {} 号"]),
)
def test_every_day_without_a_year_is_that_of_the_year(day: date, form: str) -> None:
    assert parse_date(form.format(day.month, day.day), year=day.year) == day


@given(
    st.dates(date(1955, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d"]),
)
def test_every_day_is_read_in_every_form(day: date, form: str) -> None:
    assert parse_date(day.strftime(form)) == day


@given(st.one_of(st.text(), st.floats(), st.integers(), st.text("0123456789年月日-/.十二〇", max_size=20)))
def test_nothing_raises(value: object) -> None:
    assert parse_date(value) is None or isinstance(parse_date(value), date)
