"""A back-test as one HTML page that needs nothing else: no script, no request, fit for A4."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from router.charts import Axis, Line, data_uri, line_chart
from training.backtest.comparison import Comparison, Figures
from training.backtest.report import Backtest
from training.backtest.telling import Naming, candidates_hint, grids, harmful_first, notes, summary

__all__ = ["backtest_page"]

_APART = 0.06
"""So far the two lines stand apart in each year, that their intervals can be told from each other."""


def backtest_page(found: Backtest, name: Naming, bureau: str = "") -> str:
    """Write a back-test as one page.

    Parameters
    ----------
    found : Backtest
    name : callable
        From a label to its name.
    bureau : str
        Whose rules they are.

    Returns
    -------
    str
        HTML.
    """
    # the style is the model card's
    loader = ChoiceLoader([PackageLoader("training.backtest"), PackageLoader("models")])
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    moving = [one for one in harmful_first(found.rules) if one.better or one.worse or one.neither]
    return pages.get_template("backtest.html").render(
        found=found,
        bureau=bureau,
        summary=summary(found),
        notes=notes(found),
        grids=list(grids(found, name)),
        chart=_chart(found.years),
        moving=moving,
        most=max((max(one.better, one.worse) for one in moving), default=1) or 1,
        candidates_hint=candidates_hint(found),
    )


def _chart(years: Mapping[str, Comparison]) -> str:
    """Draw the accuracy of each year without and with the rules."""
    dated = {int(year): compared for year, compared in years.items() if year}
    if len(dated) < 2:
        return ""
    lines = [
        _line("不用规则", -_APART, {year: compared.model for year, compared in dated.items()}),
        _line("用规则", _APART, {year: compared.rules for year, compared in dated.items()}),
    ]
    lowest = min(0.9, math.floor(10 * min(low for line in lines for low in line.low)) / 10)
    marks = [lowest + at / 10 for at in range(round((1 - lowest) * 10) + 1)]
    first, last = min(dated), max(dated)
    across = [(float(year), str(year)) for year in range(first, last + 1)]
    percent = Axis("主办正确", [(at, f"{at:.0%}") for at in marks])
    return data_uri(line_chart(lines, Axis("年份", across), percent, legend="bottomleft"))


def _line(label: str, shift: float, figures: Mapping[int, Figures]) -> Line:
    accuracies = [one.accuracy for one in figures.values()]
    return Line(
        label,
        [year + shift for year in figures],
        [one.value for one in accuracies],
        [one.low for one in accuracies],
        [one.high for one in accuracies],
    )
