"""A text as numbers to learn from: TF-IDF blocks and the latent dimensions found in them.

One embedding can serve several classifiers, so that a case is cut into words
and counted once for section and topic together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from models.features import BlockFeatures
from models.latent import LatentBlock
from models.telling import emphasis
from models.word_vectors import word_vectors
from router.interfaces import Tokenizer

Weights = NDArray[np.float32]

__all__ = ["Embedded", "TextEmbedding"]

_LATENT_BLOCKS = ("characters", "pairs", "words")
_LATENT_WEIGHT = 0.5
_LATENT_ROW_LIMIT = 8_000
"""More texts than this don't make the latent dimensions better, only slower."""

_MANY_TEXTS = 5_000
"""From here on entries of a single text are noise that costs memory."""


class Embedded(NamedTuple):
    """Some texts as numbers.

    Parameters
    ----------
    sparse : csr_matrix of float32, shape (n_texts, n_sparse)
    dense : ndarray of float32, shape (n_texts, n_dense)
    """

    sparse: csr_matrix
    dense: NDArray[np.float32]

    def of(self, rows: NDArray[np.int64]) -> Embedded:
        """Return some of the texts."""
        return Embedded(self.sparse[rows], self.dense[rows])

    def followed_by(self, others: Embedded) -> Embedded:
        """Return these texts and some others after them."""
        sparse = vstack([self.sparse, others.sparse], format="csr")
        return Embedded(sparse, np.vstack([self.dense, others.dense]))


class TextEmbedding:
    r"""TF-IDF blocks and latent dimensions.

    Parameters
    ----------
    tokenizer : Tokenizer
    latent_dimensions : int
        Per latent block; 0 for none.
    with_meanings : bool
        Whether words are also seen by what they stand together with, and
        features weighed by how telling they are: helps where few labelled
        cases are among many texts, and costs time.

    Examples
    --------
    >>> from models.tokenizer import JiebaTokenizer
    >>> embedding = TextEmbedding(JiebaTokenizer())
    >>> rows = embedding.fit_transform(["路灯不亮\n", "道路破损\n", "污水直排\n"], 2)
    >>> rows.sparse.shape[0]
    2
    >>> embedding.features.see(["路灯不亮\n"]).known_share.tolist()
    [1.0]
    """

    def __init__(
        self, tokenizer: Tokenizer, latent_dimensions: int = 200, *, with_meanings: bool = False
    ) -> None:
        self.tokenizer = tokenizer
        self.with_meanings = with_meanings
        self.latent_dimensions = latent_dimensions
        self.latent: list[LatentBlock] = []

    def fit_transform(self, texts: Sequence[str], n_cases: int, n_descriptions: int = 0) -> Embedded:
        """Learn vocabulary, weights and latent dimensions.

        Parameters
        ----------
        texts : sequence of str
            In the form of `router.proposal.case_text`, the most telling
            first: latent dimensions come from the first eight thousand.
        n_cases, n_descriptions : int
            How many of them, from the first, are cases, and how many after
            those are descriptions. They are returned as numbers.
        """
        min_df = 2 if len(texts) > _MANY_TEXTS else 1
        self.features = BlockFeatures(self.tokenizer, min_df)
        rows = self.features.fit_transform(texts)
        self.latent = []
        looked_at = rows[:_LATENT_ROW_LIMIT]
        if self.latent_dimensions:
            for name in _LATENT_BLOCKS:
                columns = self.features.columns(name)
                if columns.stop - columns.start > 1:
                    block = LatentBlock.analysed(columns, looked_at, self.latent_dimensions, _LATENT_WEIGHT)
                    self.latent.append(block)
            if self.with_meanings:
                rows = self._with_meanings(texts[:_LATENT_ROW_LIMIT], rows)
        return self.embed(rows[: n_cases + n_descriptions], n_descriptions)

    def transform(self, texts: Sequence[str], n_descriptions: int = 0) -> Embedded:
        """Return the numbers of `texts`, of which the last are descriptions."""
        return self.embed(self.features.transform(texts), n_descriptions)

    def embed(self, rows: csr_matrix, n_descriptions: int = 0) -> Embedded:
        """Add the latent dimensions to feature rows.

        Those of the last rows, descriptions, are made as long as a typical
        case's: a few words are else heard too little or too much.
        """
        n_cases = rows.shape[0] - n_descriptions
        parts = [np.zeros((rows.shape[0], 0), dtype=np.float32)]
        for block in self.latent:
            latent = block.transform(rows)
            parts.append(np.vstack([latent[:n_cases], block.even(latent[n_cases:])]))
        return Embedded(rows, np.hstack(parts))

    def _with_meanings(self, texts: Sequence[str], rows: csr_matrix) -> csr_matrix:
        """Add the latent dimensions of what words mean; return rows weighed by how telling features are."""
        looked_at = rows[: len(texts)]
        columns = self.features.columns("words")
        words = self.features.words(texts)
        vectors = word_vectors(words, columns.stop - columns.start, self.latent_dimensions)
        if not vectors.shape[1]:
            return rows
        meanings = LatentBlock.of_meanings(columns, vectors, looked_at, _LATENT_WEIGHT)
        self.latent.append(meanings)
        factor = np.ones(self.features.width, dtype=np.float32)
        about = meanings.transform(looked_at)
        for name in _LATENT_BLOCKS:
            columns = self.features.columns(name)
            factor[columns] = emphasis(looked_at[:, columns], about)
        rows = self.features.emphasise(factor, rows)
        for block in self.latent:
            block.suit(rows[: len(texts)])
        return rows

    def unfold(self, sparse_weights: NDArray[np.float32], dense_weights: NDArray[np.float32]) -> Weights:
        """Lay weights of the latent dimensions onto the features they were found in.

        Parameters
        ----------
        sparse_weights : ndarray, shape (n_sparse, n_classes)
        dense_weights : ndarray, shape (n_dense, n_classes)

        Returns
        -------
        ndarray of float32, shape (n_sparse, n_classes)
        """
        weights = np.array(sparse_weights, dtype=np.float32)
        at = 0
        for block in self.latent:
            weights[block.columns] += block.unfold(dense_weights[at : at + block.n_dimensions])
            at += block.n_dimensions
        return weights

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs.

        Latent dimensions aren't among them: they take part in learning only.
        """
        return {"features": self.features.state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tokenizer: Tokenizer) -> Self:
        """Build the fitted embedding again, to predict with."""
        embedding = cls(tokenizer, 0)
        embedding.features = BlockFeatures.from_state(state["features"], tokenizer)
        return embedding
