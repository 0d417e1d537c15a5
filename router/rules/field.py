"""A rule that fires on what a register says about a case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from dataclasses import field as part
from typing import Self

from router.proposal import Proposal
from router.rules.base import Effect, WrongKeyError, word_list
from router.rules.condition_rule import ConditionRule
from router.rules.conditions import Words
from router.rules.reading import Reading

__all__ = ["FieldRule", "FieldTest"]

_FIELDS = ("kind", "session", "level", "role", "lead_unit", "proposer")
_COLUMNS = {
    "co_authors": (
        "co_authors", "附议人", "附议人数", "附议代表", "附议委员", "附议", "联名人", "联名人数", "联名代表",
        "联名委员", "联名",
    ),
    "delegation": ("delegation", "代表团", "界别", "代表团（界别）", "所在代表团", "所属界别"),
}  # fmt: skip
"""What registers call columns that the case table has no name for."""
_COUNTED = ("co_authors",)
_KNOWN = (*_FIELDS, *_COLUMNS)
_NO_FIELDS = {part.name for part in fields(Proposal)} - {*_FIELDS}
"""Parts of a case that aren't compared: texts are for keyword rules, the rest says who handled it."""

_COUNT = re.compile(r"\d+")
_TOTAL = re.compile(r"[等共计]+\s*(\d+)\s*[人名位]")
_BETWEEN = re.compile(r"[\s、,，;；/]+")


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A field that must have one of some values, or a number within bounds.

    Parameters
    ----------
    name : str
    values : tuple of str
    contains : bool
        Whether a part of the field is enough.
    at_least, at_most : int or None
    """

    name: str
    values: tuple[str, ...] = ()
    contains: bool = False
    at_least: int | None = None
    at_most: int | None = None
    words: frozenset[str] = part(default=frozenset(), init=False)
    trigger: None = part(default=None, init=False)

    @classmethod
    def parse(cls, name: object, values: Sequence[str], contains: object, *bounds: object) -> Self:
        """Check the keys of a rule file; `bounds` are ``at_least`` and ``at_most``.

        Raises
        ------
        WrongKeyError
        """
        if not isinstance(name, str) or not name:
            raise WrongKeyError("field", f"缺少 field（如 {'、'.join(_KNOWN)}）")
        _check_name(name)
        listed = word_list("values", values)
        least, most = (_bound(key, v) for key, v in zip(("at_least", "at_most"), bounds, strict=True))
        if not listed and least is None and most is None:
            raise WrongKeyError("values", "缺少 values（或 at_least、at_most）")
        if listed and (least is not None or most is not None):
            raise WrongKeyError("values", "values 与 at_least、at_most 只能写一种")
        if not isinstance(contains, bool):
            raise WrongKeyError("contains", f"contains 应是 true 或 false，现为 {contains!r}")
        if listed and name in _COUNTED:
            raise WrongKeyError("values", f"{name} 是数目，请写 at_least 或 at_most")
        return cls(name, listed, contains, least, most)

    def met(self, reading: Reading) -> bool:
        """Say whether the field fits."""
        if self.values:
            value = self._value(reading.proposal)
            return any(wanted in value for wanted in self.values) if self.contains else value in self.values
        number = counted(self._value(reading.proposal))
        if number is None:
            return False
        return (self.at_least is None or number >= self.at_least) and (
            self.at_most is None or number <= self.at_most
        )

    def why(self, reading: Reading) -> str:
        """Say what the field holds and what was asked for."""
        if self.values:
            wanted = f"{'含' if self.contains else '为'}{'、'.join(self.values)}"
            return f"{self.name} 是“{self._value(reading.proposal)}”，要求{wanted}"
        number = counted(self._value(reading.proposal))
        held = "没有数目" if number is None else f"是 {number}"
        least = f"不少于 {self.at_least}" if self.at_least is not None else ""
        most = f"不多于 {self.at_most}" if self.at_most is not None else ""
        return f"{self.name} {held}，要求{'、'.join(filter(None, (least, most)))}"

    def _value(self, proposal: Proposal) -> str:
        if self.name in _FIELDS:
            value: str = getattr(proposal, self.name)
            return value
        extra = proposal.extra
        if not extra:
            return ""
        return next((extra[name] for name in _COLUMNS.get(self.name, (self.name,)) if extra.get(name)), "")


def _check_name(name: str) -> None:
    if name in _NO_FIELDS:
        known = "、".join(_KNOWN)
        raise WrongKeyError("field", f"field 不能是 {name}，可写 {known} 或台账里的其他列名")
    if name.isascii() and name not in _KNOWN:
        known = "、".join(_KNOWN)
        raise WrongKeyError("field", f"field {name!r} 不是 {known} 之一，也不是台账里的中文列名")


def _bound(key: str, value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise WrongKeyError(key, f"{key} 应是不小于 0 的整数，现为 {value!r}")


def counted(value: str) -> int | None:
    """Return the number that a cell holds, or how many names it lists.

    Examples
    --------
    >>> [counted(value) for value in ("12", "12人", "甲某、乙某，丙某", "甲某等12人", "")]
    [12, 12, 3, 12, None]
    """
    if not value.strip():
        return None
    told = _TOTAL.search(value) or _COUNT.search(value)
    if told:
        return int(told.group(told.lastindex or 0)[:9])
    return sum(1 for name in _BETWEEN.split(value.strip()) if name)


class FieldRule(ConditionRule):
    """Fires where a field of the case has one of the given values, or a number within bounds.

    Parameters
    ----------
    name : str
    effect, target, reason : str
        What happens then; see `router.rules.base.Effect`.
    field : str
        ``kind``, ``session``, ``level``, ``role``, ``lead_unit``,
        ``proposer``, ``delegation`` or ``co_authors`` (how many); or a
        column that the register has beside them.
    values : sequence of str
    contains : bool
        Whether a part of the field is enough.
    at_least, at_most : int, optional
        Instead of `values`, for numbers; a list of names is counted.
    any, all, none, within, match
        As for `router.rules.keyword.KeywordRule`; no word need be given.

    Examples
    --------
    >>> rule = FieldRule("省级案件", "flag", "key", "省级案件，局长领办", field="level", values=["省"])
    >>> [vote.target for vote in rule.evaluate(Proposal(title="修路", level="省"), ())]
    ['key']
    """

    def __init__(
        self,
        name: str = "",
        effect: str = "",
        target: str = "",
        reason: str = "",
        *,
        field: str = "",
        values: Sequence[str] = (),
        contains: bool = False,
        at_least: int | None = None,
        at_most: int | None = None,
        any: Sequence[str] = (),  # noqa: A002  # the word a rule file uses
        all: Sequence[str | Sequence[str]] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
        match: str = "substring",
    ) -> None:
        parsed = Effect.parse(name, effect, target, reason)
        test = FieldTest.parse(field, values, contains, at_least, at_most)
        super().__init__(parsed, [test, Words.parse(any, all, none, within, match)])
