"""Latent dimensions of a feature block, learned from labelled and unlabelled texts.

They let a word speak that no labelled case holds, because other texts use it
as labelled words are used. They only take part in learning: what is learned
is unfolded onto the columns, so that predicting costs nothing more and every
weight stands beside a character, pair or word that can be shown.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import row_norms

__all__ = ["LatentBlock"]


class LatentBlock:
    """Some columns seen along a few directions.

    Parameters
    ----------
    columns : slice
        The columns of the feature matrix that are looked at.
    directions : ndarray of float32, shape (n_columns, n_dimensions)
    rows : csr_matrix
        Feature rows of texts, which tell how much of a typical text the
        directions hold.
    weight : float
        What the block counts for in the kernel.
    """

    def __init__(
        self, columns: slice, directions: NDArray[np.float32], rows: csr_matrix, weight: float = 1.0
    ) -> None:
        self.columns = columns
        self.weight = weight
        self._scaled = np.ascontiguousarray(directions)
        self.suit(rows)

    def suit(self, rows: csr_matrix) -> None:
        """Make coordinates so long that `rows` hold typical texts."""
        lengths = row_norms(self.transform(rows))
        typical = np.median(lengths[lengths > 0]) if lengths.any() else 1.0
        self._scaled *= np.float32(np.sqrt(self.weight) / typical)

    @classmethod
    def analysed(cls, columns: slice, rows: csr_matrix, dimensions: int = 200, weight: float = 1.0) -> Self:
        """Find the directions in which `rows` vary most (latent semantic analysis)."""
        part = rows[:, columns]
        dimensions = min(dimensions, min(part.shape) - 1)
        if dimensions < 1:
            return cls(columns, np.zeros((part.shape[1], 0), dtype=np.float32), rows, weight)
        # Equal rows vary in no direction; the shares of variance, which nobody reads, are then 0/0.
        with np.errstate(divide="ignore", invalid="ignore"):
            svd = TruncatedSVD(dimensions, n_iter=3, random_state=0).fit(part)
        return cls(columns, svd.components_.T.astype(np.float32), rows, weight)

    @classmethod
    def of_meanings(
        cls, columns: slice, vectors: NDArray[np.float32], rows: csr_matrix, weight: float = 1.0
    ) -> Self:
        """Look at words along their vectors, less what all texts have in common.

        References
        ----------
        Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", ICLR 2017.
        """
        known = normalize(rows[:, columns] @ vectors)
        common = np.linalg.eigh(known.T @ known)[1][:, -1]
        return cls(columns, vectors - np.outer(vectors @ common, common), rows, weight)

    def transform(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Return latent coordinates; the squared length of a typical text's is the weight."""
        latent: NDArray[np.float32] = rows[:, self.columns] @ self._scaled
        return latent

    def even(self, latent: NDArray[np.float32]) -> NDArray[np.float32]:
        """Make coordinates all as long as those of a typical text, or zero where nothing is known."""
        length = row_norms(latent)[:, None]
        scale = np.float32(np.sqrt(self.weight)) / np.where(length > 0, length, np.inf)
        return latent * scale.astype(np.float32)

    def unfold(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what weights of the latent dimensions, (n_dimensions, n_classes), mean for the columns."""
        return np.asarray(self._scaled @ weights, dtype=np.float32)

    @property
    def n_dimensions(self) -> int:
        """How many dimensions were found."""
        return len(self._scaled.T)
