"""Latent dimensions of a feature block, learned from labelled and unlabelled texts.

With few labels they let a word speak that no labelled case holds, because
other texts use it as labelled words are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.utils.extmath import row_norms

__all__ = ["LatentBlock"]


class LatentBlock:
    """Latent semantic analysis of some columns, L2-normalised.

    Parameters
    ----------
    columns : slice
        The columns of the feature matrix that are analysed.
    dimensions : int
    weight : float
        What the block counts for in the kernel.
    """

    def __init__(self, columns: slice, dimensions: int = 200, weight: float = 1.0) -> None:
        self.columns = columns
        self.dimensions = dimensions
        self.weight = weight
        self.components: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)

    def fit(self, rows: csr_matrix) -> Self:
        """Find the directions in which `rows` vary most."""
        part = rows[:, self.columns]
        dimensions = min(self.dimensions, min(part.shape) - 1)
        if dimensions > 0:
            # Equal rows vary in no direction; the shares of variance, which nobody reads, are then 0/0.
            with np.errstate(divide="ignore", invalid="ignore"):
                svd = TruncatedSVD(dimensions, random_state=0).fit(part)
            self.components = np.ascontiguousarray(svd.components_.T, dtype=np.float32)
        else:
            self.components = np.zeros((part.shape[1], 0), dtype=np.float32)
        return self

    def transform(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Return rows whose squared length is the weight (or zero where nothing is known)."""
        latent = self.project(rows)
        length = row_norms(latent)[:, None]
        latent *= np.float32(np.sqrt(self.weight)) / np.where(length > 0, length, 1)
        return latent

    def project(self, rows: csr_matrix) -> NDArray[np.float32]:
        """Return the coordinates before normalisation."""
        projected: NDArray[np.float32] = rows[:, self.columns] @ self.components
        return projected

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs."""
        return {
            "start": self.columns.start,
            "stop": self.columns.stop,
            "weight": self.weight,
            "components": self.components,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the fitted block again."""
        components = state["components"]
        block = cls(slice(state["start"], state["stop"]), components.shape[1], state["weight"])
        block.components = components
        return block
