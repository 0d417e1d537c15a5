"""Reading dates as ledgers write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import lru_cache

__all__ = ["parse_date"]

_PARTS = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s*[-/.年\s_]\s*(\d{1,2})\s*[-/.月\s_]\s*(\d{1,2})(?!\d)|"
    r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{6})?(?!\d)"
)
_CHINESE = re.compile(
    r"([二一][〇○零Oo九0][〇○零Oo一二三四五六七八九0]{2})年([一二三十]{1,3})月([一二三四五六七八九十]{1,3})日?"
)
_DIGITS = str.maketrans("〇○零Oo一二三四五六七八九", "00000123456789")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = range(20_000, 80_000)  # 1954 to 2119: other numbers are no dates
_LONGEST = 60


def parse_date(value: object) -> date | None:
    """Read a date cell or a date written in one of the common forms.

    Parameters
    ----------
    value : object
        A date, a datetime, an Excel serial number or a text.

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
    >>> parse_date("2019年春") is None
    True
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or value is None:
        return None
    return _parse_text(str(value)[: _LONGEST + 1])


@lru_cache(maxsize=4096)
def _parse_text(raw: str) -> date | None:
    text = unicodedata.normalize("NFKC", raw).strip().removesuffix(".0")
    if not text or len(text) > _LONGEST:
        return None
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text))
    if found := _PARTS.search(text):
        return _make(*(int(part) for part in found.groups() if part is not None))
    if found := _CHINESE.search(text):
        year, month, day = found.groups()
        return _make(int(year.translate(_DIGITS)), _small(month), _small(day))
    return None


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
