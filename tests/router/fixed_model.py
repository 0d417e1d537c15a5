"""A model that says what it is told to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from router.decision import Candidate, Evidence, OtherCase, SimilarCase
from router.interfaces import Asked, AxisPrediction, ModelOutput
from router.proposal import Proposal


def ranked(probabilities: Mapping[str, float]) -> tuple[Candidate, ...]:
    """Return candidates, most probable first."""
    order = sorted(probabilities, key=lambda label: -probabilities[label])
    return tuple(Candidate(label, probabilities[label]) for label in order)


def axis(probabilities: Mapping[str, float], *evidence: tuple[Evidence, ...]) -> AxisPrediction:
    """Return a prediction, with what spoke for the first labels."""
    candidates = ranked(probabilities)
    labels, shares = tuple(c.label for c in candidates), tuple(c.probability for c in candidates)
    return AxisPrediction(labels, shares, evidence)


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
    asks: Mapping[str, int] = field(default_factory=dict)

    def predict(
        self, proposals: Sequence[Proposal], *, explain: bool = True, similar: bool = True
    ) -> list[ModelOutput]:
        topic = axis(self.topics) if self.topics else None
        sections = [axis(self.by_title.get(p.title, self.sections), self.evidence) for p in proposals]
        found = self.similar if similar else None
        asks = tuple(Asked(label, parts) for label, parts in self.asks.items())
        return [
            ModelOutput(section, topic, self.known_share, self.co, found, asks=asks) for section in sections
        ]

    def named(self, cases: Sequence[OtherCase]) -> list[OtherCase]:
        titles = {replace(s.case, title=""): s.case.title for s in self.similar or ()}
        return [replace(case, title=titles.get(replace(case, title=""), "")) for case in cases]
