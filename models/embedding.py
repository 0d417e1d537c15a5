"""A text as numbers: TF-IDF blocks and the latent dimensions learned from them.

One embedding can serve several classifiers, so that a case is cut into words
and counted once for section and topic together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.features import BlockFeatures
from models.latent import LatentBlock
from router.interfaces import Tokenizer

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
    known_share : ndarray, shape (n_texts,)
        Share of a text's words and character pairs that fitting has seen.
    """

    sparse: csr_matrix
    dense: NDArray[np.float32]
    known_share: NDArray[np.float64]


class TextEmbedding:
    r"""TF-IDF blocks and latent dimensions.

    Parameters
    ----------
    tokenizer : Tokenizer
    latent_dimensions : int
        Per latent block; 0 for none.

    Examples
    --------
    >>> from models.tokenizer import JiebaTokenizer
    >>> embedding = TextEmbedding(JiebaTokenizer()).fit(["路灯不亮\n", "道路破损\n", "污水直排\n"])
    >>> embedding.transform(["路灯不亮\n"]).known_share.tolist()
    [1.0]
    """

    def __init__(self, tokenizer: Tokenizer, latent_dimensions: int = 200) -> None:
        self.tokenizer = tokenizer
        self.latent_dimensions = latent_dimensions
        self.features = BlockFeatures(tokenizer)
        self.latent: list[LatentBlock] = []

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn vocabulary, weights and latent dimensions.

        Parameters
        ----------
        texts : sequence of str
            In the form of `router.proposal.case_text`, the most telling
            first: latent dimensions come from the first eight thousand.
        """
        min_df = 2 if len(texts) > _MANY_TEXTS else 1
        self.features = BlockFeatures(self.tokenizer, min_df).fit(texts)
        self.latent = []
        if self.latent_dimensions:
            rows = self.features.transform(texts[:_LATENT_ROW_LIMIT]).matrix
            for name in _LATENT_BLOCKS:
                columns = self.features.columns(name)
                if columns.stop - columns.start > 1:
                    block = LatentBlock(columns, self.latent_dimensions, _LATENT_WEIGHT)
                    self.latent.append(block.fit(rows))
        return self

    def transform(self, texts: Sequence[str]) -> Embedded:
        """Return the numbers of `texts`."""
        rows, known_share = self.features.transform(texts)
        parts = [np.zeros((len(texts), 0), dtype=np.float32)]
        parts += [block.transform(rows) for block in self.latent]
        return Embedded(rows, np.hstack(parts), known_share)

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        return {
            "latent_dimensions": self.latent_dimensions,
            "features": self.features.state(),
            "latent": [block.state() for block in self.latent],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tokenizer: Tokenizer) -> Self:
        """Build the fitted embedding again."""
        embedding = cls(tokenizer, state["latent_dimensions"])
        embedding.features = BlockFeatures.from_state(state["features"], tokenizer)
        embedding.latent = [LatentBlock.from_state(kept) for kept in state["latent"]]
        return embedding
