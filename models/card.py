"""What a model's card holds: how it did on cases it had not learned, and what it was made of.

The card is worked out while training and lies in the artifact as
``card.json``, because the held-out probabilities are gone afterwards. Models
of before have none. It holds labels and numbers, never the text of a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from router.errors import StoreError

__all__ = [
    "AxisCard",
    "Bin",
    "Card",
    "Confusion",
    "Covered",
    "Estimate",
    "LabelCount",
    "LeftOut",
    "as_json",
    "read_card",
    "write_card",
]

_FILE = "card.json"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """The held-out cases whose best label got about the same probability.

    Parameters
    ----------
    start, end : float
        The edges.
    n : int
    probability : float
        The mean of what was stated.
    right : Estimate
        The share that was right.
    """

    start: float
    end: float
    n: int
    probability: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Covered:
    """The cases a model is surest of.

    Parameters
    ----------
    share : float
        Of the held-out cases.
    n : int
    least : float
        The lowest probability among them.
    right : Estimate
    """

    share: float
    n: int
    least: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often one label was given where another was true."""

    true: str
    said: str
    n: int


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How one label fared.

    Parameters
    ----------
    cases, held_out : int
        Learned; judged by a model that had not learned them.
    right, said : int
        Held-out cases of it that got it, and all that got it.
    """

    cases: int
    held_out: int
    right: int
    said: int

    @property
    def recall(self) -> float | None:
        """The share of its held-out cases that got it; None without any."""
        return self.right / self.held_out if self.held_out else None

    @property
    def precision(self) -> float | None:
        """The share of those that got it that are its own; None where none did."""
        return self.right / self.said if self.said else None


@dataclass(frozen=True)
class AxisCard:
    """What there is to tell of one axis.

    Parameters
    ----------
    cases, descriptions, held_out : int
        Cases and descriptions learned; cases judged by a model that had not
        learned them.
    labels : mapping of str to LabelCount
        All the model can say, in the order of its columns.
    metrics : mapping of str to Estimate
        ``accuracy``, ``top3_accuracy``, ``macro_f1``, ``ece``; empty without
        held-out cases.
    calibration : tuple of Bin
        Without the empty ones.
    coverage : tuple of Covered
    confusions : tuple of Confusion
        The most frequent first; with many labels only the first of them.
    """

    cases: int
    descriptions: int
    held_out: int
    labels: Mapping[str, LabelCount]
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    calibration: tuple[Bin, ...] = ()
    coverage: tuple[Covered, ...] = ()
    confusions: tuple[Confusion, ...] = ()

    def ranked(self) -> list[tuple[str, LabelCount]]:
        """Return the labels, those with the most cases first."""
        return sorted(self.labels.items(), key=lambda item: -item[1].cases)


@dataclass(frozen=True)
class LeftOut:
    """What was given and not learned: cases without a label or of an unknown one, unreadable places."""

    unlabelled: int = 0
    unknown_labels: Mapping[str, int] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(frozen=True)
class Card:
    """What there is to tell of a model beside its manifest.

    Parameters
    ----------
    axes : mapping of str to AxisCard
        ``section`` and, where there are topics, ``topic``.
    years : mapping of str to int
        Cases of each year.
    undated : int
    co_cases : int
        Cases that others co-handled.
    background : int
        Texts without labels.
    left_out : LeftOut
    ahead : AxisCard or None
        The section axis once more, later cases judged by models of earlier
        ones; None where the dates don't allow it.
    """

    axes: Mapping[str, AxisCard]
    years: Mapping[str, int]
    undated: int
    co_cases: int
    background: int
    left_out: LeftOut
    ahead: AxisCard | None = None


_CARD = TypeAdapter(Card)


def write_card(folder: Path, card: Card) -> None:
    """Write a card into an artifact's folder."""
    (folder / _FILE).write_bytes(_CARD.dump_json(card, indent=1))


def read_card(folder: Path) -> Card | None:
    """Return the card of an artifact, None for a model of before there were cards.

    Raises
    ------
    StoreError
        If it can't be read.
    """
    try:
        return _CARD.validate_json((folder / _FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StoreError(
            "模型卡 card.json 无法读取", where=str(folder), hint="请从备份恢复这个版本"
        ) from error


def as_json(card: Card | None) -> object:
    """Return a card as plain mappings and lists, for a program.

    Examples
    --------
    >>> as_json(None) is None
    True
    """
    return None if card is None else _CARD.dump_python(card, mode="json")
