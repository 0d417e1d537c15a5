"""What every case passes before it leaves a reader, built-in or foreign.

Secret papers are refused, overlong ones as well, phones and ID numbers are
masked. HTTP intake uses the same door.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from router.interfaces import ReadNote, ReadProblem
from router.proposal import Proposal
from router.readers.masking import mask, mask_proposal
from router.readers.secrecy import SECRET_REASON, is_secret

__all__ = ["MAX_CASE_CHARS", "Screen", "too_long"]

MAX_CASE_CHARS = 200_000

# Control characters break XML and CSV, lone surrogates can't be encoded.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(slots=True)
class Screen:
    """The door of one file; it counts what it masks.

    Parameters
    ----------
    source : str
        Name of the file.

    Examples
    --------
    >>> screen = Screen("来信.txt")
    >>> screen.proposal(Proposal(title="路灯不亮", body="电话13800000000")).body
    '电话〔电话〕'
    >>> screen.note().text
    '已遮盖电话 1 处、证件号 0 处'
    """

    source: str
    phones: int = 0
    ids: int = 0

    def proposal(self, proposal: Proposal) -> Proposal | ReadProblem:
        """Return the case as it may be stored, or why it may not."""
        where = self._where(proposal)
        if is_secret(proposal.title, proposal.body, proposal.extra):
            return ReadProblem(self.source, where, SECRET_REASON, "secret")
        length = len(proposal.title) + len(proposal.body) + sum(map(len, proposal.extra.values()))
        if length > MAX_CASE_CHARS:
            return too_long(self.source, where, length)
        if not proposal.title.strip() and not proposal.body.strip():
            return ReadProblem(self.source, where, "没有案由也没有正文，未读", "empty")
        masked, phones, ids = mask_proposal(_fit(proposal))
        self.phones, self.ids = self.phones + phones, self.ids + ids
        return masked if masked.source else replace(masked, source=self.source)

    def message(self, item: ReadProblem | ReadNote) -> ReadProblem | ReadNote:
        """Mask a message as well: it may quote a cell."""
        if isinstance(item, ReadProblem):
            return replace(item, reason=mask(item.reason).text)
        return replace(item, text=mask(item.text).text)

    def note(self) -> ReadNote | None:
        """Say how many numbers were masked, never which."""
        if not self.phones and not self.ids:
            return None
        return ReadNote(self.source, "", f"已遮盖电话 {self.phones} 处、证件号 {self.ids} 处")

    def _where(self, proposal: Proposal) -> str:
        return proposal.source.removeprefix(self.source).strip()


def too_long(source: str, where: str, length: int) -> ReadProblem:
    """Say that a case is longer than any proposal is."""
    reason = f"一件有 {length:,} 字，超过上限 {MAX_CASE_CHARS:,} 字，未读；请只留案由和正文"
    return ReadProblem(source, where, reason, "bad_value")


def _fit(proposal: Proposal) -> Proposal:
    """Drop characters that no file or database can hold."""
    fields = (
        "case_id",
        "title",
        "body",
        "section",
        "topic",
        "kind",
        "session",
        "level",
        "lead_unit",
        "proposer",
        "result",
    )
    unfit: dict[str, Any] = {
        name: _clean(text) for name in fields if _UNFIT.search(text := getattr(proposal, name))
    }
    if any(_UNFIT.search(key) or _UNFIT.search(value) for key, value in proposal.extra.items()):
        unfit["extra"] = {_clean(key): _clean(value) for key, value in proposal.extra.items()}
    return replace(proposal, **unfit) if unfit else proposal


def _clean(text: str) -> str:
    return _UNFIT.sub("", text)
