"""The parts of a case, so that each request can speak for its own section."""

from __future__ import annotations

import re

__all__ = ["split_parts"]

_BREAK = re.compile(r"[。；！？!?;\n]+")
_LEAST = 6
"""Shorter stretches are salutations and numbering."""


def split_parts(text: str) -> list[str]:
    r"""Cut the body of a case into its sentences and numbered requests.

    Parameters
    ----------
    text : str
        `router.proposal.case_text` of the case.

    Returns
    -------
    list of str
        Empty where the body has fewer than two parts.

    Examples
    --------
    >>> split_parts("三件事\n一、修好北街的路灯。二、疏通菜市场下水道；谢谢。")
    ['一、修好北街的路灯', '二、疏通菜市场下水道']
    """
    _, _, body = text.partition("\n")
    parts = [part.strip() for part in _BREAK.split(body)]
    parts = [part for part in parts if len(part) >= _LEAST]
    return parts if len(parts) > 1 else []
