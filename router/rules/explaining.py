"""What every rule said of one case, and how the lead came about, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any

from router.decision import Candidate, Decision, Vote
from router.pipeline import Router
from router.precedence import Step
from router.present import decision_json
from router.proposal import Proposal
from router.rules.book import RuleBook, call_of
from router.rules.building import BookRule
from router.rules.condition_rule import ReadingRule
from router.rules.reading import Reading
from router.site import Site
from router.text import percent

__all__ = ["Explanation", "RuleTrace", "explain", "explanation_json", "trace_rules"]

STATES = {"fired": "对上", "quiet": "没对上", "failed": "失败", "not_valid": "不在有效期"}


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """What one rule did with a case.

    Parameters
    ----------
    rule, kind : str
        Its name and its plugin's.
    where : str
        File and line it is written at.
    state : str
        A key of `STATES`.
    why : str
        Which words or fields it rests on; empty for a foreign rule.
    votes : tuple of Vote
    seconds : float
    """

    rule: str
    kind: str
    where: str
    state: str
    why: str
    votes: tuple[Vote, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with the way that led to it.

    Parameters
    ----------
    decision : Decision
    rules : tuple of RuleTrace
        All rules, fired or not, in the order of their names.
    steps : tuple of (str, str)
        Id and Chinese sentence of each step.
    """

    decision: Decision
    rules: tuple[RuleTrace, ...]
    steps: tuple[tuple[str, str], ...]


def explain(router: Router, proposal: Proposal) -> Explanation:
    """Decide a case and tell how.

    Parameters
    ----------
    router : Router
    proposal : Proposal

    Returns
    -------
    Explanation
    """
    decision = router.suggest(proposal)
    traces = trace_rules(router.rules, proposal, decision.candidates, router.today)
    choice = router.settle(proposal, decision.candidates, decision.votes)
    told = [(step.id, step_text(step, router.site, decision.candidates)) for step in choice.steps]
    return Explanation(decision, tuple(traces), (*told, *_added(decision, router.site)))


def trace_rules(
    book: RuleBook, proposal: Proposal, candidates: Sequence[Candidate], day: date
) -> list[RuleTrace]:
    """Ask every rule of a book, also those whose words don't occur."""
    reading = book.read(proposal, candidates)
    return [_trace(one, reading, day) for one in book.rules]


def _trace(one: BookRule, reading: Reading, day: date) -> RuleTrace:
    started = perf_counter()
    votes: tuple[Vote, ...] = ()
    try:
        votes = tuple(call_of(one)(reading))
        state = "fired" if votes else "quiet"
        why = one.rule.why(reading) if isinstance(one.rule, ReadingRule) else ""
    except Exception as error:  # a foreign rule may raise anything
        state, why, votes = "failed", type(error).__name__, ()
    if not one.valid_on(day):
        state, votes = "not_valid", ()
        why = f"有效期 {one.valid_from or ''} 至 {one.valid_to or ''}"
    return RuleTrace(one.name, one.kind, one.table.where(), state, why, votes, perf_counter() - started)


def step_text(step: Step, site: Site, candidates: Sequence[Candidate]) -> str:
    """Say a step in Chinese."""
    name = site.name(step.label)
    share = next((percent(c.probability) for c in candidates if c.label == step.label), "")
    rules = "、".join(f"“{rule}”" for rule in step.rules)
    return {
        "model": f"模型认为最可能是{name}（{share}）",
        "forbidden": f"{rules}说不归{name}，划去",
        "required": f"{rules}定{name}主办（模型给它 {share}）",
        "conflict": f"{rules}互相矛盾，暂填{name}，请人判断",
        "all_forbidden": f"{rules}把所有单位都划去了，暂填{name}，请人判断",
        "preferred": f"{rules}在不相上下时优先{name}（{share}），改选它",
        "too_far": f"{rules}优先{name}（{share}），但差得太远，不起作用",
        "next": f"没有划去的里面最可能的是{name}（{share}）",
        "unsure_outside": f"退给{name}的把握不够，在本局股室里选",
        "for_an_opinion": f"请本局出意见的件不能退给{name}，在本局股室里选",
    }[step.id]


def _added(decision: Decision, site: Site) -> list[tuple[str, str]]:
    """Tell what was added to the lead, what failed and what it came to."""
    told = [("co_handle", f"会办：{site.name(co.label)}") for co in decision.co_sections]
    told += [("flag", f"提示：{flag.reason}") for flag in decision.flags]
    told += [("failed", f"规则“{f.rule}”失败：{f.error}，它的票不算") for f in decision.failed_rules]
    told += [("note", note.text) for note in decision.rule_notes]
    told += [("reason", f"请人看：{reason.text}") for reason in decision.reasons]
    return [*told, ("decided", _decided(decision, site))]


def _decided(decision: Decision, site: Site) -> str:
    by = "模型" if decision.decided_by == "model" else f"规则“{decision.decided_by}”"
    return f"主办 {site.name(decision.lead)}，由{by}决定，把握仍是模型的 {percent(decision.probability)}"


def explanation_json(explanation: Explanation, site: Site) -> dict[str, Any]:
    """Return an explanation for programs.

    Returns
    -------
    dict
        JSON-ready: ``decision``, ``rules``, ``steps``.
    """
    return {
        "decision": decision_json(explanation.decision, site),
        "rules": [_trace_json(trace) for trace in explanation.rules],
        "steps": [{"id": step, "text": text} for step, text in explanation.steps],
    }


def _trace_json(trace: RuleTrace) -> dict[str, Any]:
    return {
        "rule": trace.rule,
        "type": trace.kind,
        "where": trace.where,
        "state": trace.state,
        "why": trace.why,
        "votes": [
            {"rule": v.rule, "kind": v.kind.value, "target": v.target, "reason": v.reason}
            for v in trace.votes
        ],
        "milliseconds": round(trace.seconds * 1000, 3),
    }
