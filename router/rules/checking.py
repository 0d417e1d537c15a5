"""Checking the rules of a site: can they be built, and do their examples do what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from router.decision import Candidate
from router.interfaces import Tokenizer
from router.proposal import Proposal
from router.rule_tables import RuleMistake
from router.rules.book import RuleBook, call_of, site_tokenizer
from router.rules.building import BookRule, build_rules
from router.rules.condition_rule import ReadingRule
from router.site import Site

__all__ = ["Check", "check_rules", "example_case"]

_CASE_FIELDS = frozenset(f.name for f in fields(Proposal)) - {"co_sections", "received_on", "extra"}
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found.

    Parameters
    ----------
    book : RuleBook
        Of the rules that can be built.
    mistakes : tuple of RuleMistake
        All of them, examples included.
    examples : int
        How many were tried.
    """

    book: RuleBook
    mistakes: tuple[RuleMistake, ...]
    examples: int


def check_rules(site: Site, tokenizer: Tokenizer | None = None) -> Check:
    """Build all rules of a site and try their examples.

    Parameters
    ----------
    site : Site
    tokenizer : Tokenizer, optional
        For rules that ask for whole words; else the one that the site names.

    Returns
    -------
    Check
    """
    rules, mistakes = build_rules(site.rules, site)
    book = RuleBook(rules, tokenizer=site_tokenizer(site, tokenizer), digest=site.rules_digest)
    labels = [*site.sections, *site.neighbours]
    candidates = tuple(Candidate(label, 1 / len(labels)) for label in labels)
    for one in rules:
        mistakes += _failing(one, book, candidates)
    tried = sum(len(one.fires) + len(one.quiet) for one in rules)
    return Check(book, tuple(mistakes), tried)


def _failing(one: BookRule, book: RuleBook, candidates: tuple[Candidate, ...]) -> Iterator[RuleMistake]:
    """Yield the examples that don't do what they should; the first error of a rule that raises."""
    for wanted, examples in ((True, one.fires), (False, one.quiet)):
        for example in examples:
            reading = book.read(example_case(example), candidates)
            shown = f"样例“{_title(example)}”"
            where = one.table.where("examples")
            try:
                fired = bool(list(call_of(one)(reading)))
            except Exception as error:  # a foreign rule may raise anything
                yield RuleMistake(where, f"{shown}跑不成（{type(error).__name__}）", one.name)
                return
            if fired is not wanted:
                why = one.rule.why(reading) if isinstance(one.rule, ReadingRule) else ""
                told = "应当对上而没有对上" if wanted else "不应对上却对上了"
                yield RuleMistake(where, f"{shown}{told}{f'：{why}' if why else ''}", one.name)


def example_case(example: object) -> Proposal:
    r"""Make the case of an example: a title, title and body on lines of their own, or a table of fields.

    Parameters
    ----------
    example : str or mapping

    Returns
    -------
    Proposal

    Examples
    --------
    >>> example_case("路灯不亮\n整条街都黑").body
    '整条街都黑'
    >>> example_case({"title": "路灯", "co_authors": 12}).extra["co_authors"]
    '12'
    """
    if not isinstance(example, Mapping):
        title, _, body = str(example).partition("\n")
        return Proposal(title=title, body=body)
    known = {str(key): str(value) for key, value in example.items() if key in _CASE_FIELDS}
    extra = {str(key): str(value) for key, value in example.items() if key not in _CASE_FIELDS}
    return replace(Proposal(extra=extra), **known)  # type: ignore[arg-type]  # all of these are text


def _title(example: object) -> str:
    title = example_case(example).title or example_case(example).body
    return f"{title[:_SHOWN]}……" if len(title) > _SHOWN else title
