"""A rule that fires where a case is about the county town, a market town or a village.

Place names carry no section, but which of the three a case speaks of often
decides who handles it: 集镇 sewage is the bureau's, 村组 sewage isn't.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from router.rules.base import Effect, WrongKeyError, one_of, word_list
from router.rules.condition_rule import ConditionRule
from router.rules.conditions import Words
from router.rules.reading import Hit, Reading, WordFinder
from router.text import fold

__all__ = ["LEVELS", "PLACES", "PlaceRule", "PlaceTest"]

LEVELS = ("县城", "集镇", "村")
PLACES: Mapping[str, tuple[str, ...]] = {
    "县城": (
        "县城", "城区", "市区", "主城", "老城", "新城", "城关", "城里", "街道办", "居委会", "社区", "小区",
        "城中村", "城市道路", "建成区",
    ),
    "集镇": (
        "集镇", "圩镇", "墟镇", "场镇", "镇区", "镇上", "街镇", "建制镇", "中心镇", "小城镇", "镇政府",
        "乡政府", "镇驻地", "乡镇驻地", "镇街", "乡街", "赶集", "逢集", "老街镇", "乡镇",
    ),
    "村": (
        "村组", "行政村", "自然村", "村庄", "村里", "村内", "村子", "村头", "村口", "村道", "村民", "村委会",
        "农户", "农村", "屯子", "院坝", "组里", "村部",
    ),
}  # fmt: skip
"""General words of the language; a site writes its own under ``[places]`` of rules.toml."""


class PlaceNames:
    """What a text calls each level of place; one object for all rules of a site.

    Parameters
    ----------
    level_of : mapping of str to str
        Folded word to level.
    """

    def __init__(self, level_of: Mapping[str, str]) -> None:
        self._level_of = level_of
        # Not among the words of all rules: 小区 and 村民 are everywhere, and few cases need judging.
        self._finder = WordFinder(level_of)

    def judge(self, reading: Reading) -> tuple[str, tuple[str, ...]]:
        """Return the level a case is about, and the words that say so; "" for none.

        The words of the title count before those of the body; among them the
        level named most often wins, and a tie is no answer. A word inside a
        longer one (村 in 城中村) doesn't count.
        """
        known, end = self._finder.words, reading.title_end
        hits = _longest(self._finder.hits(reading.utf8))
        for part in ([h for h in hits if h[1] < end], [h for h in hits if h[1] > end]):
            named = [known[number] for number, _, _ in part]
            counted = Counter(self._level_of[word] for word in named).most_common(2)
            if counted and (len(counted) == 1 or counted[0][1] > counted[1][1]):
                level = counted[0][0]
                return level, tuple(dict.fromkeys(w for w in named if self._level_of[w] == level))
        return "", tuple(dict.fromkeys(known[number] for number, _, _ in hits))


@lru_cache(maxsize=16)
def _names(words: tuple[tuple[str, tuple[str, ...]], ...]) -> PlaceNames:
    return PlaceNames({fold(word): level for level, listed in words for word in listed})


@dataclass(frozen=True, slots=True)
class PlaceTest:
    """The level of place that a case must be about.

    Parameters
    ----------
    level : {"县城", "集镇", "村"}
    names : PlaceNames
    """

    level: str
    names: PlaceNames
    words: frozenset[str] = field(default=frozenset(), init=False)
    trigger: None = field(default=None, init=False)

    @classmethod
    def parse(cls, place: object, places: object) -> Self:
        """Check the keys of a rule file.

        Raises
        ------
        WrongKeyError
        """
        level = one_of("place", place, LEVELS)
        if not isinstance(places, Mapping):
            raise WrongKeyError("places", "places 应是 县城、集镇、村 各一列词")
        strange = [str(key) for key in places if key not in LEVELS]
        if strange:
            raise WrongKeyError("places", f"places 里不认识 {'、'.join(strange)}，只能是 {'、'.join(LEVELS)}")
        words = tuple((key, word_list("places", places.get(key, PLACES[key]))) for key in LEVELS)
        return cls(level, _names(words))

    def met(self, reading: Reading) -> bool:
        """Say whether the case is about this level."""
        return self._judged(reading)[0] == self.level

    def why(self, reading: Reading) -> str:
        """Say which level the case is about, and by which words."""
        level, words = self._judged(reading)
        found = "、".join(f"“{word}”" for word in words)
        told = f"说的是{level}（{found}）" if level else f"看不出说的是哪里（{found or '没有地点的字眼'}）"
        return f"{told}，要求{self.level}"

    def _judged(self, reading: Reading) -> tuple[str, tuple[str, ...]]:
        return reading.remembered(self.names, lambda: self.names.judge(reading))


def _longest(hits: Sequence[Hit]) -> list[Hit]:
    """Leave out what begins inside another hit; of those that begin together the longest stays."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h[1], -h[2])):
        if not kept or hit[1] >= kept[-1][2]:
            kept.append(hit)
    return kept


class PlaceRule(ConditionRule):
    """Fires where a case is about one level of place, and holds the words asked for.

    Parameters
    ----------
    name : str
    effect, target, reason : str
        What happens then; see `router.rules.base.Effect`.
    place : {"县城", "集镇", "村"}
    places : mapping of str to sequence of str
        What a text calls each level; the site's ``[places]`` is filled in.
    any, all, none, within, match
        As for `router.rules.keyword.KeywordRule`; no word need be given.

    Examples
    --------
    >>> from router.proposal import Proposal
    >>> rule = PlaceRule("村", "forbid", "drainage", "村里的归农业", place="村", any=["污水"])
    >>> [vote.target for vote in rule.evaluate(Proposal(title="自然村污水横流"), ())]
    ['drainage']
    """

    def __init__(
        self,
        name: str = "",
        effect: str = "",
        target: str = "",
        reason: str = "",
        *,
        place: str = "",
        places: Mapping[str, Sequence[str]] = PLACES,
        any: Sequence[str] = (),  # noqa: A002  # the word a rule file uses
        all: Sequence[str | Sequence[str]] = (),  # noqa: A002
        none: Sequence[str] = (),
        within: str = "text",
        match: str = "substring",
    ) -> None:
        parsed = Effect.parse(name, effect, target, reason)
        words = Words.parse(any, all, none, within, match)
        super().__init__(parsed, [words, PlaceTest.parse(place, places)])
