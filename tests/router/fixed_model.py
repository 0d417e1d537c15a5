"""A model that says what it is told to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from router.decision import Candidate, Evidence, SimilarCase
from router.interfaces import AxisPrediction, ModelOutput
from router.proposal import Proposal


def ranked(probabilities: Mapping[str, float]) -> tuple[Candidate, ...]:
    """Return candidates, most probable first."""
    order = sorted(probabilities, key=lambda label: -probabilities[label])
    return tuple(Candidate(label, probabilities[label]) for label in order)


@dataclass
class FixedModel:
    """Answers every case alike, or by its title."""

    sections: Mapping[str, float] = field(default_factory=dict)
    topics: Mapping[str, float] = field(default_factory=dict)
    co: Mapping[str, float] = field(default_factory=dict)
    known_share: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    version: str = "fixed.1"
    by_title: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    similar: tuple[SimilarCase, ...] | None = None
    evidence: tuple[Evidence, ...] = ()

    def predict(
        self, proposals: Sequence[Proposal], *, explain: bool = True, similar: bool = True
    ) -> list[ModelOutput]:
        topic = AxisPrediction(ranked(self.topics)) if self.topics else None
        answers = [ranked(self.by_title.get(p.title, self.sections)) for p in proposals]
        sections = [AxisPrediction((replace(a[0], evidence=self.evidence), *a[1:])) for a in answers]
        found = self.similar if similar else None
        return [ModelOutput(section, topic, self.known_share, ranked(self.co), found) for section in sections]
