"""What is measured, and the figures that come of it."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.pipelines import cut_seconds
from benchmarks.protocols import Split
from models.artifact import write_artifact
from router.proposal import Proposal
from router.site import Site
from training.card import calibration
from training.descriptions import Description
from training.history import History, to_history
from training.metrics import accuracy_at_coverage, expected_calibration_error, macro_f1
from training.train import train

__all__ = ["Background", "CaseTable", "Fenban", "Figures", "Method", "figures_of", "mean", "measure"]

Matrix = NDArray[np.float64]
Figures = dict[str, Any]


class Method(Protocol):
    """What is measured: fitted once for each split."""

    @property
    def classes(self) -> list[str]:
        """The labels, in the order of the columns of `predict_proba`."""
        ...

    def fit(self, texts: Sequence[str], y: Sequence[str]) -> Self:
        """Learn from labelled texts."""
        ...

    def predict_proba(self, texts: Sequence[str]) -> Matrix:
        """Return probabilities, shape (n_texts, n_classes)."""
        ...

    def size(self) -> int:
        """Return the bytes a stored model takes."""
        ...


class Fenban:
    """fenban's own classifier of sections, trained as ``fenban train`` does, topics and co-handling left out.

    Parameters
    ----------
    descriptions : sequence of (label, text)
    unlabelled : sequence of str
    """

    def __init__(self, descriptions: Sequence[Description] = (), unlabelled: Sequence[str] = ()) -> None:
        self._descriptions = descriptions
        self._unlabelled = unlabelled

    def fit(self, texts: Sequence[str], y: Sequence[str]) -> Self:
        """Learn from labelled texts and what was given with them."""
        proposals = [_proposal(text, label) for text, label in zip(texts, y, strict=True)]
        history = to_history(proposals, None)
        self.trained = train(history, descriptions=self._descriptions, unlabelled=self._unlabelled)
        self.classes: list[str] = self.trained.model.section.classes_.tolist()
        self.set_threshold = self.trained.model.thresholds.get("set")
        return self

    def predict_proba(self, texts: Sequence[str]) -> Matrix:
        """Return probabilities, shape (n_texts, n_classes)."""
        return self.trained.model.section.predict_proba(texts)

    def size(self) -> int:
        """Return the bytes of the artifact on disk."""
        with tempfile.TemporaryDirectory() as folder:
            write_artifact(
                Path(folder),
                self.trained.model,
                self.trained.manifest,
                self.trained.lexicon,
                self.trained.card,
            )
            return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


@dataclass(frozen=True)
class CaseTable:
    """Labelled cases that are measured together.

    Parameters
    ----------
    name : str
        What is shown of them: generic, no path.
    history : History
    site : Site or None
    """

    name: str
    history: History
    site: Site | None = None

    @property
    def texts(self) -> list[str]:
        """Title and body of each case."""
        return self.history.cases["text"].tolist()

    @property
    def labels(self) -> list[str]:
        """The label of each case."""
        return self.history.cases["section"].tolist()

    def about(self) -> str:
        """Say how large it is."""
        texts, labels = self.texts, self.labels
        length = statistics.median(map(len, texts))
        return f"{self.name}: {len(texts):,} cases, {len(set(labels))} labels, {length:.0f} characters"


@dataclass(frozen=True)
class Background:
    """What fenban is given beside labelled cases; tutorial pipelines have no use for it."""

    descriptions: Sequence[Description] = ()
    unlabelled: Sequence[str] = ()

    def methods(self) -> dict[str, Callable[[], Method]]:
        """Return fenban with the cases alone, then with all that it is given."""
        found: dict[str, Callable[[], Method]] = {"fenban": Fenban}
        if self.unlabelled:
            found["fenban + unlabelled"] = lambda: Fenban(unlabelled=self.unlabelled)
        if self.descriptions:
            more = " + unlabelled" if self.unlabelled else ""
            found[f"fenban{more} + descriptions"] = lambda: Fenban(self.descriptions, self.unlabelled)
        return found


@dataclass(frozen=True)
class Judged:
    """What one fitted method said of the judged cases of a split."""

    true: list[str]
    given: list[str]
    probability: Matrix
    within_3: list[bool]
    in_set: list[bool]
    set_size: list[int]
    fit_seconds: float
    docs_per_second: float
    size: int

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the most probable label was the true one."""
        return np.array([true == given for true, given in zip(self.true, self.given, strict=True)])


def measure(make: Callable[[], Method], table: CaseTable, split: Split, *, cuts: bool) -> Judged:
    """Fit on one part of a table and judge on the other.

    Parameters
    ----------
    make : callable
        Returns an unfitted method.
    table : CaseTable
    split : Split
    cuts : bool
        Whether the method reads words from `cut_once`, whose time is then added.
    """
    texts, labels = table.texts, table.labels
    learned, judged = [texts[at] for at in split.learn], [texts[at] for at in split.judge]
    cut_before = (cut_seconds(learned), cut_seconds(judged)) if cuts else (0.0, 0.0)
    started = time.process_time()
    method = make().fit(learned, [labels[at] for at in split.learn])
    fitted = time.process_time()
    probabilities = method.predict_proba(judged)
    predicted = time.process_time()
    speed = len(judged) / (predicted - fitted + cut_before[1])
    seconds = fitted - started + cut_before[0]
    return _judge(method, probabilities, [labels[at] for at in split.judge], seconds, speed)


def _judge(method: Method, probabilities: Matrix, true: list[str], seconds: float, speed: float) -> Judged:
    order = np.argsort(-probabilities, axis=1, kind="stable")
    classes = method.classes
    threshold = getattr(method, "set_threshold", None)
    rank = np.argsort(order, axis=1) + 1
    sets = probabilities / rank >= (np.inf if threshold is None else threshold)
    sets[np.arange(len(true)), order[:, 0]] = True
    column = {label: at for at, label in enumerate(classes)}
    places = [column.get(label) for label in true]
    return Judged(
        true,
        [classes[at] for at in order[:, 0]],
        probabilities.max(axis=1),
        [place in first for place, first in zip(places, order[:, :3].tolist(), strict=True)],
        [place is not None and bool(row[place]) for place, row in zip(places, sets, strict=True)]
        if threshold is not None
        else [],
        sets.sum(axis=1).tolist() if threshold is not None else [],
        seconds,
        speed,
        method.size(),
    )


def figures_of(rounds: Sequence[Sequence[Judged]]) -> Figures:
    """Return the figures of a method: over all cases of a round, averaged over rounds."""
    each = [_round_figures(judged) for judged in rounds]
    found: Figures = {name: mean([figures[name] for figures in each]) for name in each[0]}
    fitted = [judged for judgeds in rounds for judged in judgeds]
    accuracy, n = found["accuracy"], int(found["n"])
    stated = calibration(
        np.concatenate([judged.probability for judged in fitted]),
        np.concatenate([judged.right for judged in fitted]),
    )
    return {
        **found,
        "n": n,
        "calibration": [asdict(one) for one in stated],
        "standard_error": float(np.sqrt(accuracy * (1 - accuracy) / n)),
        "fit_seconds": statistics.median(judged.fit_seconds for judged in fitted),
        "docs_per_second": statistics.median(judged.docs_per_second for judged in fitted),
        "size_mb": statistics.median(judged.size for judged in fitted) / 1e6,
    }


def _round_figures(splits: Sequence[Judged]) -> Figures:
    right = np.concatenate([judged.right for judged in splits])
    probability = np.concatenate([judged.probability for judged in splits])
    true, given = _joined(s.true for s in splits), _joined(s.given for s in splits)
    in_set, set_size = _joined(s.in_set for s in splits), _joined(s.set_size for s in splits)
    return {
        "n": len(right),
        "accuracy": float(right.mean()),
        "top3_accuracy": float(np.mean(_joined(s.within_3 for s in splits))),
        "macro_f1": macro_f1(true, given),
        "ece": expected_calibration_error(probability, right),
        "accuracy_at_80": accuracy_at_coverage(probability, right, 0.8),
        "accuracy_at_60": accuracy_at_coverage(probability, right, 0.6),
        "set_coverage": float(np.mean(in_set)) if in_set else None,
        "set_size": float(np.mean(set_size)) if set_size else None,
    }


def _joined(parts: Iterable[list[Any]]) -> list[Any]:
    return [item for part in parts for item in part]


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean, None where a value is missing."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None


def _proposal(text: str, label: str) -> Proposal:
    title, _, body = text.partition("\n")
    return Proposal(title=title, body=body, section=label)
