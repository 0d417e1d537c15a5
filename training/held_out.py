"""Probabilities of training cases by models that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from router.interfaces import Classifier

__all__ = ["held_out_probabilities"]

_FOLDS = 5


@runtime_checkable
class _KeepsHeldOut(Protocol):
    """A classifier that has them from its own fit."""

    held_out_proba_: NDArray[np.float64]


def held_out_probabilities(
    fitted: Classifier,
    refit: Callable[[Sequence[str], Sequence[str]], Classifier],
    texts: Sequence[str],
    y: Sequence[str],
) -> NDArray[np.float64]:
    """Return held-out probabilities of the training cases.

    Parameters
    ----------
    fitted : Classifier
        Trained on all of them; asked first, because some classifiers have
        leave-one-out probabilities for free.
    refit : callable
        Trains an equal classifier on fewer cases.
    texts, y : sequence of str

    Returns
    -------
    ndarray, shape (n_texts, n_classes)
        In the order of ``fitted.classes_``; zero for a class that a fold
        never saw.
    """
    if isinstance(fitted, _KeepsHeldOut):
        return fitted.held_out_proba_
    column = {label: at for at, label in enumerate(fitted.classes_)}
    probabilities = np.zeros((len(texts), len(column)))
    if len(texts) < 2 * _FOLDS:
        return probabilities[:0]
    for learn, judge in KFold(_FOLDS, shuffle=True, random_state=0).split(texts):
        part = refit([texts[i] for i in learn], [y[i] for i in learn])
        columns = [column[label] for label in part.classes_]
        probabilities[np.ix_(judge, columns)] = part.predict_proba([texts[i] for i in judge])
    return probabilities
