"""Turning scores into probabilities that mean what they say.

One temperature for all classes, found on held-out scores pooled over the
classes: a class with a single case takes part without breaking anything,
which per-class calibration can't offer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

__all__ = ["DEFAULT_TEMPERATURE", "fit_temperature", "to_probabilities"]

DEFAULT_TEMPERATURE = 6.0
"""Used where no labelled case is at hand: about what real tasks ask for."""

_BOUNDS = (np.log(0.1), np.log(50.0))
_PRIOR_CASES = 10.0
"""The default temperature counts like this many cases, so that a handful can't make it extreme."""


def fit_temperature(scores: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """Find the factor that makes softmax(factor * scores) fit the labels best.

    Parameters
    ----------
    scores : ndarray, shape (n_cases, n_classes)
        Held-out scores: no case was scored by a model that learned it.
    target : ndarray of int, shape (n_cases,)
        Column of the true class.

    Returns
    -------
    float
        At least 0.1, at most 50.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> fit_temperature(np.zeros((0, 2)), np.zeros(0, dtype=int)) == DEFAULT_TEMPERATURE
    True
    """
    if not len(target):
        return DEFAULT_TEMPERATURE
    rows = np.arange(len(target))

    def loss(log_factor: float) -> float:
        likelihood = log_softmax(np.exp(log_factor) * scores, axis=1)[rows, target].sum()
        pull = _PRIOR_CASES * (log_factor - np.log(DEFAULT_TEMPERATURE)) ** 2
        return float(pull - likelihood)

    return float(np.exp(minimize_scalar(loss, bounds=_BOUNDS, method="bounded").x))


def to_probabilities(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return probabilities that sum to one in each row.

    Examples
    --------
    >>> import numpy as np
    >>> to_probabilities(np.array([[1.0, 1.0]]), 4.0).tolist()
    [[0.5, 0.5]]
    """
    probabilities: NDArray[np.float64] = softmax(temperature * np.asarray(scores, dtype=np.float64), axis=1)
    return probabilities
