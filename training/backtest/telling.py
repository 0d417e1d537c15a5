"""A back-test in Chinese: the sentences and tables that terminal and page both show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from models.card import Estimate
from models.card_words import interval
from router.decision import VoteKind
from training.backtest.cases import CaseId
from training.backtest.comparison import Comparison
from training.backtest.pairs import Pair
from training.backtest.report import Backtest
from training.backtest.rule_figures import RuleFigures
from training.backtest.words import LEAST_CASES, LEAST_ERRORS

__all__ = ["Grid", "candidates_hint", "grids", "harmful_first", "notes", "summary"]

Naming = Callable[[str], str]

_KINDS = {
    VoteKind.REQUIRE: "定主办",
    VoteKind.FORBID: "不归",
    VoteKind.PREFER: "优先",
    VoteKind.CO_HANDLE: "会办",
    VoteKind.FLAG: "提示",
    VoteKind.REVIEW: "请人看",
}
_PAIRS = 15
_CASES = 8
_NONE = "—"


@dataclass(frozen=True)
class Grid:
    """One table.

    Parameters
    ----------
    title, hint : str
    columns : tuple of str
    rows : sequence of tuple of str
    words : int
        How many of the first columns hold words; the others hold numbers.
    """

    title: str
    hint: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: int = 1


def summary(found: Backtest) -> str:
    """Return in one paragraph what the rules do."""
    overall, n = found.overall, found.overall.model.n
    before, after = overall.model, overall.rules
    return (
        f"{n:,} 件里，不用规则主办说对 {before.accuracy.value:.1%}（{interval(before.accuracy)}），"
        f"用规则 {after.accuracy.value:.1%}（{interval(after.accuracy)}）："
        f"改对 {overall.better} 件，改错 {overall.worse} 件。"
        f"可直接分办的从 {before.coverage:.1%} 到 {after.coverage:.1%}，"
        f"其中正确从 {_share(before.accuracy_covered)} 到 {_share(after.accuracy_covered)}。"
    )


def notes(found: Backtest) -> list[str]:
    """Tell how the cases were judged, and which were left out."""
    about = found.about
    strange, n_strange = "、".join(about.unknown_labels), sum(about.unknown_labels.values())
    planned = [one.rule for one in found.rules if one.planned]
    told = [
        (about.held_out, "{:,} 件是模型学过的，用训练时留出的判断：判它的模型没有学过它。"),
        (about.new, "{:,} 件模型没有学过，由模型现判。"),
        (about.twins, "其中 {} 件的文字学过两遍，留出一件，另一件还在，成绩会偏高。"),
        (about.reworded, "{} 件的编号学过而文字不同，分不清模型学没学过，没有算。"),
        (about.not_judged, "{} 件学过，但当时件太少，没有留出的判断，没有算。"),
        (about.unlabelled, "{} 件没有写承办股室，没有算。"),
        (n_strange, f"{{}} 件的股室今天对不上（{strange}），没有算。"),
        (len(planned), f"还没到生效日、也一起试了的规则 {{}} 条：{'、'.join(planned)}。"),
        (len(about.expired), f"已过有效期、没有试的规则 {{}} 条：{'、'.join(about.expired)}。"),
        (len(found.dead), f"一次也没对上的规则 {{}} 条：{'、'.join(found.dead)}。"),
    ]
    return [text.format(n) for n, text in told if n]


def harmful_first(rules: Sequence[RuleFigures]) -> list[RuleFigures]:
    """Return the rules that say who leads: those that spoil most, then those that help most."""
    leading = [one for one in rules if one.votes_on_lead]
    return sorted(leading, key=lambda r: (-r.worse, -r.wrong, -r.better, -r.fired, r.rule))


def grids(found: Backtest, name: Naming) -> Iterator[Grid]:
    """Yield the tables that have anything to tell.

    Parameters
    ----------
    found : Backtest
    name : callable
        From a label to its name.
    """
    tables = [
        _comparisons(found),
        _leads(harmful_first(found.rules), found.overall.model.n),
        _co_handling([one for one in found.rules if one.co_handled]),
        _telling([one for one in found.rules if one.tells and one.fired]),
        _conflicts([pair for pair in found.pairs if pair.disagree], name),
        _together([pair for pair in found.pairs if not pair.disagree][:_PAIRS], found.rules),
        _wrong(found.rules, name),
        _candidates(found, name),
    ]
    yield from (grid for grid in tables if grid.rows)


def _comparisons(found: Backtest) -> Grid:
    compared = {"全部": found.overall}
    compared |= {year or "无日期": of_year for year, of_year in found.years.items()}
    if found.ahead:
        compared["早年的模型判后来的件"] = found.ahead
    last = "最后一行：训练时让早年的模型判后来的件，更像来年用它的样子。" if found.ahead else ""
    hint = f"箭头前不用规则，箭头后用规则。{last}"
    columns = ("范围", "件数", "主办正确", "改对", "改错", "直接分办", "其中正确")
    return Grid("用规则前后", hint, columns, [(key, *_comparison(c)) for key, c in compared.items()])


def _comparison(compared: Comparison) -> tuple[str, ...]:
    before, after = compared.model, compared.rules
    return (
        f"{before.n:,}",
        f"{before.accuracy.value:.1%}→{after.accuracy.value:.1%}",
        str(compared.better),
        str(compared.worse),
        f"{before.coverage:.1%}→{after.coverage:.1%}",
        f"{_share(before.accuracy_covered)}→{_share(after.accuracy_covered)}",
    )


def _leads(rules: Sequence[RuleFigures], n: int) -> Grid:
    hint = (
        "说错：它主张的主办不对。改对、改错：只用这一条时，模型的主办被它改对、改错几件。"
        f"净得：{n:,} 件里，有它比去掉它多对几件（其余规则都在）。改错的排在前面。"
    )
    columns = ("规则", "作用", "对上", "说错", "准确（95% 区间）", "改对/改错", "净得")
    rows = [
        (
            one.rule,
            _effect(one),
            str(one.fired),
            str(one.wrong),
            _estimate(one.precision),
            f"{one.better}/{one.worse}",
            f"{one.contribution.right:+d}" if one.contribution.right else "0",
        )
        for one in rules
    ]
    return Grid("定主办的规则", hint, columns, rows, words=2)


def _co_handling(rules: Sequence[RuleFigures]) -> Grid:
    hint = "提出的股室当年确实会办的，算对；当年就是主办的，不算对也不算错。"
    columns = ("规则", "对上", "对", "不对", "就是主办", "查准（95% 区间）")
    rows = [
        (one.rule, *map(str, (one.fired, co.right, co.wrong, co.led)), _estimate(co.precision))
        for one in rules
        if (co := one.co_handled)
    ]
    return Grid("加会办的规则", hint, columns, rows)


def _telling(rules: Sequence[RuleFigures]) -> Grid:
    hint = (
        "倍数：对上的件里模型出错的比例，是全部件的几倍。"
        "拦下：原本可直接分办、因它请人看的件；括号内是其中模型确实错了的。"
    )
    columns = ("规则", "作用", "对上", "模型错", "占（95% 区间）", "倍数", "拦下")
    rows = [
        (
            one.rule,
            _effect(one),
            str(one.fired),
            str(one.model_errors),
            _estimate(one.error_share),
            _NONE if one.lift is None else f"{one.lift:.1f}",
            f"{one.sent}（{one.sent_wrong}）" if one.sent else "0",
        )
        for one in rules
    ]
    return Grid("加提示、请人看的规则", hint, columns, rows, words=2)


def _conflicts(pairs: Sequence[Pair], name: Naming) -> Grid:
    hint = "同一件上，一条主张的主办与另一条不同，或者正是另一条说不归的。括号内：当年的主办。"
    told = "请人定：两条都定主办，或一条定主办、一条说不归；其余按主张的轻重定下。"
    columns = ("规则", "规则", "件", "一起对上", "矛盾", "请人定")
    rows = [
        (p.first, p.second, _cases(p.cases, name), *map(str, (p.together, p.disagree, p.to_person)))
        for p in pairs[:_PAIRS]
    ]
    return Grid("互相矛盾的规则", hint + told, columns, rows, words=3)


def _together(pairs: Sequence[Pair], rules: Sequence[RuleFigures]) -> Grid:
    fired = {one.rule: one.fired for one in rules}
    hint = "总是一起对上、说的又一样的，可以并成一条。"
    rows = [(p.first, p.second, *map(str, (p.together, fired[p.first], fired[p.second]))) for p in pairs]
    return Grid("一起对上的规则", hint, ("规则", "规则", "一起", "前者对上", "后者对上"), rows, words=2)


def _wrong(rules: Sequence[RuleFigures], name: Naming) -> Grid:
    wrong = sorted((one for one in rules if one.wrong_cases), key=lambda one: -len(one.wrong_cases))
    rows = [(one.rule, _cases(one.wrong_cases, name), str(len(one.wrong_cases))) for one in wrong]
    hint = "括号内：当年的主办。不显示案件的文字，请按编号查；全部编号在 --json 里。"
    return Grid("规则说错的件", hint, ("规则", "件", "件数"), rows, words=2)


def candidates_hint(found: Backtest) -> str:
    """Tell how words for new rules were found."""
    if not found.candidates:
        return "没有找到：没有一个词里的错件比碰巧的多。"
    return (
        f"至少 {LEAST_CASES} 件里有、至少 {LEAST_ERRORS} 件错件里有，在错件里比碰巧多的词，姓名除外。"
        f"错：模型错了、现有规则也没改对；全部件里占 {found.candidates[0].base:.0%}。"
        "碰巧：到这一行为止的候选里，预计有多大比例只是碰巧。改对、改错：若凡有这个词都归它。"
        "只供参考，没有启用；是在这同一批件里挑出来的，抄进规则后请补样例，来年再试。"
    )


def _candidates(found: Backtest, name: Naming) -> Grid:
    columns = ("词", "错件多归", "例", "件数", "错", "占（95% 区间）", "碰巧", "改对/改错")
    rows = [
        (
            one.word,
            f"{name(one.section)} {one.errors_of_section} 件",
            "、".join(map(_number, one.examples)),
            str(one.cases),
            str(one.errors),
            _estimate(one.error_share),
            f"{one.chance:.0%}" if one.chance >= 0.01 else "<1%",
            f"{one.better}/{one.worse}",
        )
        for one in found.candidates
    ]
    return Grid("新规则的候选词", candidates_hint(found), columns, rows, words=3)


def _effect(one: RuleFigures) -> str:
    return "、".join(_KINDS[VoteKind(kind)] for kind in one.kinds)


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NONE
    return f"{estimate.value:.0%}（{100 * estimate.low:.0f}–{100 * estimate.high:.0f}）"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"


def _cases(cases: Sequence[CaseId], name: Naming) -> str:
    told = "、".join(f"{_number(case)}（{name(case.true)}）" for case in cases[:_CASES])
    return told if len(cases) <= _CASES else f"{told}等 {len(cases)} 件"


def _number(case: CaseId) -> str:
    """Return how a case is looked up."""
    return f"{case.year}年{case.case_id}" if case.year else case.case_id or "无编号"
