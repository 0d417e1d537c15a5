"""A model's card as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from models.artifact import Manifest
from models.card import AxisCard, Card
from models.card_words import AXES, Naming, Row, about, interval, metrics, thresholds

__all__ = ["card_tables"]

_CONFUSIONS = 12


def card_tables(version: str, manifest: Manifest, card: Card | None, name: Naming) -> Iterator[Table]:
    """Yield the tables of a model.

    Parameters
    ----------
    version : str
    manifest : Manifest
    card : Card or None
        None for a model of before there were cards.
    name : callable
        From a label to its name.
    """
    yield _rows(f"模型 {version}", about(manifest, card))
    for axis, rows in metrics(manifest, card).items():
        yield _rows(f"{AXES[axis]}（没有学过的件，括号内为 95% 区间）", rows)
    yield _thresholds(thresholds(manifest, name))
    if card is None:
        yield _counts("各股室案件数", manifest.cases["per_label"], name)
        return
    section = card.axes["section"]
    if section.held_out:
        yield from _judged(section, name)
    for axis, found in card.axes.items():
        yield _labels(f"各{AXES[axis]}", found, name)
    yield _counts("各年案件数", {**card.years, **({"无日期": card.undated} if card.undated else {})}, str)


def _rows(title: str, rows: list[Row]) -> Table:
    table = Table("项目", "", "数值", title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    return table


def _thresholds(rows: list[Row]) -> Table:
    table = Table("键", "数值", "意思", title="门槛", title_justify="left")
    for row in rows:
        table.add_row(row.key, row.value, row.name)
    return table


def _judged(axis: AxisCard, name: Naming) -> Iterator[Table]:
    calibration = _table("把握准不准", "说的把握", "平均", "实际正确", "95% 区间", "件数")
    for box in axis.calibration:
        stated = f"{box.start:.0%}–{box.end:.0%}"
        right = box.right
        calibration.add_row(
            stated, f"{box.probability:.1%}", f"{right.value:.1%}", interval(right), f"{box.n:,}"
        )
    yield calibration
    coverage = _table("只办最有把握的", "办多少", "把握至少", "其中正确", "95% 区间", "件数")
    for point in axis.coverage:
        right = point.right
        coverage.add_row(
            f"{point.share:.0%}", f"{point.least:.1%}", f"{right.value:.1%}", interval(right), f"{point.n:,}"
        )
    yield coverage
    if axis.confusions:
        confusions = _table("最常弄混的", "应是", "说成", "件数", numbers=1)
        for confusion in axis.confusions[:_CONFUSIONS]:
            confusions.add_row(name(confusion.true), name(confusion.said), str(confusion.n))
        yield confusions


def _labels(title: str, axis: AxisCard, name: Naming) -> Table:
    table = _table(title, "名称", "标识", "案件数", "认出", "说对", numbers=3)
    for label, count in axis.ranked():
        key = label if name(label) != label else ""
        table.add_row(name(label), key, f"{count.cases:,}", _share(count.recall), _share(count.precision))
    return table


def _counts(title: str, counts: dict[str, int], name: Naming) -> Table:
    table = _table(title, "", "案件数", numbers=1)
    for label, n in counts.items():
        table.add_row(name(label), f"{n:,}")
    return table


def _table(title: str, *columns: str, numbers: int = 4) -> Table:
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at >= len(columns) - numbers else "left")
    return table


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"
