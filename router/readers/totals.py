"""Rows of sums: 合计, 小计, 共12件."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["bare", "is_count", "is_total"]

_TOTAL = re.compile(r"^(?:本页|本类|本表|累计|分类)?(?:合计|小计|共计|总计|总数)(?:[:(\d共件条项].*)?$")
_COUNT = re.compile(r"^共?\d+[件条项]?$")


def bare(text: str) -> str:
    r"""Return the beginning of a cell without blanks and line breaks, in half width.

    Examples
    --------
    >>> bare("合　计\n（２件）")
    '合计(2件)'
    """
    return "".join(unicodedata.normalize("NFKC", text[:40]).split())


def is_total(text: str) -> bool:
    """Say whether a cell begins a row of sums.

    Examples
    --------
    >>> is_total("小 计：3件"), is_total("合计收费不合理")
    (True, False)
    """
    return bool(_TOTAL.match(bare(text)))


def is_count(text: str) -> bool:
    """Say whether a cell holds but a number of cases.

    Examples
    --------
    >>> is_count("共 2 件"), is_count("2号楼")
    (True, False)
    """
    return bool(_COUNT.match(bare(text)))
