"""What a person decided about a suggestion."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from router.errors import InputError
from router.site import Site, is_outside

__all__ = ["Verdict", "VerdictKind"]


class VerdictKind(StrEnum):
    """What became of the suggestion."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's decision; the newest of a case stands and is training data of next year.

    Parameters
    ----------
    kind : VerdictKind
    section : str
        The lead, of a changed one; of a case that goes back to its sender,
        the ``out:`` unit it belongs to, where known.
    co_sections : tuple of str
    topic : str
        Both only of a changed one.
    returned_by : str
        The section that did not take the case; empty where the bureau
        returns it to its sender.
    reason : str
        Why; needed where a case is returned.
    returned_on : date or None
        The day it was returned, today where not given.

    Examples
    --------
    >>> Verdict(VerdictKind.CHANGED, section="drainage").check(Site())
    >>> Verdict(VerdictKind.ACCEPTED, section="drainage").check(Site())
    Traceback (most recent call last):
    router.errors.InputError: section：采纳建议时不填这一项
    """

    kind: VerdictKind
    section: str = ""
    co_sections: tuple[str, ...] = ()
    topic: str = ""
    returned_by: str = ""
    reason: str = ""
    returned_on: date | None = None

    def check(self, site: Site) -> None:
        """See that the parts fit the kind, and that sections and topic exist.

        Raises
        ------
        InputError
            Whose ``where`` is the name of the field.
        """
        check = {VerdictKind.CHANGED: self._changed, VerdictKind.RETURNED: self._returned}
        for name, wrong in check.get(self.kind, self._accepted)().items():
            if wrong:
                raise InputError(wrong, where=name)
        if not site.sections:  # without a site every label stands for itself
            return
        known = {*site.sections, *site.neighbours}
        for name, label in (("section", self.section), ("returned_by", self.returned_by)):
            _known(label, known, name)
        for label in self.co_sections:
            _known(label, known, "co_sections")
        _known(self.topic, set(site.topics), "topic")

    def check_return(self, holders: Collection[str], received_on: date | None, today: date) -> None:
        """See that a return can have happened to the case it is about; any other verdict passes.

        Parameters
        ----------
        holders : collection of str
            The sections that lead or co-handle the case.
        received_on : date or None
            When the case was handed to the bureau, where known.
        today : date

        Raises
        ------
        InputError
            Whose ``where`` is the name of the field.
        """
        if self.kind is not VerdictKind.RETURNED:
            return
        if self.returned_by and self.returned_by not in holders:
            wrong = "这个股室现在既不主办也不会办这一件，不会由它退回；请核对是哪个股室"
            raise InputError(wrong, where="returned_by")
        day = self.returned_on
        if day and day > today:
            raise InputError("退回日期晚于今天", where="returned_on")
        if day and received_on and day < received_on:
            raise InputError(f"退回日期早于交办日期 {received_on}", where="returned_on")

    def _accepted(self) -> dict[str, str]:
        names = ("section", "co_sections", "topic", "returned_by", "returned_on")
        return {name: "采纳建议时不填这一项" for name in names if getattr(self, name)}

    def _changed(self) -> dict[str, str]:
        missing = "" if self.section else "改办要写明改由谁主办"
        returns = {
            name: "只有退回时才填这一项" for name in ("returned_by", "returned_on") if getattr(self, name)
        }
        return {"section": missing, **returns}

    def _returned(self) -> dict[str, str]:
        wrong = {name: "退回时不填这一项" for name in ("co_sections", "topic") if getattr(self, name)}
        if self.section and self.returned_by:
            wrong["section"] = "由本局股室退回时，“应由哪个外单位办”要空着"
        elif self.section and not is_outside(self.section):
            wrong["section"] = "退回来文单位时，这里写应由哪个外单位办，以 out: 开头"
        if is_outside(self.returned_by):
            wrong["returned_by"] = "这里写不接这一件的本局股室"
        if not self.reason.strip():
            wrong["reason"] = "退回要写明理由"
        return wrong


def _known(label: str, known: set[str], field: str) -> None:
    if label and label not in known:
        hint = "请写 id，可从 /api/v1/sections、/topics 查到"
        raise InputError(f"站点里没有“{label[:50]}”", where=field, hint=hint)
