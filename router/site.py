"""One bureau's own data: sections, topics, neighbours, successors, settings.

Everything local (duties, people, deadlines, old names) is read from the site
directory and is never a constant in code. The files are CSV and TOML that a
clerk can edit with Excel or Notepad; see docs/site.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from router.proposal import Proposal
from router.rule_tables import RuleTables
from router.site_access import Access
from router.text import fold

__all__ = [
    "OUT_PREFIX",
    "Neighbour",
    "Section",
    "Settings",
    "Site",
    "Successor",
    "Topic",
    "is_outside",
]

OUT_PREFIX = "out:"


def is_outside(label: str) -> bool:
    """Say whether `label` names a unit outside the bureau.

    Examples
    --------
    >>> is_outside("out:transport"), is_outside("municipal")
    (True, False)
    """
    return label.startswith(OUT_PREFIX)


@dataclass(frozen=True, slots=True)
class Section:
    """A section (股室) of the bureau.

    Parameters
    ----------
    id, name, external_code : str
        Our id, the Chinese name, and its code in other systems.
    duty : str
        What it is responsible for, in sentences.
    words : tuple of str
        What its cases typically say.
    person, deputy : str
        Person in charge, and the deputy head of the bureau above it.
    aliases : tuple of str
        Other names that ledgers use.
    valid_from, valid_to : date or None
        First and last day it exists.
    """

    id: str
    name: str
    external_code: str = ""
    duty: str = ""
    words: tuple[str, ...] = ()
    person: str = ""
    deputy: str = ""
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Say whether the section exists on `day`."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic (主题), which belongs to one section today."""

    id: str
    name: str
    section: str
    duty: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A unit outside the bureau that cases are wrongly sent from."""

    id: str
    name: str
    external_code: str = ""
    duty: str = ""
    words: tuple[str, ...] = ()
    return_reason: str = ""


@dataclass(frozen=True, slots=True)
class Successor:
    """What became of an old section on a day; see `Site.current_section`.

    Parameters
    ----------
    old : str
        The name or id that past cases carry.
    changed_on : date
        Cases received before this day carry the old meaning.
    by : {"topic", "words", "all"}
        What `values` holds: topic ids, words of the text, or nothing.
    values : tuple of str
    successor : str
        Section or ``out:`` id of today.
    """

    old: str
    changed_on: date
    by: str
    values: tuple[str, ...]
    successor: str

    def applies(self, proposal: Proposal) -> bool:
        """Say whether this line speaks of `proposal`."""
        if proposal.received_on is not None and proposal.received_on >= self.changed_on:
            return False
        if self.by == "topic":
            return proposal.topic in self.values
        if self.by == "words":
            text = fold(proposal.text)
            return any(fold(word) in text for word in self.values)
        return True


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers and names of ``site.toml``.

    Parameters
    ----------
    bureau : str
        The bureau's name, for pages and sheets.
    return_working_days : int
        Window in which a wrongly assigned case can be returned.
    reply_months : int
        Months in which the author must have the reply.
    precision_target : float
        Share of ``suggested`` cases that should be right.
    not_ours_precision : float
        Share of ``not_ours`` cases that should be right.
    close_margin : float
        Two candidates nearer than this are a close call.
    min_known_share : float
        Below this share of known words and pairs a person must look.
    min_letters : int
        Shorter texts go to a person.
    co_threshold : float
        Probability that a part of a case must give another section for it to
        co-handle; used only while too few past cases tell who co-handled.
    classifier, tokenizer : str
        Plugin names.
    keep_texts : bool
        Whether the texts of cases are stored beside what was suggested.
    access : Access
        How people reach the pages.
    sinks : mapping of str to mapping
        Plugin names of those told of what is stored, and their parameters.
    """

    bureau: str = "住房和城乡建设局"
    return_working_days: int = 5
    reply_months: int = 3
    precision_target: float = 0.95
    not_ours_precision: float = 0.9
    close_margin: float = 0.1
    min_known_share: float = 0.3
    min_letters: int = 4
    co_threshold: float = 0.8
    classifier: str = "ridge"
    tokenizer: str = "jieba"
    keep_texts: bool = False
    access: Access = field(default_factory=Access)
    sinks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """One bureau's own data, read by `router.site_files.load_site`.

    Parameters
    ----------
    settings : Settings
    sections, topics, neighbours : mapping of id to its record
    successors : tuple of Successor
        In file order; the first that applies wins.
    rules : RuleTables
        As they are written; what is wrong with them is told when they are compiled.
    holidays : mapping of date to bool
        Days the site adds to the calendar: True where it is a day off.
    user_words, stop_words : tuple of str
    digest : str
        Hash of all files, so that a decision can say what it rests on.
    rules_digest : str
    """

    settings: Settings = field(default_factory=Settings)
    sections: Mapping[str, Section] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbour] = field(default_factory=dict)
    successors: tuple[Successor, ...] = ()
    rules: RuleTables = field(default_factory=RuleTables)
    holidays: Mapping[date, bool] = field(default_factory=dict)
    user_words: tuple[str, ...] = ()
    stop_words: tuple[str, ...] = ()
    digest: str = ""
    rules_digest: str = ""

    def valid_labels(self, day: date) -> frozenset[str]:
        """Return the section and ``out:`` ids a case can go to on `day`."""
        sections = {s.id for s in self.sections.values() if s.valid_on(day)}
        return frozenset(sections | set(self.neighbours))

    def name(self, label: str) -> str:
        """Return the Chinese name of a section, topic or neighbour; else `label`."""
        for known in (self.sections, self.neighbours, self.topics):
            if label in known:
                return known[label].name
        return label

    def person(self, label: str) -> str:
        """Return who is in charge of a section; empty where unknown."""
        return self.sections[label].person if label in self.sections else ""

    def external_code(self, label: str) -> str:
        """Return the code other systems know `label` by; empty where unknown."""
        for known in (self.sections, self.neighbours):
            if label in known:
                return known[label].external_code
        return ""

    def label_of(self, written: str) -> str | None:
        """Return the id of a section or neighbour that is written somehow.

        Parameters
        ----------
        written : str
            An id, name, external code or alias; width, case and surrounding
            spaces don't matter.

        Returns
        -------
        str or None
        """
        return self._labels.get(_key(written))

    def topic_of(self, written: str) -> str | None:
        """Return the id of a topic given by id or name."""
        return self._topics.get(_key(written))

    def current_section(self, proposal: Proposal) -> str | None:
        """Return which section of today stands for the one `proposal` carries.

        Successors come first, because an id may have changed its meaning.

        Returns
        -------
        str or None
            None where neither a section, a neighbour nor a successor fits.
        """
        written = _key(proposal.section)
        label = self.label_of(proposal.section)
        known = replace(proposal, topic=self.topic_of(proposal.topic) or proposal.topic)
        for line in self.successors:
            same = _key(line.old) == written or self.label_of(line.old) == label is not None
            if same and line.applies(known):
                return line.successor
        return label

    @cached_property
    def _labels(self) -> dict[str, str]:
        units: list[Section | Neighbour] = [*self.neighbours.values(), *self.sections.values()]
        aliases = [(name, section.id) for section in self.sections.values() for name in section.aliases]
        codes = [(unit.external_code, unit.id) for unit in units]
        names = [(unit.name, unit.id) for unit in units]
        # the later the stronger: nobody's alias takes another's own name or id
        ranked = (*aliases, *codes, *names, *((unit.id, unit.id) for unit in units))
        found = {_key(written): label for written, label in ranked}
        found.pop("", None)
        return found

    @cached_property
    def _topics(self) -> dict[str, str]:
        return {_key(key): topic.id for topic in self.topics.values() for key in (topic.name, topic.id)}


def _key(written: str) -> str:
    # not normalise(): it masks the digits that tell codes apart
    import unicodedata

    return "".join(unicodedata.normalize("NFKC", written).casefold().split())
