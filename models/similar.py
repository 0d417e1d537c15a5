"""Past cases like a new one, found exactly by an inverted index.

A case is compared by its character pairs, its words and the characters of
its title; what a tenth of all past cases have in common tells no two apart
and is left out. Similarity is the cosine of what remains: 0 for nothing in
common, 1 for the same text. ``benchmarks/similar.py`` measures speed and the
threshold; docs/artifact.md says what is stored of a past case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.extmath import row_norms

from models.features import BlockFeatures
from router.decision import OtherCase, SimilarCase
from router.proposal import Proposal

__all__ = ["SAME_MATTER", "SimilarityIndex", "of_the_batch", "without_itself"]

SAME_MATTER = 0.5
"""From this similarity on two cases are about the same matter; see benchmarks/similar.py."""

_BLOCKS = ("pairs", "words", "title_characters")
_COMMON = 0.1
_ALWAYS_COMPARED = 10
"""A feature of so few past cases is compared, however large a share of them that is."""

_COMPARED_AT_ONCE = 256
_LEAST_LENGTH = np.finfo(np.float32).tiny
"""Shorter is nothing at all, and stays so."""
_CASE_FIELDS = ("case_id", "title", "section", "year", "result")


class SimilarityIndex:
    r"""Past cases, to be asked for those most like a new one.

    Parameters
    ----------
    compared : ndarray of bool, shape (n_features,)
        Which columns of the feature matrix count.
    postings : csr_matrix of float32, shape (n_features, n_cases)
        For each feature the cases that have it; columns of length one.
    cases : sequence of OtherCase

    Examples
    --------
    >>> from models.tokenizer import JiebaTokenizer
    >>> texts = ["路灯不亮\n", "道路破损\n", "污水直排\n"]
    >>> features = BlockFeatures(JiebaTokenizer())
    >>> past = [OtherCase(str(number)) for number in (1, 2, 3)]
    >>> index = SimilarityIndex.build(features, features.fit_transform(texts), past)
    >>> [found] = index.search(features.transform(["道路破损严重\n"]), 1)
    >>> [(similar.case.case_id, round(similar.similarity, 1)) for similar in found]
    [('2', 1.0)]
    """

    def __init__(self, compared: NDArray[np.bool_], postings: csr_matrix, cases: Sequence[OtherCase]) -> None:
        self.compared = compared
        self.postings = postings
        self.cases = cases

    def __len__(self) -> int:
        return len(self.cases)

    @classmethod
    def build(cls, features: BlockFeatures, rows: csr_matrix, cases: Sequence[OtherCase]) -> Self:
        """Index past cases.

        Parameters
        ----------
        features : BlockFeatures
            What made `rows`.
        rows : csr_matrix, shape (n_cases, n_features)
        cases : sequence of OtherCase
            In the order of `rows`.
        """
        compared = np.zeros(rows.shape[1], dtype=np.bool_)
        for name in _BLOCKS:
            compared[features.columns(name)] = True
        frequency = np.bincount(rows.indices, minlength=rows.shape[1])
        compared &= frequency <= max(_COMMON * len(cases), _ALWAYS_COMPARED)
        return cls(compared, _unit_rows(rows, compared).T.tocsr(), cases)

    def search(self, rows: csr_matrix, most: int) -> list[list[SimilarCase]]:
        """Return for each row the past cases most like it.

        Parameters
        ----------
        rows : csr_matrix, shape (n_texts, n_features)
        most : int
            How many at most; cases with nothing in common are left out.

        Returns
        -------
        list of list of SimilarCase
            The most similar first, of equals the one indexed first.
        """
        return [self._found(self._scores(rows, at), most) for at in range(rows.shape[0])]

    def nearest_other(self, rows: csr_matrix, positions: Sequence[int]) -> NDArray[np.float64]:
        """Return how like some of the indexed cases their nearest other one is.

        Parameters
        ----------
        rows : csr_matrix, shape (n_cases, n_features)
            The indexed rows.
        positions : sequence of int
            Which of them to look at.
        """
        nearest = np.zeros(len(positions))
        for at, position in enumerate(positions):
            scores = self._scores(rows, position)
            scores[position] = 0
            nearest[at] = min(scores.max(), 1)
        return nearest

    def pairs(self, rows: csr_matrix, least: float) -> list[list[tuple[int, float]]]:
        """Compare some new texts with each other.

        Parameters
        ----------
        rows : csr_matrix, shape (n_texts, n_features)
        least : float
            Similarity, above 0, from which on a pair is told.

        Returns
        -------
        list of list of (int, float)
            For each row the others that are so like it, the most similar
            first, with the similarity.
        """
        unit = _unit_rows(rows, self.compared)
        turned = unit.T.tocsr()
        found: list[list[tuple[int, float]]] = [[] for _ in range(unit.shape[0])]
        for start in range(0, unit.shape[0], _COMPARED_AT_ONCE):
            part = (unit[start : start + _COMPARED_AT_ONCE] @ turned).tocoo()
            one = part.row + start
            told = np.flatnonzero((part.data >= least) & (one != part.col))
            for at in told[np.lexsort((part.col[told], -part.data[told]))]:
                found[one[at]].append((int(part.col[at]), min(float(part.data[at]), 1.0)))
        return found

    def named(self, cases: Sequence[OtherCase]) -> list[OtherCase]:
        """Return some cases with the titles of those indexed; none where two of them would fit."""
        wanted = {_bare(case) for case in cases if case.case_id}
        numbers = {case.case_id for case in wanted}
        titles: dict[OtherCase, set[str]] = {case: set() for case in wanted}
        for known in self.cases:
            if known.case_id in numbers and (bare := _bare(known)) in titles:
                titles[bare].add(known.title)
        sure = {case: min(found) for case, found in titles.items() if len(found) == 1}
        return [replace(case, title=sure.get(_bare(case), case.title)) for case in cases]

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        kept = [asdict(case) for case in self.cases]
        return {
            "compared": self.compared,
            "start": self.postings.indptr,
            "case": self.postings.indices,
            "weight": self.postings.data,
            "cases": {name: [case[name] for case in kept] for name in _CASE_FIELDS},
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the index again; mapped arrays stay mapped."""
        columns = (state["cases"][name] for name in _CASE_FIELDS)
        cases = [
            OtherCase(**dict(zip(_CASE_FIELDS, values, strict=True))) for values in zip(*columns, strict=True)
        ]
        arrays = (state["weight"], state["case"], state["start"])
        postings = csr_matrix(arrays, shape=(len(state["compared"]), len(cases)), copy=False)
        return cls(state["compared"], postings, cases)

    def _scores(self, rows: csr_matrix, at: int) -> NDArray[np.float32]:
        """Return the similarity of one row to every past case."""
        inside = slice(rows.indptr[at], rows.indptr[at + 1])
        kept = self.compared[rows.indices[inside]]
        features, weights = rows.indices[inside][kept], rows.data[inside][kept]
        weights /= max(np.linalg.norm(weights), _LEAST_LENGTH)
        # only these features' postings are read: a product with the whole index visits every case
        scores: NDArray[np.float32] = weights @ self.postings[features]
        return scores

    def _found(self, scores: NDArray[np.float32], most: int) -> list[SimilarCase]:
        least = np.partition(scores, -most)[-most] if len(scores) > most else np.float32(0)
        near = np.flatnonzero((scores >= least) & (scores > 0))
        first = near[np.lexsort((near, -scores[near]))[:most]]
        return [SimilarCase(self.cases[at], min(float(scores[at]), 1.0)) for at in first]


def without_itself(proposal: Proposal, found: Sequence[SimilarCase]) -> tuple[SimilarCase, ...]:
    """Leave out the case itself, where it has been learned already."""
    year = proposal.received_on.year if proposal.received_on else None
    itself = (proposal.case_id, proposal.title, year)
    return tuple(s for s in found if (s.case.case_id, s.case.title, s.case.year) != itself)


def of_the_batch(
    proposals: Sequence[Proposal], pairs: Sequence[Sequence[tuple[int, float]]]
) -> list[tuple[SimilarCase, ...]]:
    """Name the others of one batch that `SimilarityIndex.pairs` found for each."""
    cases = [
        OtherCase(p.case_id, p.title, year=p.received_on.year if p.received_on else None) for p in proposals
    ]
    return [tuple(SimilarCase(cases[at], similarity) for at, similarity in found) for found in pairs]


def _bare(case: OtherCase) -> OtherCase:
    return replace(case, title="")


def _unit_rows(rows: csr_matrix, compared: NDArray[np.bool_]) -> csr_matrix:
    """Return what is compared of `rows`, each of length one, or zero where nothing is."""
    kept = compared[rows.indices]
    starts = np.concatenate([[0], np.cumsum(kept)])[rows.indptr].astype(np.int32)
    unit = csr_matrix((rows.data[kept], rows.indices[kept], starts), shape=rows.shape)
    length = row_norms(unit).astype(np.float32)
    unit.data /= np.repeat(length, np.diff(unit.indptr))
    return unit
