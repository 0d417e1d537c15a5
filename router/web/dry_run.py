"""Trying rules on a case before they are switched on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from router.pipeline import Router
from router.rule_tables import RuleMistake, RuleTable
from router.rules.book import RuleBook, site_tokenizer
from router.rules.building import BookRule, build_rules
from router.rules.explaining import explain, explanation_json
from router.web.intake import to_proposal
from router.web.problems import FieldError, ProblemError
from router.web.rule_schemas import DryRunIn, RuleIn, TriedDecisionOut

__all__ = ["try_rules"]


def try_rules(asked: DryRunIn, router: Router) -> dict[str, Any]:
    """Decide a case with rules of the request.

    Parameters
    ----------
    asked : DryRunIn
    router : Router
        Its rules stay as they are.

    Returns
    -------
    dict
        JSON-ready, as `router.web.rule_schemas.DryRunOut`.

    Raises
    ------
    ProblemError
        422 with a JSON pointer for each key of a rule that is wrong.
    """
    given = _built(asked.rules, router)
    names = {one.name for one in given}
    kept = [] if asked.replace else [one for one in router.rules.rules if one.name not in names]
    rules = sorted([*kept, *given], key=lambda one: one.name)
    book = RuleBook(
        rules, tokenizer=site_tokenizer(router.site, router.tokenizer), digest=router.rules.digest
    )
    try:
        proposal = to_proposal(asked.case)
    except ProblemError as error:
        inside = [FieldError(f"/case{e.path}", e.message) for e in error.errors]
        raise ProblemError(error.kind.code, error.detail, inside) from error
    told = explanation_json(explain(router.with_rules(book), proposal), router.site)
    decision = {key: value for key, value in told["decision"].items() if key in TriedDecisionOut.model_fields}
    return {**told, "decision": decision}


def _built(rules: Sequence[RuleIn], router: Router) -> list[BookRule]:
    tables = tuple(_table(at, rule) for at, rule in enumerate(rules))
    written = replace(router.site.rules, tables=tables, mistakes=())
    built, mistakes = build_rules(written, router.site)
    if mistakes:
        errors = [FieldError(mistake.where, mistake.message) for mistake in mistakes]
        raise ProblemError("invalid_fields", _first(mistakes), errors)
    return built


def _table(at: int, rule: RuleIn) -> RuleTable:
    params = {key: value for key, value in rule.model_dump(exclude_unset=True).items() if value is not None}
    return RuleTable(params, {"": f"/rules/{at}"} | {key: f"/rules/{at}/{key}" for key in params})


def _first(mistakes: Sequence[RuleMistake]) -> str:
    return str(mistakes[0])
