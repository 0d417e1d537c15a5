"""Which texts a model has learned, told by short hashes of them.

A model judged on what it learned has every answer by heart. The manifest
keeps eight bytes of each text's SHA-256, from which nothing can be read.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from models.held_out import HASH_BYTES, text_hash

__all__ = ["packed_hashes", "seen_before"]


def packed_hashes(texts: Sequence[str]) -> str:
    """Return the hashes of `texts`, each once, as one string for JSON.

    Parameters
    ----------
    texts : sequence of str
        `router.proposal.case_text` of each case.

    Returns
    -------
    str
        About eleven characters a text.
    """
    return base64.b64encode(b"".join(sorted(set(map(text_hash, texts))))).decode()


def seen_before(texts: Sequence[str], packed: str) -> list[bool]:
    r"""Say which texts are among the packed ones; width, case and spaces at the ends make no difference.

    Examples
    --------
    >>> seen_before(["路灯ＬＥＤ不亮\n", "下水道堵\n"], packed_hashes(["路灯led不亮\n"]))
    [True, False]
    """
    hashes = base64.b64decode(packed)
    learned = {hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)}
    return [text_hash(text) in learned for text in texts]
