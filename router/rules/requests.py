"""A rule for texts that ask several sections for something.

The numbered requests of a body are told apart, and each section whose words
stand in one of them is asked to co-handle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from router.decision import Candidate, Vote, VoteKind
from router.proposal import Proposal
from router.rules.base import WrongKeyError, word_list
from router.rules.conditions import Trigger
from router.rules.reading import Reading, WordFinder
from router.text import fold

__all__ = ["RequestsRule"]

_NUMBER = re.compile(
    r"(?:^|(?<=[\n。;；:：!！]))[ \t\u3000]*(?:"
    r"[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）.、．,，]|"
    r"第[一二三四五六七八九十]{1,2}[条是、,，:：]|[一二三四五六七八九十](?:是|要|来)|[①-⑳])",
)
_SHORTEST = 4


class RequestsRule:
    r"""Asks every section to co-handle that a numbered request speaks of.

    Nothing is said where all requests are one section's, or where fewer than
    `least` are numbered. A request that speaks of several sections counts
    for each.

    Parameters
    ----------
    name : str
    reason : str
        A Chinese sentence; what the request says is put before it.
    sections : mapping of str to sequence of str
        Section or ``out:`` id to the words that speak of it.
    least : int
        How many numbered requests there must be.

    Examples
    --------
    >>> rule = RequestsRule("几件事", "请会办", sections={"greening": ["行道树"], "sanitation": ["公厕"]})
    >>> case = Proposal(title="整治环境", body="1.补栽行道树。\n2.增设公厕。")
    >>> [vote.target for vote in rule.evaluate(case, ())]
    ['greening', 'sanitation']
    """

    def __init__(
        self,
        name: str = "",
        reason: str = "",
        *,
        sections: Mapping[str, Sequence[str]] | None = None,
        least: int = 2,
    ) -> None:
        if not name:
            raise WrongKeyError("name", "缺少 name")
        if not reason:
            raise WrongKeyError("reason", "缺少 reason（给经办人看的理由）")
        if not isinstance(sections, Mapping) or len(sections) < 2:
            raise WrongKeyError("sections", "sections 至少写两个股室，各一列词")
        if isinstance(least, bool) or not isinstance(least, int) or least < 2:
            raise WrongKeyError("least", f"least 应是不小于 2 的整数，现为 {least!r}")
        self.name, self._reason, self._least = name, reason, least
        self.whole_words = False
        self.sections = {
            label: tuple(map(fold, word_list(f"sections 的 {label}", words)))
            for label, words in sections.items()
        }

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of all sections."""
        return frozenset(word for words in self.sections.values() for word in words)

    @cached_property
    def _labels(self) -> dict[str, list[str]]:
        """The sections that each word speaks of."""
        return {word: [s for s, words in self.sections.items() if word in words] for word in self.words}

    @property
    def trigger(self) -> Trigger:
        """Any of the words."""
        return Trigger("body", self.words)

    def votes(self, reading: Reading) -> Iterable[Vote]:
        """Return one vote for each section that a request speaks of."""
        asked = self._asked(reading)
        if len(asked) < 2:
            return []
        return [
            Vote(self.name, VoteKind.CO_HANDLE, label, f"第 {number} 条说到“{word}”。{self._reason}")
            for label, (number, word) in asked.items()
        ]

    def why(self, reading: Reading) -> str:
        """Say which request speaks of which section."""
        parts = [f"第 {n} 条的“{word}”说的是 {label}" for label, (n, word) in self._asked(reading).items()]
        found = f"有 {len(requests_of(reading.proposal.body))} 条编号的诉求"
        return "，".join([found, *parts])

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterable[Vote]:
        """Return the votes on a case; a rule book asks `votes` instead."""
        return self.votes(Reading(proposal, candidates, WordFinder(self.words)))

    def _asked(self, reading: Reading) -> dict[str, tuple[int, str]]:
        """Return for each section the first request that speaks of it, and by which word."""
        found = reading.words("body")
        if len({label for word in found & self.words for label in self._labels[word]}) < 2:
            return {}
        requests = requests_of(reading.proposal.body)
        if len(requests) < self._least:
            return {}
        folded = list(map(fold, requests))
        asked: dict[str, tuple[int, str]] = {}
        for label, words in self.sections.items():
            here = [word for word in words if word in found]
            first = next(((n, w) for n, text in enumerate(folded, 1) for w in here if w in text), None)
            if first:
                asked[label] = first
        return asked


def requests_of(body: str) -> list[str]:
    """Return the numbered requests of a body, without what comes before the first.

    Examples
    --------
    >>> requests_of("建议：一、修路灯。二、补井盖。")
    ['修路灯。', '补井盖。']
    """
    parts = [part.strip() for part in _NUMBER.split(body)[1:]]
    return [part for part in parts if len(part) >= _SHORTEST]
