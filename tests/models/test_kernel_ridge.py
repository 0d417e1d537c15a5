from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from models.kernel_ridge import Solution, solve_dual, solve_primal

N, CLASSES = 40, 3
Problem = tuple[csr_matrix, NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Return sparse rows, dense rows, ±1 targets and sample weights."""
    random = np.random.default_rng(7)
    sparse = random.random((N, 60)) * (random.random((N, 60)) < 0.15)
    sparse[:, 0] = random.random(N)  # one column that every row has
    dense = random.normal(size=(N, 5)).astype(np.float32)
    target = np.where(random.integers(CLASSES, size=N)[:, None] == np.arange(CLASSES), 1.0, -1.0)
    return csr_matrix(sparse.astype(np.float32)), dense, target, random.uniform(0.2, 4.0, N)


def scores(solution: Solution, sparse: csr_matrix, dense: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(sparse @ solution.sparse_weights + dense @ solution.dense_weights)


@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_the_dual_solution_is_scikit_learns(problem: Problem, penalty: float) -> None:
    sparse, dense, target, weight = problem
    whole = np.hstack([sparse.toarray(), dense]).astype(np.float64)
    solution = solve_dual(sparse, dense, target, weight, penalty)
    ridge = Ridge(alpha=penalty, fit_intercept=False).fit(whole, target, sample_weight=weight)
    kernel = KernelRidge(alpha=penalty, kernel="linear").fit(whole, target, sample_weight=weight)
    assert scores(solution, sparse, dense) == pytest.approx(ridge.predict(whole), abs=1e-4)
    assert scores(solution, sparse, dense) == pytest.approx(kernel.predict(whole), abs=1e-4)


def test_held_out_scores_are_those_of_really_leaving_one_out(problem: Problem) -> None:
    sparse, dense, target, weight = problem
    solution = solve_dual(sparse, dense, target, weight, 0.5)
    for row in range(0, N, 7):
        rest = np.arange(N) != row
        without = solve_dual(sparse[rest], dense[rest], target[rest], weight[rest], 0.5)
        left_out = scores(without, sparse[[row]], dense[[row]])[0]
        assert solution.held_out[row] == pytest.approx(left_out, abs=1e-4)


def test_the_primal_solution_agrees_with_the_dual(problem: Problem) -> None:
    sparse, dense, target, weight = problem
    none = np.zeros((N, 0), dtype=np.float32)
    dual = solve_dual(sparse, none, target, weight, 1.0)
    primal = solve_primal(sparse, dense, target, weight, 1.0)
    assert scores(primal, sparse, dense) == pytest.approx(scores(dual, sparse, none), abs=5e-3)
    assert primal.held_out.shape == dual.held_out.shape == (N, CLASSES)


def test_primal_held_out_scores_never_saw_their_row() -> None:
    rows = csr_matrix(np.eye(30, dtype=np.float32))  # no row tells anything of another
    target = np.ones((30, 2))
    assert solve_primal(
        rows, np.zeros((30, 0), np.float32), target, np.ones(30), 0.1
    ).held_out == pytest.approx(0)


def test_a_row_of_double_weight_counts_like_two(problem: Problem) -> None:
    sparse, dense, target, _ = problem
    twice = np.append(np.arange(N), 0)
    weight = np.ones(N)
    weight[0] = 2
    once = solve_dual(sparse, dense, target, weight, 1.0)
    repeated = solve_dual(sparse[twice], dense[twice], target[twice], np.ones(N + 1), 1.0)
    assert once.sparse_weights == pytest.approx(repeated.sparse_weights, abs=1e-5)


def test_rows_that_are_all_the_same_or_empty_have_a_solution() -> None:
    target = np.where(np.arange(6)[:, None] % 2 == np.arange(2), 1.0, -1.0)
    for rows in (np.ones((6, 3)), np.zeros((6, 3))):
        solution = solve_dual(
            csr_matrix(rows.astype(np.float32)), np.zeros((6, 0), np.float32), target, np.ones(6), 0.3
        )
        assert np.isfinite(solution.held_out).all()
        assert np.isfinite(solution.sparse_weights).all()


def test_common_and_rare_columns_make_one_kernel(problem: Problem) -> None:
    sparse, _, target, weight = problem
    none = np.zeros((N, 0), dtype=np.float32)
    doubled = hstack([sparse, sparse], format="csr")
    scaled = csr_matrix(sparse * np.sqrt(2))
    assert solve_dual(doubled, none, target, weight, 1.0).held_out == pytest.approx(
        solve_dual(scaled, none, target, weight, 1.0).held_out, abs=1e-4
    )
