"""The way of a case: candidates from the model, votes of the rules, a decision."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import takewhile
from typing import Self

from router.calendar import deadlines
from router.decision import (
    Candidate,
    Deadlines,
    Decision,
    Evidence,
    Reason,
    ScoredLabel,
    Status,
    Versions,
    Vote,
    VoteKind,
)
from router.errors import SiteError
from router.interfaces import Model, ModelOutput, Tokenizer
from router.likeness import is_new_kind, same_matter, worth_showing
from router.policy import doubts
from router.precedence import Choice, flags_of, settle
from router.proposal import Proposal
from router.rules.book import RuleBook, RuleRun
from router.site import Site, is_outside
from router.text import fold

__all__ = ["Router"]

DEFAULT_ACCEPT = 0.9
DEFAULT_NOT_OURS = 0.6
DEFAULT_SET = 0.05
"""They hold while there are too few labelled cases to find a model's own."""

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
    tokenizer : Tokenizer, optional
        For rules that ask for whole words; else the model's own, or the one
        that the site names.

    Examples
    --------
    See docs/commands.md for a complete run; in Python::

        router = Router(ModelStore(Path("store")).load(), load_site(Path("data")))
        router.suggest(Proposal(title="关于修复人民路路面的建议")).lead
    """

    def __init__(
        self,
        model: Model,
        site: Site | None = None,
        *,
        today: date | None = None,
        tokenizer: Tokenizer | None = None,
    ) -> None:
        self.model = model
        self.site = site or Site()
        self._today = today
        self._dated: dict[tuple[date, bool], Deadlines] = {}
        self._valid_on: dict[date, frozenset[str]] = {}
        self._unsaying = frozenset(map(fold, self.site.stop_words))
        self.tokenizer: Tokenizer | None = tokenizer or getattr(model, "tokenizer", None)
        self.rules = RuleBook.of(self.site, self.tokenizer)

    @property
    def today(self) -> date:
        """The day that sections and rules must be valid on."""
        return self._today or date.today()  # noqa: DTZ011  # the bureau's own calendar day

    def with_rules(self, rules: RuleBook) -> Self:
        """Return a router that differs in its rules only."""
        other = copy(self)
        other.rules = rules
        return other

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
        today = self.today
        return [self.decide(p, output, today) for p, output in zip(proposals, outputs, strict=True)]

    def decide(
        self, proposal: Proposal, output: ModelOutput, today: date | None = None, run: RuleRun | None = None
    ) -> Decision:
        """Decide on what a model has said of a case.

        Parameters
        ----------
        proposal : Proposal
        output : ModelOutput
            The model's, or what it said of the case at another time.
        today : date, optional
            The router's own day where not given.
        run : RuleRun, optional
            What the rules have said of the case, where they needn't be asked
            again.

        Returns
        -------
        Decision
        """
        today = today or self.today
        candidates = self._telling(proposal, self._valid(output.section.candidates, today))
        if run is None:
            run = self.rules.run(proposal, candidates, today)
        votes = run.votes
        choice = self.settle(proposal, candidates, votes)
        found = doubts(
            choice,
            candidates,
            votes,
            proposal.text,
            output.known_share,
            self.site,
            self._accept(choice.lead.label),
            new_kind=is_new_kind(output, self.model.thresholds),
            role=proposal.role,
            asks=output.asks,
        )
        lead = choice.lead
        return Decision(
            case_id=proposal.case_id,
            title=proposal.title,
            status=Status.REVIEW if run.critical else found.status,
            lead=lead.label,
            probability=lead.probability,
            decided_by=choice.decided_by,
            prediction_set=self._prediction_set(candidates),
            topic=self._topic(output, lead.label),
            co_sections=self._co_sections(output, lead.label, candidates, votes),
            flags=(*flags_of(votes), *same_matter(proposal, output, self.model.thresholds, self.site)),
            reasons=(*_failures(run), *found.reasons),
            candidates=candidates,
            votes=votes,
            failed_rules=run.failed,
            rule_notes=run.notes,
            similar=worth_showing(output),
            deadlines=self._deadlines(proposal, today),
            versions=Versions(self.model.version, self.rules.digest[:12], self.site.digest[:12]),
        )

    def _valid(self, candidates: Sequence[Candidate], day: date) -> tuple[Candidate, ...]:
        """Keep what exists on `day`, and add what the model never saw; without sections, all exist."""
        if not self.site.sections:
            return tuple(candidates)
        if day not in self._valid_on:
            self._valid_on = {day: self.site.valid_labels(day)}
        valid = self._valid_on[day]
        known = [c for c in candidates if c.label in valid]
        if not known:
            raise SiteError("模型的标签里没有本站点今天的股室", hint="请用 --site 重新训练，或换一个模型库")
        if len(known) < len(valid):
            known += [Candidate(label, 0.0) for label in sorted(valid - {c.label for c in known})]
        return tuple(known)

    def _telling(self, proposal: Proposal, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Leave words that every petition holds (建议, 进一步) out of the evidence."""
        texts = {"title": proposal.title, "body": proposal.body}

        def tells(evidence: Evidence) -> bool:
            return _tells(texts[evidence.field][evidence.start : evidence.end], self._unsaying)

        return tuple(
            c._replace(evidence=tuple(filter(tells, c.evidence))) if c.evidence else c for c in candidates
        )

    def settle(self, proposal: Proposal, candidates: Sequence[Candidate], votes: Sequence[Vote]) -> Choice:
        """Choose; an outside unit is named only where rule or model is sure enough."""
        least = max(LEAST_NOT_OURS, self.model.thresholds.get("not_ours", DEFAULT_NOT_OURS))
        margin = self.site.settings.close_margin
        return settle(candidates, votes, margin, role=proposal.role, least_outside=least)

    def _accept(self, lead: str) -> float:
        """Return what `lead` must reach: its own threshold where the model has one."""
        thresholds = self.model.thresholds
        return thresholds.get(f"accept:{lead}", thresholds.get("accept", DEFAULT_ACCEPT))

    def _prediction_set(self, candidates: Sequence[Candidate]) -> tuple[str, ...]:
        """Return the labels whose probability by rank reaches the conformal threshold, at least one."""
        least = self.model.thresholds.get("set", DEFAULT_SET)
        ranked = takewhile(lambda each: each[1].probability / each[0] >= least, enumerate(candidates[1:], 2))
        return (candidates[0].label, *(c.label for _, c in ranked))

    def _topic(self, output: ModelOutput, lead: str) -> ScoredLabel | None:
        """Return the most probable topic of the lead section."""
        if output.topic is None or is_outside(lead):
            return None
        for label, probability in zip(output.topic.labels, output.topic.probabilities, strict=True):
            topic = self.site.topics.get(label)
            if not self.site.topics or (topic is not None and topic.section == lead):
                return ScoredLabel(label, probability)
        return None

    def _co_sections(
        self, output: ModelOutput, lead: str, candidates: Sequence[Candidate], votes: Sequence[Vote]
    ) -> tuple[ScoredLabel, ...]:
        """Return who should co-handle: whom the rules ask for, and whom the model is sure enough of."""
        threshold = self.model.thresholds.get("co", self.site.settings.co_threshold)
        named = {label for label, p in output.co.items() if p >= threshold}
        if self.site.sections:  # without a site whoever co-handled before may do so again
            named &= {c.label for c in candidates}
        named |= {v.target for v in votes if v.kind is VoteKind.CO_HANDLE}
        named.discard(lead)
        if is_outside(lead):  # a case that goes back is handed to nobody outside
            named = {label for label in named if not is_outside(label)}
        scored = [ScoredLabel(label, output.co.get(label, 0.0)) for label in named]
        return tuple(sorted(scored, key=lambda s: (-s.probability, s.label)))

    def _deadlines(self, proposal: Proposal, today: date) -> Deadlines:
        settings = self.site.settings
        assumed = proposal.received_on is None
        received = proposal.received_on or today
        if (received, assumed) not in self._dated:  # a year has few days and many cases
            days, months = settings.return_working_days, settings.reply_months
            found = deadlines(received, days, months, self.site.holidays)
            self._dated[received, assumed] = replace(found, assumed=assumed)
        dated = self._dated[received, assumed]
        return replace(dated, unread=proposal.received_text) if proposal.received_text else dated


def _failures(run: RuleRun) -> list[Reason]:
    """Say which critical rules failed: what they guard against may be in the case."""
    names = "、".join(f"“{name}”" for name in run.critical)
    return [Reason("rule_failed", f"规则{names}没有跑成，不知道它会怎么说，请人工核对")] if names else []


@lru_cache(maxsize=10_000)  # the same words speak in case after case
def _tells(word: str, unsaying: frozenset[str]) -> bool:
    return fold(word) not in unsaying
