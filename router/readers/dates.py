"""Reading dates as ledgers write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

__all__ = ["column_year", "lacks_year", "parse_date"]

_BETWEEN = r"\s*[-/.。—–·_\s]\s*"
_PARTS = re.compile(
    rf"(?<!\d)((?:19|20)\d\d)(?:\s*年\s*|{_BETWEEN})(\d{{1,2}})(?:\s*月\s*|{_BETWEEN})(\d{{1,2}})(?!\d)|"
    r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{6})?(?!\d)"
)
_SHORT_YEAR = re.compile(r"(?<!\d)(\d\d)\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})(?!\d)")
_NO_YEAR = re.compile(
    r"(\d{1,2})(?:\s*月\s*|\s*[-/.。]\s*)(\d{1,2})\s*[日号]?"
    r"\s*(?:[(](?:周|星期).{1,2}[)]|(?:周|星期)[一二三四五六日天])?\s*(?:[上下]午)?\s*(?:\d{1,2}[:时点][\d:分]*)?"
)
_DIGIT, _SMALL = "〇○零Oo一二三四五六七八九", "一二三四五六七八九十"
_YEAR_IN_WORDS = re.compile(rf"[二一][{_DIGIT}0]{{3}}(?=\s*年)")
_SMALL_IN_WORDS = re.compile(rf"(?<![{_SMALL}])[{_SMALL}]{{1,3}}(?=\s*[月日号]|$)")
_DIGITS = str.maketrans(_DIGIT, "00000123456789")
_YEAR_NAMED = re.compile(
    r"(?<!\d)(20\d\d)(?!\d)|(?<!\d)(20\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
_LOST_NOUGHT = re.compile(r"\d{1,2}\.[123]")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)  # 1954 to 2119: other numbers are no dates
_LONGEST = 60


def parse_date(value: object, year: int | None = None) -> date | None:
    """Read a date cell or a date written in one of the common forms.

    Parameters
    ----------
    value : object
        A date, a datetime, an Excel serial number or a text.
    year : int, optional
        Of a day that is written without one.

    Returns
    -------
    date or None
        None where `value` is no complete date.

    Examples
    --------
    >>> parse_date("2019/2/28 11:25")
    datetime.date(2019, 2, 28)
    >>> parse_date("二〇一九年二月二十八日")
    datetime.date(2019, 2, 28)
    >>> parse_date(43524.47)
    datetime.date(2019, 2, 28)
    >>> parse_date("３月５日", year=2019)
    datetime.date(2019, 3, 5)
    >>> parse_date("2019年春") is None
    True
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or value is None:
        return None
    raw = str(value)[: _LONGEST + 1]
    if found := _parse_text(raw):
        return found
    parts = _day_parts(raw) if year and lacks_year(value) else None
    return _make(year, *parts) if year and parts else None


def lacks_year(value: object) -> bool:
    """Say whether a cell holds month and day and no year.

    A number such as 3.2 may have been 3.20: a spreadsheet drops the nought.

    Examples
    --------
    >>> lacks_year("3月5日"), lacks_year("2019年3月5日"), lacks_year(3.15), lacks_year(3.2)
    (True, False, True, False)
    """
    if not isinstance(value, str | float) or (
        isinstance(value, float) and _LOST_NOUGHT.fullmatch(str(value))
    ):
        return False
    return _day_parts(str(value)[: _LONGEST + 1]) is not None


def column_year(cells: Iterable[object], titles: str = "", file: str = "") -> int | None:
    """Return the year of the days in a column that are written without one.

    Parameters
    ----------
    cells : iterable of object
    titles : str
        What stands above the column, and the name of the sheet.
    file : str
        Name of the file, which tells only where nothing else does.

    Returns
    -------
    int or None
        None where no cell needs it, or nothing or too much tells it.

    Examples
    --------
    >>> column_year(["2019-03-04", "3月5日"]), column_year(["3月5日"], "2026年台账")
    (2019, 2026)
    """
    cells = list(cells)
    if not any(map(lacks_year, cells)):
        return None
    years = {day.year for cell in cells if (day := parse_date(cell))} | _years(titles)
    years = years or _years(file)
    return years.pop() if len(years) == 1 else None


def _years(text: str) -> set[int]:
    plain = _in_digits("".join(unicodedata.normalize("NFKC", text[:400]).split()))
    return {int(one or other) for one, other in _YEAR_NAMED.findall(plain)}


@lru_cache(maxsize=4096)
def _parse_text(raw: str) -> date | None:
    text = _plain(raw)
    if not text:
        return None
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text))
    if found := _PARTS.search(text):
        return _make(*(int(part) for part in found.groups() if part is not None))
    if found := _SHORT_YEAR.search(text):
        year, month, day = map(int, found.groups())
        return _make(2000 + year, month, day)
    return None


@lru_cache(maxsize=4096)
def _day_parts(raw: str) -> tuple[int, int] | None:
    found = _NO_YEAR.fullmatch(_plain(raw))
    return (int(found[1]), int(found[2])) if found else None


def _plain(raw: str) -> str:
    """Return a short text in half width with its numbers in digits; nothing for a longer one."""
    text = unicodedata.normalize("NFKC", raw).strip().removeprefix("'").removesuffix(".0")
    return _in_digits(text) if len(text) <= _LONGEST else ""


def _in_digits(text: str) -> str:
    text = _YEAR_IN_WORDS.sub(lambda found: found[0].translate(_DIGITS), text)
    return _SMALL_IN_WORDS.sub(lambda found: str(_small(found[0])), text)


def _from_serial(serial: float) -> date | None:
    return _EXCEL_EPOCH + timedelta(days=int(serial)) if int(serial) in _SERIALS else None


def _small(text: str) -> int:
    """Read a Chinese number below 100; what is none becomes 0, which is no month or day."""
    tens, ten, ones = text.rpartition("十")
    digits = (tens or "一" if ten else "") + (ones or "〇")
    return int(digits.translate(_DIGITS)) if "十" not in digits else 0


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
