"""What a case is: one deputy's suggestion or political adviser's proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

__all__ = ["Proposal", "case_text"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
# one space for one line break, so that offsets into the title stay true
_ONE_LINE = str.maketrans(dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True, slots=True)
class Proposal:
    """One case as it reached the bureau.

    The fields are the columns of the case table; what is unknown is empty.

    Parameters
    ----------
    case_id : str
        The case's own number; a string, because leading zeros count.
    title, body : str
        案由 and 正文. At least one of them holds text.
    section : str
        The section that led the case, where that is already known.
    co_sections : tuple of str
        Sections (or ``out:`` units) that co-handled it.
    topic : str
        Topic id, where known.
    received_on : date or None
        The day the bureau received it.
    received_text : str
        What stands in the source for that day, where it can't be understood.
    kind : str
        ``建议`` or ``提案``.
    session, level : str
        届次, and 县 | 市 | 省 | 国.
    role : str
        What the bureau itself is for the case: sole, lead, co or separate.
    lead_unit : str
        The outside unit that leads when ``role`` is ``co``.
    proposer, result : str
        Who filed it; the outcome letter (never an input of a model).
    extra : mapping of str to str
        Columns of the source that fenban has no name for, kept as they were.
    source : str
        The file (and row) it was read from.

    Examples
    --------
    >>> Proposal(case_id="028", title="关于修复人民路路面的建议").case_id
    '028'
    """

    case_id: str = ""
    title: str = ""
    body: str = ""
    section: str = ""
    co_sections: tuple[str, ...] = ()
    topic: str = ""
    received_on: date | None = None
    kind: str = ""
    session: str = ""
    level: str = ""
    role: str = ""
    lead_unit: str = ""
    proposer: str = ""
    result: str = ""
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    source: str = ""
    received_text: str = ""

    @property
    def text(self) -> str:
        """Title and body as a classifier reads them; see `case_text`."""
        return case_text(self.title, self.body)


def case_text(title: str, body: str) -> str:
    r"""Join title and body so that the title can be told apart again.

    A classifier gets one string a case; its first line is the title (empty
    where there is none), the rest is the body.

    Parameters
    ----------
    title, body : str

    Returns
    -------
    str

    Examples
    --------
    >>> case_text("路灯 不亮", "文昌街整条街\n不亮。")
    '路灯 不亮\n文昌街整条街\n不亮。'
    """
    return f"{title.translate(_ONE_LINE)}\n{body}"
