"""The rules of a site, ready to run on case after case."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from time import perf_counter
from typing import Self

from router.decision import Candidate, FailedRule, RuleNote, Vote, VoteKind
from router.errors import SiteError
from router.interfaces import Tokenizer
from router.plugins import make_plugin
from router.proposal import Proposal
from router.rules.building import BookRule, build_rules
from router.rules.condition_rule import ReadingRule
from router.rules.reading import Reading, WordFinder
from router.site import Site

__all__ = ["BUDGET_SECONDS", "RuleBook", "RuleRun", "site_tokenizer"]

log = logging.getLogger("fenban.rules")

BUDGET_SECONDS = 0.25
"""A rule that takes longer on one case is told of; it isn't stopped."""

Call = Callable[[Reading], Iterable[Vote]]
_TARGETS = frozenset({VoteKind.REQUIRE, VoteKind.FORBID, VoteKind.PREFER, VoteKind.CO_HANDLE})


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What the rules said of one case.

    Parameters
    ----------
    votes : tuple of Vote
        In the order of the rules' names.
    failed : tuple of FailedRule
        Nothing of what these said counts.
    critical : tuple of str
        Names of the failed rules without which no case may pass unseen.
    notes : tuple of RuleNote
        Votes that were dropped and rules that took too long.
    seconds : mapping of str to float
        Time of each rule that was asked; those whose words don't occur
        aren't.
    """

    votes: tuple[Vote, ...] = ()
    failed: tuple[FailedRule, ...] = ()
    critical: tuple[str, ...] = ()
    notes: tuple[RuleNote, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


class RuleBook:
    """The rules of a site, compiled once.

    Their words are looked up in one pass over the text; a rule is asked only
    where a word occurs without which it can't fire.

    Parameters
    ----------
    rules : sequence of BookRule
        In the order of their names.
    tokenizer : callable, optional
        Returns the tokenizer; called only where a rule asks for whole words.
    digest : str
        Of the files they come from.
    budget : float
        Seconds a rule may take on one case before that is told.

    Examples
    --------
    >>> from router.rule_tables import RuleTable, RuleTables
    >>> effect = {"effect": "flag", "target": "lamp", "reason": "有灯"}
    >>> table = RuleTable({"type": "keyword", "name": "灯", "any": ["灯"], **effect})
    >>> book = RuleBook.of(Site(rules=RuleTables((table,))))
    >>> [vote.rule for vote in book.run(Proposal(title="路灯不亮"), ()).votes]
    ['灯']
    """

    def __init__(
        self,
        rules: Sequence[BookRule] = (),
        *,
        tokenizer: Callable[[], Tokenizer] | None = None,
        digest: str = "",
        budget: float = BUDGET_SECONDS,
    ) -> None:
        self.rules = tuple(rules)
        self.digest = digest
        self._budget = budget
        reading = [one.rule for one in self.rules if isinstance(one.rule, ReadingRule)]
        self._finder = WordFinder(word for rule in reading for word in rule.words)
        whole = any(rule.whole_words for rule in reading)
        if whole and tokenizer is None:
            raise ValueError("rules that ask for whole words need a tokenizer")
        self._tokenizer = tokenizer() if tokenizer and whole else None
        self._always, by_word = _index(self.rules)
        self._called_for = [by_word.get(word, ((), ())) for word in self._finder.words]
        self._calls = tuple(map(call_of, self.rules))

    @classmethod
    def of(cls, site: Site, tokenizer: Tokenizer | None = None) -> Self:
        """Compile the rules of a site.

        Raises
        ------
        SiteError
            Naming every mistake with its place.
        """
        rules, mistakes = build_rules(site.rules, site)
        if mistakes:
            raise SiteError("；".join(map(str, mistakes)), hint="改正后再试，可先用 fenban rules check 检查")
        return cls(rules, tokenizer=site_tokenizer(site, tokenizer), digest=site.rules_digest)

    def run(self, proposal: Proposal, candidates: Sequence[Candidate], day: date | None = None) -> RuleRun:
        """Ask the rules about one case.

        Parameters
        ----------
        proposal : Proposal
        candidates : sequence of Candidate
            The labels valid today; empty to let every target pass.
        day : date, optional
            Rules not valid on it are left out; all count without one.

        Returns
        -------
        RuleRun
        """
        if not self.rules:
            return RuleRun()
        reading = self.read(proposal, candidates)
        running = _Running(reading, self._budget)
        for at in self._asked(reading):
            if day is None or self.rules[at].valid_on(day):
                running.ask(self.rules[at], self._calls[at])
        return running.result()

    def read(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Reading:
        """Prepare a case for the rules of this book."""
        return Reading(proposal, candidates, self._finder, self._tokenizer)

    def _asked(self, reading: Reading) -> Sequence[int]:
        """Return the numbers of the rules that may fire, in order."""
        if not reading.hits:
            return self._always
        asked = set(self._always)
        end = reading.title_end
        for number, start, _ in reading.hits:
            in_title, in_body = self._called_for[number]
            asked.update(in_title if start < end else in_body)
        return sorted(asked)


class _Running:
    """One run of the rules over one case."""

    def __init__(self, reading: Reading, budget: float) -> None:
        self._reading, self._budget = reading, budget
        self._votes: list[Vote] = []
        self._failed: list[FailedRule] = []
        self._critical: list[str] = []
        self._notes: list[RuleNote] = []
        self._seconds: dict[str, float] = {}

    def ask(self, one: BookRule, call: Call) -> None:
        started = perf_counter()
        try:
            cast = [_checked(vote, one) for vote in call(self._reading)]  # all, before any of them counts
        except Exception as error:  # a foreign rule may raise anything
            log.warning("rule %s failed: %s", one.name, type(error).__name__)
            self._failed.append(FailedRule(one.name, type(error).__name__))
            self._critical += [one.name] if one.critical else []
            cast = []
        spent = self._seconds[one.name] = perf_counter() - started
        if spent > self._budget:
            text = f"规则“{one.name}”用了 {spent:.1f} 秒，超过 {self._budget:g} 秒"
            self._notes.append(RuleNote(one.name, "slow", text))
        for vote in cast:
            self._count(vote)

    def _count(self, vote: Vote) -> None:
        if vote.kind in _TARGETS and not self._is_candidate(vote.target):
            text = f"规则“{vote.rule}”指向今天没有的股室 {vote.target}，这一票不算"
            self._notes.append(RuleNote(vote.rule, "no_such_section", text))
        else:
            self._votes.append(vote)

    def _is_candidate(self, label: str) -> bool:
        candidates = self._reading.candidates
        return not candidates or any(c.label == label for c in candidates)

    def result(self) -> RuleRun:
        return RuleRun(
            tuple(self._votes),
            tuple(self._failed),
            tuple(self._critical),
            tuple(self._notes),
            self._seconds,
        )


def call_of(one: BookRule) -> Call:
    """Return how a rule is asked: the built-ins share the reading, foreign rules see the case."""
    rule = one.rule
    if isinstance(rule, ReadingRule):
        return rule.votes
    return lambda reading: rule.evaluate(reading.proposal, reading.candidates)


def _checked(vote: Vote, one: BookRule) -> Vote:
    """Return a vote in the rule's own name, with its kind and margin; raise where it is none."""
    if not isinstance(vote.target, str) or not isinstance(vote.reason, str):
        raise TypeError("a vote's target and reason are text")
    kind = VoteKind(vote.kind)
    margin = one.margin if vote.margin is None else vote.margin
    if (vote.rule, vote.kind, vote.margin) == (one.name, kind, margin) and isinstance(vote.kind, VoteKind):
        return vote
    return replace(vote, rule=one.name, kind=kind, margin=margin)


def site_tokenizer(site: Site, given: Tokenizer | None = None) -> Callable[[], Tokenizer]:
    """Return what gives the tokenizer: the one at hand, or the site's."""

    def tokenizer() -> Tokenizer:
        named: Tokenizer = given or make_plugin("tokenizers", site.settings.tokenizer, site.user_words)
        return named

    return tokenizer


def _index(
    rules: Sequence[BookRule],
) -> tuple[tuple[int, ...], Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]]:
    """Return the rules that must always be asked, and those that a word in title or body calls for."""
    always: list[int] = []
    called: defaultdict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for at, one in enumerate(rules):
        trigger = one.rule.trigger if isinstance(one.rule, ReadingRule) else None
        if trigger is None:
            always.append(at)
            continue
        for word in trigger.words:
            for part, numbers in zip(("title", "body"), called[word], strict=True):
                if trigger.within in (part, "text"):
                    numbers.append(at)
    return tuple(always), {word: (tuple(title), tuple(body)) for word, (title, body) in called.items()}
