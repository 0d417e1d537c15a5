"""Trying the rules of a site on past cases: what they put right, what they spoil, what is missing.

Each case is judged by a model that had not learned it: by the probabilities
kept from training where the model knows the case, by the model itself where
it never saw it. What follows is the router's own way from there to a
decision, without rules, with all, with one, and with all but one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from models.held_out import HeldOutCases
from router.errors import InputError
from router.interfaces import Tokenizer
from router.pipeline import Router
from training.backtest.cases import Basis, Track, TriedCase, rules_to_try, try_cases
from training.backtest.comparison import Comparison, compare
from training.backtest.pairs import Pair, pairs_of
from training.backtest.rule_figures import RuleFigures, rule_figures
from training.backtest.words import WordRule, word_rules
from training.history import History

__all__ = ["About", "Backtest", "as_json", "try_rules"]


@dataclass(frozen=True)
class About:
    """What was tried.

    Parameters
    ----------
    model : str
        Its version.
    rules : str
        Digest of the rule files.
    held_out, new : int
        Cases judged by probabilities kept from training, and by the model
        itself, which never saw them.
    twins : int
        Held-out cases whose very text was learned twice.
    reworded, not_judged : int
        Left out: another text was learned under their number; learned from
        too few cases to judge any.
    unlabelled : int
        Left out: without a section.
    unknown_labels : mapping of str to int
        Left out: of sections that mean nothing today.
    expired : tuple of str
        Rules no longer valid, which were not tried.
    """

    model: str
    rules: str
    held_out: int
    new: int
    twins: int
    reworded: int
    not_judged: int
    unlabelled: int
    unknown_labels: dict[str, int]
    expired: tuple[str, ...]


@dataclass(frozen=True)
class Backtest:
    """What rules did to past cases.

    Parameters
    ----------
    about : About
    overall : Comparison
    years : mapping of str to Comparison
        Of the cases of each year; ``""`` for those without a date.
    ahead : Comparison or None
        Of the cases that models of earlier cases judged while training,
        with what those said.
    rules : tuple of RuleFigures
        In the order of their names.
    pairs : tuple of Pair
        Rules that fire together, those that disagree first.
    dead : tuple of str
        Rules that never fired.
    candidates : tuple of WordRule
        For new rules.
    """

    about: About
    overall: Comparison
    years: dict[str, Comparison]
    ahead: Comparison | None
    rules: tuple[RuleFigures, ...]
    pairs: tuple[Pair, ...]
    dead: tuple[str, ...]
    candidates: tuple[WordRule, ...]


_BACKTEST = TypeAdapter(Backtest)


def try_rules(
    router: Router,
    history: History,
    held_out: HeldOutCases,
    labels: Sequence[str],
    tokenizer: Tokenizer,
    track: Track[TriedCase] = lambda cases, _: cases,
) -> Backtest:
    """Try the rules of a router on labelled cases.

    Parameters
    ----------
    router : Router
    history : History
        Labelled cases, learned by the model or not.
    held_out : HeldOutCases
        Of the router's model.
    labels : sequence of str
        Columns of its probabilities.
    tokenizer : Tokenizer
        Tells what is a word, for new rules.
    track : callable
        Passes the cases on and shows how far it is.

    Returns
    -------
    Backtest

    Raises
    ------
    InputError
        If no case can be tried.
    """
    book = rules_to_try(router)
    trial = try_cases(router.with_rules(book), history, held_out, labels, track)
    cases = trial.cases
    if not cases:
        hint = "请检查 section（承办股室）列，或换一批件"
        raise InputError("没有一件能拿来试算", hint=hint)
    written = {one.name: one for one in router.rules.rules}
    planned = {name for name, one in written.items() if one.valid_from and one.valid_from > router.today}
    rules = rule_figures(book, cases, frozenset(planned))
    return Backtest(
        about=About(
            model=router.model.version,
            rules=book.digest,
            held_out=sum(one.basis is Basis.HELD_OUT for one in cases),
            new=sum(one.basis is Basis.NEW for one in cases),
            twins=trial.twins,
            reworded=trial.reworded,
            not_judged=trial.not_judged,
            unlabelled=history.unlabelled,
            unknown_labels=dict(history.unknown_labels),
            expired=tuple(sorted(written.keys() - {one.name for one in book.rules})),
        ),
        overall=compare(cases),
        years={year: compare(those) for year, those in _by_year(cases)},
        ahead=compare(trial.ahead) if trial.ahead else None,
        rules=rules,
        pairs=pairs_of(cases),
        dead=tuple(found.rule for found in rules if not found.fired and not found.failed),
        candidates=word_rules(cases, tokenizer, router.site),
    )


def _by_year(cases: Sequence[TriedCase]) -> list[tuple[str, list[TriedCase]]]:
    """Return the cases of each year, those without a date last."""
    found: defaultdict[str, list[TriedCase]] = defaultdict(list)
    for one in cases:
        found[str(one.year or "")].append(one)
    return sorted(found.items(), key=lambda item: item[0] or "~")


def as_json(found: Backtest) -> Any:
    """Return a back-test as plain mappings and lists."""
    return _BACKTEST.dump_python(found, mode="json")
