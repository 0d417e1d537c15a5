"""The protocols between the layers, and those that plugins implement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, Self

from router.decision import Candidate, Evidence, OtherCase, SimilarCase, Vote
from router.proposal import Proposal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Asked",
    "AxisPrediction",
    "Classifier",
    "Event",
    "Model",
    "ModelOutput",
    "ReadNote",
    "ReadProblem",
    "Reader",
    "Rule",
    "Sink",
    "Tokenizer",
]


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """Something of a file that did not become a case, and why.

    Parameters
    ----------
    source : str
        File name, with the member's name inside an archive.
    where : str
        Row, sheet or page, as a person would look for it; may be empty.
    reason : str
        One Chinese sentence: what is wrong and what to do.
    code : str
        Machine-readable: ``unreadable``, ``not_a_proposal``, ``secret``,
        ``empty``, ``skipped``, ``bad_value``, ``scan``, ``unsupported``.
    """

    source: str
    where: str
    reason: str
    code: str = "unreadable"


@dataclass(frozen=True, slots=True)
class ReadNote:
    """Something worth knowing about a file that was read.

    Parameters
    ----------
    source, where : str
        As for `ReadProblem`.
    text : str
        One Chinese sentence, e.g. which columns were mapped or masked.
    code : str
        Machine-readable, of what a person has to look at: ``repeated_number``,
        ``unread_date``, ``unclear_kind``.
    """

    source: str
    where: str
    text: str
    code: str = ""


class Reader(Protocol):
    """Reads one kind of file, which it recognises by content."""

    def accepts(self, head: bytes, name: str) -> bool:
        """Say whether a file is of this kind.

        `head` is the beginning of the file, or all of it: directories of zip
        and OLE files stand at the end.
        """
        ...

    def read(self, file: BinaryIO, name: str) -> Iterable[Proposal | ReadProblem | ReadNote]:
        """Yield the cases of `file`, and what could not be read of it."""
        ...


class Tokenizer(Protocol):
    """Cuts normalised text into words; equal text gives equal words."""

    def tokenize(self, text: str) -> list[str]:
        """Return the words of `text` in order."""
        ...


class Classifier(Protocol):
    """A text classifier in scikit-learn's shape.

    A text is `router.proposal.case_text`: the title on the first line, the
    body after it.
    """

    classes_: NDArray[np.str_]

    def fit(
        self,
        texts: Sequence[str],
        y: Sequence[str],
        *,
        descriptions: Sequence[tuple[str, str]] | None = None,
        unlabelled: Sequence[str] | None = None,
    ) -> Self:
        """Learn from labelled texts, (label, text) descriptions and bare texts."""
        ...

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities of shape (n_texts, n_classes)."""
        ...

    def state(self) -> dict[str, Any]:
        """Return arrays, numbers and strings that `from_state` needs."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Build the fitted classifier again."""
        ...


class Rule(Protocol):
    """A routing rule; built from its table in ``rules.toml`` as ``Rule(**params)``."""

    name: str

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        """Return the votes this rule casts on `proposal`."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """Told to sinks after a decision or verdict is stored.

    Parameters
    ----------
    kind : str
        ``decision`` or ``verdict``.
    case_id : str
    payload : mapping
        The stored record as JSON-ready values, without the case's text.
    """

    kind: str
    case_id: str
    payload: Mapping[str, Any]


class Sink(Protocol):
    """Passes decisions and verdicts on to somewhere else."""

    def notify(self, event: Event) -> None:
        """Take note of `event`."""
        ...


class AxisPrediction(NamedTuple):
    """The model's answer on one axis (section or topic) for one case.

    Parameters
    ----------
    labels : tuple of str
        All of them, most probable first.
    probabilities : tuple of float
        One for each label; they sum to 1.
    evidence : tuple of tuple of Evidence
        What spoke for the first labels; empty where it wasn't asked for.
    """

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    evidence: tuple[tuple[Evidence, ...], ...] = ()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The labels as candidates; made anew at each call."""
        told = chain(self.evidence, repeat(()))
        return tuple(map(Candidate, self.labels, self.probabilities, told))


@dataclass(frozen=True, slots=True)
class Asked:
    """How many parts of a case clearly speak for one label."""

    label: str
    parts: int


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """The model's answer for one case.

    Parameters
    ----------
    section : AxisPrediction
    topic : AxisPrediction or None
        None where the model was trained without topics.
    known_share : float
        Share of the case's features that training has seen, 0 to 1.
    co : mapping of str to float
        How probable it is that each label co-handles; each stands by itself.
    similar : tuple of SimilarCase or None
        The past cases most like it, the most similar first; None where they
        weren't asked for or the model knows none.
    same_batch : tuple of SimilarCase
        Cases asked for together with it that are about the same matter.
    asks : tuple of Asked
        Whom the parts of the case speak for, the most asked first; empty
        where the model doesn't tell.
    """

    section: AxisPrediction
    topic: AxisPrediction | None
    known_share: float
    co: Mapping[str, float] = field(default_factory=dict)
    similar: tuple[SimilarCase, ...] | None = None
    same_batch: tuple[SimilarCase, ...] = ()
    asks: tuple[Asked, ...] = ()


class Model(Protocol):
    """What the router needs of a trained model."""

    version: str
    thresholds: Mapping[str, float]

    def predict(
        self, proposals: Sequence[Proposal], *, explain: bool = True, similar: bool = True
    ) -> list[ModelOutput]:
        """Predict section and topic for each case.

        `explain` asks for the words that spoke for a section, `similar` for
        the cases like each.
        """
        ...

    def named(self, cases: Sequence[OtherCase]) -> list[OtherCase]:
        """Return past cases with their titles, where the model still knows them beyond doubt."""
        ...
