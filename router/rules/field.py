"""A rule that fires on what a register says about a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from router.decision import Candidate, Vote
from router.proposal import Proposal
from router.rules.base import Effect, word_list

__all__ = ["FieldRule"]

_FIELDS = ("kind", "session", "level", "role", "lead_unit", "proposer")
_NO_FIELDS = {part.name for part in fields(Proposal)} - {*_FIELDS}
"""Parts of a case that aren't compared: texts are for keyword rules, the rest says who handled it."""


class FieldRule:
    """Fires where a field of the case has one of the given values.

    Parameters
    ----------
    name : str
    effect, target, reason : str
        What happens then; see `router.rules.base.Effect`.
    field : str
        ``kind``, ``session``, ``level``, ``role``, ``lead_unit`` or
        ``proposer``; or a column that the register has beside them.
    values : sequence of str
    contains : bool
        Whether a part of the field is enough.

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
    ) -> None:
        self.name = name
        self._effect = Effect.parse(name, effect, target, reason)
        if not field:
            raise ValueError(f"缺少 field（如 {'、'.join(_FIELDS)}）")
        if field in _NO_FIELDS:
            raise ValueError(f"field 不能是 {field}，可写 {'、'.join(_FIELDS)} 或台账里的其他列名")
        if field.isascii() and field not in _FIELDS:
            raise ValueError(f"field {field!r} 不是 {'、'.join(_FIELDS)} 之一，也不是台账里的中文列名")
        self._column = field
        self._values = word_list("values", values)
        if not self._values:
            raise ValueError("缺少 values")
        self._contains = contains

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:  # noqa: ARG002
        """Return one vote where the field fits."""
        known = self._column in _FIELDS
        value: str = getattr(proposal, self._column) if known else proposal.extra.get(self._column, "")
        found = (wanted in value if self._contains else wanted == value for wanted in self._values)
        fits = any(found)
        return [self._effect.vote()] if fits else []
