"""Words that tell where the model errs and no rule helps: material for new rules.

A word is looked for as a keyword rule looks for it. For each section the
cases that should have come to it and didn't are compared with all others
that didn't come to it: does the word stand in more of them than chance would
have it (hypergeometric, one-sided)? The same is asked of all errors together.
Of all these tests `WordRule.chance` tells how large a share of what is offered
down to this word is expected to be chance (Benjamini, Hochberg, "Controlling
the false discovery rate", 1995). A word of few cases, or one that stands in
somebody's name, is never looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix
from scipy.stats import false_discovery_control, hypergeom

from models.card import Estimate
from models.tokenizer import words
from router.decision import VoteKind
from router.interfaces import Tokenizer
from router.rules.reading import WordFinder, utf8
from router.site import Site
from router.text import fold, normalise
from training.backtest.cases import CaseId, TriedCase
from training.card import share_estimate

__all__ = ["LEAST_CASES", "LEAST_ERRORS", "MOST_CHANCE", "WordRule", "word_rules"]

LEAST_CASES = 5
"""Words of fewer cases are not looked at; a name seldom occurs more often."""

LEAST_ERRORS = 3
"""A word must stand in so many of the errors."""

MOST_CHANCE = 0.5
"""Of what is offered at least every other is expected to be more than chance."""

_LEAST_LETTERS = 2
_MOST_OFFERED = 20
_EXAMPLES = 5
_LEAST_BETTER = 0.5
"""A rule that names the lead must be right more often than wrong where it changes it, at 95 %."""

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class WordRule:
    """A word, and the rule it might become.

    Parameters
    ----------
    word : str
    cases, errors : int
        Cases that hold it, and those of them whose lead the model had wrong
        and no rule put right.
    error_share : Estimate
    base : float
        That share in all cases.
    chance : float
        How large a share of the words offered down to this one is expected
        to be chance.
    section : str
        Who led most of the errors that the word tells of.
    errors_of_section, cases_of_section : int
        How many of the errors, and of the cases, that section led.
    effect : str
        ``require`` where naming that section would pay, else ``review``.
    better, worse : int
        Leads that requiring that section would have put right and spoilt.
    examples : tuple of CaseId
        Errors.
    toml : str
        For ``rules.toml``.
    """

    word: str
    cases: int
    errors: int
    error_share: Estimate
    base: float
    chance: float
    section: str
    errors_of_section: int
    cases_of_section: int
    effect: str
    better: int
    worse: int
    examples: tuple[CaseId, ...]
    toml: str


@dataclass(frozen=True)
class _Question:
    """Some errors, and the cases that they are compared with."""

    errors: _Mask
    among: _Mask


def word_rules(cases: Sequence[TriedCase], tokenizer: Tokenizer, site: Site) -> tuple[WordRule, ...]:
    """Offer words for new rules, the least likely to be chance first.

    A word most of whose errors are those of words before it is left out.

    Parameters
    ----------
    cases : sequence of TriedCase
    tokenizer : Tokenizer
    site : Site

    Returns
    -------
    tuple of WordRule
    """
    wrong = np.array([one.true not in (one.model.lead, one.rules.lead) for one in cases], dtype=np.bool_)
    questions = list(_questions(cases, wrong))
    vocabulary = _vocabulary(cases, tokenizer, site) if questions else []
    if not vocabulary:
        return ()
    holds = _presence(cases, vocabulary)
    errors = np.stack([holds.T @ question.errors for question in questions])
    chance = false_discovery_control(_by_chance(holds, questions, errors).ravel())
    offered: list[WordRule] = []
    told = np.zeros(len(cases), dtype=np.bool_)
    for at in np.lexsort((-errors.ravel(), chance)):
        number, word = divmod(int(at), len(vocabulary))
        if chance[at] > MOST_CHANCE or len(offered) == _MOST_OFFERED:
            break
        here = np.zeros(len(cases), dtype=np.bool_)
        here[holds.indices[holds.indptr[word] : holds.indptr[word + 1]]] = True
        found = here & questions[number].errors
        if found.sum() >= LEAST_ERRORS and 2 * (found & ~told).sum() > found.sum():
            told |= found
            offered.append(_offer(vocabulary[word], cases, here, found, wrong, float(chance[at]), site))
    return tuple(offered)


def _questions(cases: Sequence[TriedCase], wrong: _Mask) -> Iterator[_Question]:
    """Yield the errors of each section that has enough of them, and all errors."""
    true = np.array([one.true for one in cases], dtype=np.str_)
    said = np.array([one.rules.lead for one in cases], dtype=np.str_)
    if wrong.sum() >= LEAST_ERRORS:
        yield _Question(wrong, np.ones(len(cases), dtype=np.bool_))
    for section in np.unique(true[wrong]):
        errors = wrong & (true == section)
        if errors.sum() >= LEAST_ERRORS:
            yield _Question(errors, said != section)


def _by_chance(
    holds: csc_matrix, questions: Sequence[_Question], errors: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for each question and word how likely so many errors would be if the word told nothing."""
    return np.stack(
        [
            hypergeom.sf(
                found - 1,
                int(question.among.sum()),
                int(question.errors.sum()),
                holds.T @ question.among,
            )
            for question, found in zip(questions, errors, strict=True)
        ]
    )


def _vocabulary(cases: Sequence[TriedCase], tokenizer: Tokenizer, site: Site) -> list[str]:
    """Return the words of enough cases that are nobody's name and no petition's usual ones."""
    counted: Counter[str] = Counter()
    for one in cases:
        texts = (normalise(one.proposal.title), normalise(one.proposal.body))
        counted.update({word for text in texts for word in words(tokenizer, text)})
    frequent = {word for word, n in counted.items() if n >= LEAST_CASES and len(word) >= _LEAST_LETTERS}
    names = {one.proposal.proposer for one in cases}
    names |= {name for section in site.sections.values() for name in (section.person, section.deputy)}
    return sorted(_nobodys(frequent.difference(map(fold, site.stop_words)), set(map(fold, names))))


def _nobodys(vocabulary: Iterable[str], names: Iterable[str]) -> set[str]:
    """Leave out words that stand in a name, and those that hold one."""
    whole = WordFinder(name for name in names if len(name) >= _LEAST_LETTERS)
    finder = WordFinder(word for word in vocabulary if not whole.hits(utf8(word)))
    parts = {number for number, _, _ in finder.hits(utf8("\n".join(names)))}
    return {word for number, word in enumerate(finder.words) if number not in parts}


def _presence(cases: Sequence[TriedCase], vocabulary: Sequence[str]) -> csc_matrix:
    """Return which case holds which word, as a keyword rule would find it."""
    finder = WordFinder(vocabulary)  # sorts them as they are
    found = [{number for number, _, _ in finder.hits(utf8(fold(c.proposal.text)))} for c in cases]
    columns = np.fromiter(chain.from_iterable(found), dtype=np.int64)
    starts = np.cumsum([0, *map(len, found)])
    ones = np.ones(len(columns), dtype=np.int64)
    return csr_matrix((ones, columns, starts), shape=(len(cases), len(vocabulary))).tocsc()


def _offer(
    word: str,
    cases: Sequence[TriedCase],
    here: _Mask,
    found: _Mask,
    wrong: _Mask,
    chance: float,
    site: Site,
) -> WordRule:
    errors = [cases[at] for at in np.flatnonzero(found).tolist()]
    [(section, of_section)] = Counter(sorted(one.true for one in errors)).most_common(1)
    holding = [cases[at] for at in np.flatnonzero(here).tolist()]
    better = sum(one.rules.lead != one.true == section for one in holding)
    worse = sum(one.rules.lead == one.true != section for one in holding)
    pays = share_estimate(np.array([True] * better + [False] * worse)).low > _LEAST_BETTER
    effect = VoteKind.REQUIRE if pays else VoteKind.REVIEW
    return WordRule(
        word=word,
        cases=len(holding),
        errors=int((here & wrong).sum()),
        error_share=share_estimate(wrong[here]),
        base=float(wrong.mean()),
        chance=chance,
        section=section,
        errors_of_section=of_section,
        cases_of_section=sum(one.true == section for one in holding),
        effect=effect.value,
        better=better,
        worse=worse,
        examples=tuple(one.id(one.rules.lead) for one in errors[:_EXAMPLES]),
        toml=_toml(word, effect, section, site),
    )


def _toml(word: str, effect: VoteKind, section: str, site: Site) -> str:
    """Write a rule as it stands in ``rules.toml``."""
    name = site.name(section)
    if effect is VoteKind.REQUIRE:
        reason = f"文中有“{word}”，往年这样的件多由{name}办理。"
    else:
        reason = f"文中有“{word}”，往年这样的件容易分错（常见的是{name}），请核对。"
    keys = {"type": "keyword", "name": f"候选：{word}", "effect": effect.value}
    keys |= {"target": section} if effect is VoteKind.REQUIRE else {}
    keys |= {"reason": reason, "author": "试算"}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    return "\n".join(["[[rule]]", *lines, f"any = [{json.dumps(word, ensure_ascii=False)}]", ""])
