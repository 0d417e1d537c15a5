"""The way of a case: candidates from the model, votes of the rules, a decision."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from router.calendar import deadlines
from router.decision import (
    Candidate,
    Deadlines,
    Decision,
    Evidence,
    FailedRule,
    ScoredLabel,
    Versions,
    Vote,
    VoteKind,
)
from router.errors import SiteError
from router.interfaces import Model, ModelOutput, Rule
from router.likeness import is_new_kind, same_matter, worth_showing
from router.policy import Choice, choose, doubts, flags_of
from router.proposal import Proposal
from router.rules import build_rules
from router.site import Site, is_outside
from router.text import fold

__all__ = ["Router"]

log = logging.getLogger("fenban.router")

DEFAULT_ACCEPT = 0.9
DEFAULT_NOT_OURS = 0.6
"""Both hold while there are too few labelled cases to find a model's own."""

LEAST_NOT_OURS = 0.5
"""A case goes back only where it is more likely than not another unit's."""


class Router:
    """Suggests who handles a case.

    Parameters
    ----------
    model : Model
    site : Site, optional
        Without one every label of the model is a candidate and no rule runs.
    today : date, optional
        Fixed for replays and tests; else the day of the call.

    Examples
    --------
    See docs/commands.md for a complete run; in Python::

        router = Router(ModelStore(Path("store")).load(), load_site(Path("data")))
        router.suggest(Proposal(title="关于修复人民路路面的建议")).lead
    """

    def __init__(self, model: Model, site: Site | None = None, *, today: date | None = None) -> None:
        self.model = model
        self.site = site or Site()
        self._today = today
        labels = frozenset([*self.site.sections, *self.site.neighbours])
        self._dated: dict[date, Deadlines] = {}
        self._unsaying = frozenset(map(fold, self.site.stop_words))
        self._rules: tuple[Rule, ...] = build_rules(self.site.rules, labels)

    def suggest(self, proposal: Proposal, *, explain: bool = True) -> Decision:
        """Suggest for one case; see `suggest_many`."""
        return self.suggest_many([proposal], explain=explain)[0]

    def suggest_many(
        self, proposals: Sequence[Proposal], *, explain: bool = True, similar: bool | None = None
    ) -> list[Decision]:
        """Suggest for many cases.

        Parameters
        ----------
        proposals : sequence of Proposal
        explain : bool
            Whether candidates carry the words that spoke for them.
        similar : bool, optional
            Whether past cases are looked through, and the given ones
            compared with each other; as `explain` where not given. Without
            it neither ``new_kind_of_case`` nor ``same_matter`` can be told.

        Returns
        -------
        list of Decision
            In the order of `proposals`.
        """
        looked_up = explain if similar is None else similar
        outputs = self.model.predict(proposals, explain=explain, similar=looked_up)
        today = self._today or date.today()  # noqa: DTZ011  # the bureau's own calendar day
        return [self._decide(p, output, today) for p, output in zip(proposals, outputs, strict=True)]

    def _decide(self, proposal: Proposal, output: ModelOutput, today: date) -> Decision:
        candidates = self._telling(proposal, self._valid(output.section.candidates, today))
        votes, failed = self._votes(proposal, candidates)
        choice = self._settle(proposal, candidates, votes)
        found = doubts(
            choice,
            candidates,
            votes,
            proposal.text,
            output.known_share,
            self.site,
            self._accept(),
            new_kind=is_new_kind(output, self.model.thresholds),
            role=proposal.role,
        )
        lead = choice.lead
        return Decision(
            case_id=proposal.case_id,
            title=proposal.title,
            status=found.status,
            lead=lead.label,
            probability=lead.probability,
            decided_by=choice.decided_by,
            prediction_set=self._prediction_set(candidates),
            topic=self._topic(output, lead.label),
            co_sections=self._co_sections(output, lead.label, candidates, votes),
            flags=(*flags_of(votes), *same_matter(proposal, output, self.model.thresholds, self.site)),
            reasons=found.reasons,
            candidates=candidates,
            votes=tuple(votes),
            failed_rules=tuple(failed),
            similar=worth_showing(output),
            deadlines=self._deadlines(proposal, today),
            versions=Versions(self.model.version, self.site.rules_digest[:12], self.site.digest[:12]),
        )

    def _valid(self, candidates: Sequence[Candidate], day: date) -> tuple[Candidate, ...]:
        """Keep what exists on `day`, and add what the model never saw; without sections, all exist."""
        if not self.site.sections:
            return tuple(candidates)
        valid = self.site.valid_labels(day)
        known = [c for c in candidates if c.label in valid]
        if not known:
            raise SiteError("模型的标签里没有本站点今天的股室", hint="请用 --site 重新训练，或换一个模型库")
        unseen = sorted(valid - {c.label for c in known})
        return (*known, *(Candidate(label, 0.0) for label in unseen))

    def _telling(self, proposal: Proposal, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Leave words that every petition holds (建议, 进一步) out of the evidence."""
        texts = {"title": proposal.title, "body": proposal.body}

        def tells(evidence: Evidence) -> bool:
            return fold(texts[evidence.field][evidence.start : evidence.end]) not in self._unsaying

        return tuple(
            replace(c, evidence=tuple(filter(tells, c.evidence))) if c.evidence else c for c in candidates
        )

    def _votes(
        self, proposal: Proposal, candidates: Sequence[Candidate]
    ) -> tuple[list[Vote], list[FailedRule]]:
        votes: list[Vote] = []
        failed: list[FailedRule] = []
        for rule in self._rules:
            try:
                votes += _checked(rule.evaluate(proposal, candidates))
            except Exception as error:  # a foreign rule may raise anything
                log.warning("rule %s failed: %s", rule.name, type(error).__name__)
                failed.append(FailedRule(rule.name, type(error).__name__))
        return votes, failed

    def _settle(self, proposal: Proposal, candidates: Sequence[Candidate], votes: Sequence[Vote]) -> Choice:
        """Choose; an outside unit is named only where rule or model is sure enough."""
        margin = self.site.settings.close_margin
        choice = choose(candidates, votes, margin)
        if not is_outside(choice.lead.label):
            return choice
        outside = sum(c.probability for c in candidates if is_outside(c.label))
        needed = max(LEAST_NOT_OURS, self.model.thresholds.get("not_ours", DEFAULT_NOT_OURS))
        sure = choice.by_rule or outside >= needed
        ours = [c for c in candidates if not is_outside(c.label)]
        if ours and (proposal.role == "co" or not sure):
            kept = choose(ours, votes, margin)
            return replace(kept, conflict=choice.conflict or kept.conflict)
        return choice

    def _accept(self) -> float:
        return self.model.thresholds.get("accept", DEFAULT_ACCEPT)

    def _prediction_set(self, candidates: Sequence[Candidate]) -> tuple[str, ...]:
        """Return the most probable labels down to the conformal threshold, at least one."""
        least = self.model.thresholds.get("set", 0.05)
        return tuple(c.label for at, c in enumerate(candidates) if at == 0 or c.probability >= least)

    def _topic(self, output: ModelOutput, lead: str) -> ScoredLabel | None:
        """Return the most probable topic of the lead section."""
        if output.topic is None or is_outside(lead):
            return None
        for candidate in output.topic.candidates:
            topic = self.site.topics.get(candidate.label)
            if not self.site.topics or (topic is not None and topic.section == lead):
                return ScoredLabel(candidate.label, candidate.probability)
        return None

    def _co_sections(
        self, output: ModelOutput, lead: str, candidates: Sequence[Candidate], votes: Sequence[Vote]
    ) -> tuple[ScoredLabel, ...]:
        """Return who should co-handle: whom the rules ask for, and whom the model is sure enough of."""
        known = {c.label for c in candidates}
        if not self.site.sections:  # without a site whoever co-handled before may do so again
            known |= {c.label for c in output.co}
        valid = known - {lead}
        probability = {c.label: c.probability for c in output.co if c.label in valid}
        asked = {v.target for v in votes if v.kind is VoteKind.CO_HANDLE} & valid
        threshold = self.model.thresholds.get("co", self.site.settings.co_threshold)
        named = asked | {label for label, p in probability.items() if p >= threshold}
        if is_outside(lead):  # a case that goes back is handed to nobody outside
            named = {label for label in named if not is_outside(label)}
        scored = [ScoredLabel(label, probability.get(label, 0.0)) for label in named]
        return tuple(sorted(scored, key=lambda s: (-s.probability, s.label)))

    def _deadlines(self, proposal: Proposal, today: date) -> Deadlines:
        settings = self.site.settings
        received = proposal.received_on or today
        if received not in self._dated:  # a year has few days and many cases
            days, months = settings.return_working_days, settings.reply_months
            self._dated[received] = deadlines(received, days, months, self.site.holidays)
        return self._dated[received]


def _checked(votes: Iterable[Vote]) -> list[Vote]:
    """Return all votes of one rule, or raise before any of them counts."""
    return [replace(vote, kind=VoteKind(vote.kind)) for vote in votes]
