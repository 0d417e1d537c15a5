"""What a model's cases got from models that had not learned them, kept to try rules on past cases.

A model knows what it learned by heart, so a rule can't be judged on its
answers there. Training makes held-out probabilities anyway; they lie in the
artifact beside the classifiers, together with eight bytes of hash for each
text and each case number, from which nothing can be read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from router.proposal import Proposal
from router.text import fold

__all__ = ["HASH_BYTES", "HeldOutCases", "text_hash"]

HASH_BYTES = 8
"""A new text is taken for one of a million learned ones once in ten million million times."""

_NO_NUMBER = 0


@dataclass(frozen=True, eq=False)
class HeldOutCases:
    r"""The cases a model learned, with their probabilities by models that had not.

    Parameters
    ----------
    texts, numbers : ndarray of uint64, shape (n_cases,)
        Hashes of each case's text, and of its number with year, session,
        kind and level; 0 where it has no number.
    probabilities : ndarray of float32, shape (n_cases, n_sections)
        By models that learned all cases but this one, or but its fold; no
        rows where training had too few cases for that.
    ahead_rows : ndarray of int, shape (n_ahead,)
        Which of the cases were also judged by models of earlier cases.
    ahead : ndarray of float32, shape (n_ahead, n_sections)

    Examples
    --------
    >>> learned = [Proposal("1", "路灯不亮"), Proposal("2", "下水道堵")]
    >>> kept = HeldOutCases.build(learned, np.array([[0.9, 0.1], [0.4, 0.6]]))
    >>> kept.row(learned[1]), kept.row(Proposal("3", "电梯困人"))
    (1, None)
    >>> kept.is_reworded(Proposal("1", "路灯还是不亮"))
    True
    """

    texts: NDArray[np.uint64]
    numbers: NDArray[np.uint64]
    probabilities: NDArray[np.float32]
    ahead_rows: NDArray[np.int64]
    ahead: NDArray[np.float32]

    @classmethod
    def build(
        cls,
        learned: Sequence[Proposal],
        probabilities: NDArray[np.float64],
        ahead_rows: NDArray[np.int64] | None = None,
        ahead: NDArray[np.float64] | None = None,
    ) -> Self:
        """Keep what training found.

        Parameters
        ----------
        learned : sequence of Proposal
            As they were when they were learned.
        probabilities : ndarray, shape (n_cases, n_sections)
            Or without rows.
        ahead_rows, ahead : ndarray, optional
        """
        none = np.zeros((0, probabilities.shape[1]), dtype=np.float32)
        return cls(
            np.array([_number(text_hash(p.text)) for p in learned], dtype=np.uint64),
            np.array([_number_hash(p) for p in learned], dtype=np.uint64),
            probabilities.astype(np.float32),
            np.zeros(0, dtype=np.int64) if ahead_rows is None else ahead_rows.astype(np.int64),
            none if ahead is None else ahead.astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.texts)

    def row(self, proposal: Proposal) -> int | None:
        """Return which learned case this is, told by its text; None for one that was not learned."""
        rows = self._by_text.get(_number(text_hash(proposal.text)), [])
        number = _number_hash(proposal)
        return next((row for row in rows if int(self.numbers[row]) == number), rows[0] if rows else None)

    def is_reworded(self, proposal: Proposal) -> bool:
        """Say whether another text was learned under this case's number."""
        number = _number_hash(proposal)
        return number != _NO_NUMBER and number in self._known_numbers and self.row(proposal) is None

    def has_twin(self, row: int) -> bool:
        """Say whether the same text was learned twice, so that leaving one out leaves the other in."""
        return len(self._by_text[int(self.texts[row])]) > 1

    @cached_property
    def ahead_of(self) -> Mapping[int, int]:
        """Where in `ahead` each row that was judged ahead stands."""
        return {row: at for at, row in enumerate(self.ahead_rows.tolist())}

    @cached_property
    def _by_text(self) -> Mapping[int, list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for row, text in enumerate(self.texts.tolist()):
            found[text].append(row)
        return dict(found)

    @cached_property
    def _known_numbers(self) -> frozenset[int]:
        return frozenset(self.numbers.tolist())

    def state(self) -> dict[str, Any]:
        """Return arrays that `from_state` needs."""
        return {
            "texts": self.texts,
            "numbers": self.numbers,
            "probabilities": self.probabilities,
            "ahead_rows": self.ahead_rows,
            "ahead": self.ahead,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build it again; mapped arrays stay mapped."""
        return cls(**{name: state[name] for name in cls.__dataclass_fields__})


def text_hash(text: str) -> bytes:
    r"""Return the hash of a text; width, case and spaces at the ends make no difference.

    Parameters
    ----------
    text : str
        `router.proposal.case_text` of a case.

    Examples
    --------
    >>> text_hash("路灯ＬＥＤ不亮\n") == text_hash("路灯led不亮")
    True
    """
    return _hash(fold(text).strip())


def _number_hash(proposal: Proposal) -> int:
    """Return the hash of what tells a case from all others of the office."""
    number = fold(proposal.case_id).strip()
    if not number:
        return _NO_NUMBER
    year = str(proposal.received_on.year) if proposal.received_on else ""
    return _number(_hash("\0".join((number, year, proposal.session, proposal.kind, proposal.level))))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:HASH_BYTES]


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")
