"""What came of reading a file or a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from router.interfaces import ReadNote, ReadProblem
from router.proposal import Proposal

__all__ = ["Item", "ReadReport"]

Item: TypeAlias = Proposal | ReadProblem | ReadNote


@dataclass(slots=True)
class ReadReport:
    """The cases that were read, and everything that was not and why.

    Parameters
    ----------
    proposals : list of Proposal
        In the order of the files; phones and ID numbers already masked.
    problems : list of ReadProblem
        What did not become a case.
    notes : list of ReadNote
        Columns mapped and kept, rows left out, numbers masked.

    Examples
    --------
    >>> report = ReadReport()
    >>> report.add(Proposal(title="关于修复人民路路面的建议"))
    >>> len(report.proposals), report.problems
    (1, [])
    """

    proposals: list[Proposal] = field(default_factory=list)
    problems: list[ReadProblem] = field(default_factory=list)
    notes: list[ReadNote] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Put one item into the list it belongs to."""
        if isinstance(item, Proposal):
            self.proposals.append(item)
        elif isinstance(item, ReadProblem):
            self.problems.append(item)
        else:
            self.notes.append(item)

    def extend(self, other: ReadReport) -> None:
        """Append all that `other` holds."""
        self.proposals.extend(other.proposals)
        self.problems.extend(other.problems)
        self.notes.extend(other.notes)

    @property
    def warnings(self) -> list[ReadNote]:
        """The notes that a person has to look at."""
        return [note for note in self.notes if note.code]

    def items(self) -> list[Item]:
        """Return proposals, problems and notes in one list."""
        return [*self.proposals, *self.problems, *self.notes]
