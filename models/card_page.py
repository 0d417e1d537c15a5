"""A model's card as one HTML page that needs nothing else: no script, no request, fit for A4."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from models.artifact import Manifest
from models.card import AxisCard, Bin, Card, Covered
from models.card_words import AXES, Naming, about, interval, limits, metrics, share, thresholds
from router.charts import Axis, Line, data_uri, line_chart
from router.site import is_outside

__all__ = ["Heat", "HeatCell", "card_page", "heat_of"]

_MOST_ROWS = 30
"""More rows can't be read on a sheet of paper."""

_OUTSIDE = "out:*"
_OUTSIDE_NAME = "外单位（合计）"
_CONFUSIONS = 15


@dataclass(frozen=True, slots=True)
class HeatCell:
    """How many cases of a row got the label of a column, and which share of the row that is."""

    n: int
    share: float


@dataclass(frozen=True)
class Heat:
    """A picture of what is taken for what: a row for each true label, a column for each said one."""

    labels: list[str]
    rows: list[list[HeatCell]]


def card_page(version: str, manifest: Manifest, card: Card | None, name: Naming, bureau: str = "") -> str:
    """Write the card of a model as one page.

    Parameters
    ----------
    version : str
    manifest : Manifest
    card : Card or None
        None for a model of before there were cards.
    name : callable
        From a label to its name.
    bureau : str
        Whose model it is.

    Returns
    -------
    str
        HTML.
    """
    pages = Environment(
        loader=PackageLoader("models"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages.filters |= {"interval": interval, "share": share}
    section = card.axes["section"] if card else None
    return pages.get_template("card.html").render(
        version=version,
        bureau=bureau,
        manifest=manifest,
        card=card,
        axis_names=AXES,
        about=about(manifest, card),
        metrics=metrics(manifest, card),
        thresholds=thresholds(manifest, name),
        limits=limits(manifest, card, name),
        calibration=_calibration(section.calibration) if section else "",
        coverage=_coverage(section.coverage) if section else "",
        heat=heat_of(section) if section else None,
        confusions=section.confusions[:_CONFUSIONS] if section else (),
        name=partial(_name, name),
    )


def _name(name: Naming, label: str) -> str:
    return _OUTSIDE_NAME if label == _OUTSIDE else name(label)


def heat_of(axis: AxisCard) -> Heat | None:
    """Count what was taken for what; outside units count as one where the labels are too many.

    Returns
    -------
    Heat or None
        None without held-out cases or with too many labels to be read.

    Examples
    --------
    >>> from models.card import Confusion, LabelCount
    >>> counts = {"a": LabelCount(4, 4, 3, 3), "b": LabelCount(0, 0, 0, 1)}
    >>> heat = heat_of(AxisCard(4, 0, 4, counts, confusions=(Confusion("a", "b", 1),)))
    >>> heat.labels, [cell.n for cell in heat.rows[0]]
    (['a', 'b'], [3, 1])
    """
    folds = len(axis.labels) > _MOST_ROWS
    place = {label: _OUTSIDE if folds and is_outside(label) else label for label in axis.labels}
    labels = list(dict.fromkeys(sorted((place[label] for label, _ in axis.ranked()), key=is_outside)))
    if not axis.held_out or len(labels) > _MOST_ROWS:
        return None
    counted: Counter[tuple[str, str]] = Counter()
    for label, count in axis.labels.items():
        counted[place[label], place[label]] += count.right
    for confusion in axis.confusions:
        counted[place[confusion.true], place[confusion.said]] += confusion.n
    rows = []
    for true in labels:
        found = [counted[true, said] for said in labels]
        rows.append([HeatCell(n, n / max(1, sum(found))) for n in found])
    return Heat(labels, rows)


def _calibration(bins: tuple[Bin, ...]) -> str:
    """Draw what was stated against what was right."""
    if not bins:
        return ""
    percent = [(at / 5, f"{at / 5:.0%}") for at in range(6)]
    lines = [
        Line("", [0, 1], [0, 1], guide=True),
        Line(
            "",
            [found.probability for found in bins],
            [found.right.value for found in bins],
            [found.right.low for found in bins],
            [found.right.high for found in bins],
        ),
    ]
    return data_uri(line_chart(lines, Axis("说的把握", percent), Axis("实际正确", percent)))


def _coverage(points: tuple[Covered, ...]) -> str:
    """Draw how often the surest are right against how many they are."""
    if not points:
        return ""
    ordered = points[::-1]
    lowest = min(0.9, math.floor(10 * min(point.right.low for point in ordered)) / 10)
    step = 0.1 if lowest < 0.6 else 0.05
    marks = [1 - step * down for down in range(round((1 - lowest) / step), -1, -1)]
    line = Line(
        "",
        [point.share for point in ordered],
        [point.right.value for point in ordered],
        [point.right.low for point in ordered],
        [point.right.high for point in ordered],
    )
    across = Axis("办最有把握的多少", [(point.share, f"{point.share:.0%}") for point in ordered])
    return data_uri(line_chart([line], across, Axis("其中正确", [(at, f"{at:.0%}") for at in marks])))
