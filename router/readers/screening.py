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

__all__ = ["MAX_CASE_CHARS", "UNFIT", "Screen", "too_long"]

MAX_CASE_CHARS = 200_000

# Control characters break XML and CSV, lone surrogates can't be encoded.
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_SHORT = (
    "case_id",
    "section",
    "topic",
    "kind",
    "session",
    "level",
    "lead_unit",
    "proposer",
    "result",
    "received_text",
)


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
        proposal, where = _fit(proposal), self._where(proposal)
        if is_secret(proposal.title, proposal.body, proposal.extra):
            return ReadProblem(self.source, where, SECRET_REASON, "secret")
        length = len(proposal.title) + len(proposal.body) + sum(map(len, proposal.extra.values()))
        if length > MAX_CASE_CHARS:
            return too_long(self.source, where, length)
        if not proposal.title.strip() and not proposal.body.strip():
            return ReadProblem(self.source, where, "没有案由也没有正文，未读", "empty")
        masked, phones, ids = mask_proposal(proposal)
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
    """Take out characters that no file or database can hold: in the text a blank takes the place of each."""
    places = dict.fromkeys(("title", "body"), " ") | dict.fromkeys(_SHORT, "")
    unfit: dict[str, Any] = {
        name: UNFIT.sub(blank, text)
        for name, blank in places.items()
        if UNFIT.search(text := getattr(proposal, name))
    }
    if any(UNFIT.search(key) or UNFIT.search(value) for key, value in proposal.extra.items()):
        unfit["extra"] = {UNFIT.sub("", key): UNFIT.sub("", value) for key, value in proposal.extra.items()}
    return replace(proposal, **unfit) if unfit else proposal
