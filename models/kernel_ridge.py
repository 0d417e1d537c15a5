"""Ridge regression on ±1 targets, one against the rest, with sample weights.

For few rows the dual form is solved exactly and gives leave-one-out scores
for free; for many rows scikit-learn's conjugate-gradient `Ridge` is used and
out-of-fold scores take their place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dtrtri
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

__all__ = ["DUAL_LIMIT", "Solution", "solve_dual", "solve_primal"]

DUAL_LIMIT = 4_000
"""Up to this many rows the dual form is solved: it takes rows² memory."""

_DENSE_SHARE = 0.05
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Solution:
    """A fitted ridge.

    Parameters
    ----------
    sparse_weights : ndarray of float32, shape (n_sparse_features, n_classes)
    dense_weights : ndarray of float32, shape (n_dense_features, n_classes)
    held_out : ndarray, shape (n_rows, n_classes)
        Score of each row by a model that never saw it.
    """

    sparse_weights: NDArray[np.float32]
    dense_weights: NDArray[np.float32]
    held_out: NDArray[np.float64]


def solve_dual(
    sparse: csr_matrix,
    dense: NDArray[np.float32],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    penalty: float,
) -> Solution:
    """Solve exactly, with leave-one-out scores.

    With K the kernel matrix and D the diagonal of sample weights, the dual
    coefficients are (K + penalty D⁻¹)⁻¹ target, and leaving row i out changes
    its score to target_i - coefficient_i / [(K + penalty D⁻¹)⁻¹]_ii.

    Parameters
    ----------
    sparse : csr_matrix, shape (n_rows, n_sparse_features)
    dense : ndarray, shape (n_rows, n_dense_features)
    target : ndarray, shape (n_rows, n_classes)
        +1 for the row's class, -1 elsewhere.
    weight : ndarray, shape (n_rows,)
        Sample weights, positive.
    penalty : float

    Returns
    -------
    Solution

    References
    ----------
    Rifkin and Lippert, "Notes on Regularized Least Squares", MIT-CSAIL-TR-2007-025.
    """
    system = np.asfortranarray(_kernel(sparse) + dense @ dense.T, dtype=np.float64)
    system[np.diag_indices_from(system)] += penalty / weight
    lower = cholesky(system, lower=True, overwrite_a=True, check_finite=False)
    coefficients = cho_solve((lower, True), target, check_finite=False)
    # the diagonal of the inverse: sums of squares over the columns of the inverse triangle
    inverse_lower, _ = dtrtri(lower, lower=1, overwrite_c=1)
    held_out = target - coefficients / np.einsum("ij,ij->j", inverse_lower, inverse_lower)[:, None]
    coefficients = coefficients.astype(np.float32)
    return Solution(np.ascontiguousarray(sparse.T @ coefficients), dense.T @ coefficients, held_out)


def solve_primal(
    sparse: csr_matrix,
    dense: NDArray[np.float32],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    penalty: float,
) -> Solution:
    """Solve by conjugate gradients, with out-of-fold scores; linear in rows.

    Parameters and returns are those of `solve_dual`, but dense features get
    no weight: with so many rows they add nothing.
    """
    held_out = np.empty_like(target)
    for learn, judge in KFold(_FOLDS, shuffle=True, random_state=0).split(target):
        part = _conjugate_gradient(sparse[learn], target[learn], weight[learn], penalty)
        held_out[judge] = sparse[judge] @ part
    weights = _conjugate_gradient(sparse, target, weight, penalty)
    return Solution(weights, np.zeros((dense.shape[1], target.shape[1]), dtype=np.float32), held_out)


def _conjugate_gradient(
    rows: csr_matrix, target: NDArray[np.float64], weight: NDArray[np.float64], penalty: float
) -> NDArray[np.float32]:
    ridge = Ridge(alpha=penalty, fit_intercept=False, solver="sparse_cg", tol=1e-3)
    ridge.fit(rows, target, sample_weight=weight)
    return np.ascontiguousarray(np.atleast_2d(ridge.coef_).T, dtype=np.float32)


def _kernel(rows: csr_matrix) -> NDArray[np.float32]:
    """Return rows @ rows.T; common features by dense products, rare ones by sparse."""
    by_column = rows.tocsc()
    frequency = np.diff(by_column.indptr)
    common = frequency > _DENSE_SHARE * rows.shape[0]
    dense = by_column[:, common].toarray()
    rare = by_column[:, ~common].tocsr()
    kernel: NDArray[np.float32] = dense @ dense.T + (rare @ rare.T).toarray()
    return kernel
