"""Masking of phone and ID numbers, before a text goes anywhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from router.proposal import Proposal

__all__ = ["ID_MARK", "PHONE_MARK", "Masked", "mask", "mask_proposal"]

PHONE_MARK = "〔电话〕"
ID_MARK = "〔证件号〕"

# One pass finds runs of digits; only those are looked at closely, so a long
# text costs little. `\d` takes full-width digits as well.
_SPACE = " \t\u00a0\u2002\u2003\u2009\u200b\u3000"
_DASH = "-－‐‑–—―－"
_RUN = re.compile(rf"[+＋(（]?\d[\d{_SPACE}{re.escape(_DASH)}()（）]{{5,}}[\dXxＸｘ]")
_PLAIN = str.maketrans(
    {chr(0xFF10 + n): str(n) for n in range(10)}
    | dict.fromkeys(_SPACE, " ")
    | dict.fromkeys(_DASH, "-")
    | {"＋": "+", "（": "(", "）": ")", "Ｘ": "X", "ｘ": "X", "x": "X"}
)

_DATE = r"(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_MONTH, _DAY, _ANY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])", r"[ -]{0,2}"
_ID = re.compile(
    rf"""(?<!\d)(?:
        [1-9]\d\d{_ANY}\d{{3}}{_ANY}(?:1[89]|20)\d\d{_ANY}{_MONTH}{_ANY}{_DAY}{_ANY}\d{{3}}{_ANY}[\dX]
      | [1-9]\d{{3}}[ -]\d\d(?:1[89]|20)[ -]\d\d{_MONTH}[ -]{_DAY}\d\d[ -]\d[\dX]
      | [1-9](?:[ -]\d){{5}}[ -](?:1[ -][89]|2[ -]0)(?:[ -]\d){{9}}[ -][\dX]
      | [1-9]\d{{5}}{_ANY}\d\d{_MONTH}{_DAY}{_ANY}\d{{3}}
    )(?![\dX])""",
    re.VERBOSE,
)
_ABROAD = rf"(?:(?:\+|00)?86{_ANY})?"
_PHONE = re.compile(
    rf"""(?<!\d)(?<!\d[.,])(?:
        {_ABROAD} 1[3-9]\d (?: \d{{8}} | [ -]{{1,2}}\d{{4}}[ -]{{1,2}}\d{{4}} | [ -]{{1,2}}(?!{_DATE})\d{{8}}
                         | [ -]\d{{3}}[ -]\d{{5}} | \d-\d{{3}}-\d{{4}} )
      | 1[ -][3-9](?:[ -]\d){{9}}(?![ -]\d)
      | \(?{_ABROAD}(?:010|02\d)(?:\)|{_ANY})[ ]?(?!{_DATE})[2-9]\d{{3}}[ -]?\d{{4}}(?:-\d{{1,5}})?
      | \(?{_ABROAD}0[3-9]\d\d(?:\)|{_ANY})[ ]?(?!{_DATE})[2-9]\d{{2,3}}[ -]?\d{{4}}(?:-\d{{1,5}})?
    )(?!\d|\.\d|,\d|[ ]?[元万亿吨])""",
    re.VERBOSE,
)
_LOCAL = re.compile(r"(?<!\d)[2-9]\d{2,3}[ -]?\d{4}(?!\d)")
_LABEL = re.compile(r"(?:电话|手机|座机|传真|固话|联系方式|[Tt]el|TEL)(?:号码?)?[ 　]*[:：.]?[ 　]*$")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without phone and ID numbers, and how many there were.

    Parameters
    ----------
    text : str
    phones, ids : int
        How many numbers were replaced by `PHONE_MARK` and `ID_MARK`.
    """

    text: str
    phones: int = 0
    ids: int = 0


def mask(text: str) -> Masked:
    """Replace mobile and landline phones and 15- and 18-digit ID numbers.

    Numbers may be written with full-width digits, spaces or dashes. Dates,
    sums, case numbers and postcodes stay. The cost is linear in the text.

    Parameters
    ----------
    text : str

    Returns
    -------
    Masked

    Examples
    --------
    >>> mask("联系人甲某，电话１３８ ００００ ００００。").text
    '联系人甲某，电话〔电话〕。'
    >>> mask("2019年投入13800000000元，案号20190228").phones
    0
    """
    parts: list[str] = []
    phones = ids = end = 0
    for run in _RUN.finditer(text):
        masked = _mask_run(text, run.start(), run.end())
        parts += [text[end : run.start()], masked.text]
        phones, ids, end = phones + masked.phones, ids + masked.ids, run.end()
    if not phones and not ids:
        return Masked(text)
    return Masked("".join(parts) + text[end:], phones, ids)


def mask_proposal(proposal: Proposal) -> tuple[Proposal, int, int]:
    """Mask every free text of a case; its own number is left alone.

    Parameters
    ----------
    proposal : Proposal

    Returns
    -------
    tuple of (Proposal, int, int)
        The masked case, and the counts of phones and of ID numbers.
    """
    fields = ("title", "body", "proposer", "lead_unit", "result", "received_text")
    found = {name: mask(getattr(proposal, name)) for name in fields}
    extra = {key: mask(value) for key, value in proposal.extra.items()}
    every = [*found.values(), *extra.values()]
    phones, ids = sum(one.phones for one in every), sum(one.ids for one in every)
    if not phones and not ids:
        return proposal, 0, 0
    texts: dict[str, Any] = {name: one.text for name, one in found.items()}
    masked = replace(proposal, **texts, extra={key: one.text for key, one in extra.items()})
    return masked, phones, ids


def _mask_run(text: str, start: int, end: int) -> Masked:
    # A few characters around it tell a sum, or a phone by its label.
    before = text[max(0, start - 10) : start]
    run, after = text[start:end].translate(_PLAIN), text[end : end + 3].translate(_PLAIN)
    marks = _marks(before, run, after)
    if not marks:
        return Masked(text[start:end])
    parts, at = [], 0
    for left, right, mark in marks:
        parts += [text[start + at : start + left], mark]
        at = right
    phones = sum(mark == PHONE_MARK for _, _, mark in marks)
    return Masked("".join(parts) + text[start + at : end], phones, len(marks) - phones)


def _marks(before: str, run: str, after: str) -> list[tuple[int, int, str]]:
    whole = before + run + after
    first, last = len(before), len(before) + len(run)
    found = [(m.start(), m.end(), ID_MARK) for m in _ID.finditer(whole, first)]
    # ID numbers are taken out before phones are looked for: "X" keeps lengths
    # and belongs to no phone.
    rest = _ID.sub(lambda m: "X" * len(m[0]), whole)
    found += [(m.start(), m.end(), PHONE_MARK) for m in _PHONE.finditer(rest, first)]
    if not found and _LABEL.search(before):
        found = [(m.start(), m.end(), PHONE_MARK) for m in _LOCAL.finditer(rest, first)][:1]
    return [(a - first, min(b, last) - first, mark) for a, b, mark in sorted(found)]
