from __future__ import annotations

import re
from typing import Any

from benchmarks.plots import calibration_plot, curve_plot


def names(svg: str) -> list[str]:
    """Return what is written in a plot, axes and legend."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def stated(*bins: tuple[int, float, float]) -> dict[str, Any]:
    return {"calibration": [{"n": n, "probability": p, "right": {"value": r}} for n, p, r in bins]}


def test_a_calibration_plot_names_each_method_and_what_it_shows() -> None:
    found = {"LinearSVC": stated((50, 0.2, 0.7)), "fenban": stated((50, 0.9, 0.9))}
    plot = calibration_plot("calibration", "some table", found)
    assert {"as stated", "fenban", "LinearSVC"} <= set(names(plot.svg))
    assert "some table" in plot.title


def test_few_cases_say_nothing_of_calibration() -> None:
    few = calibration_plot("calibration", "", {"fenban": stated((9, 0.9, 0.1))})
    assert "fenban" not in names(few.svg)


def test_a_curve_has_every_point_and_begins_where_a_method_begins() -> None:
    points = {
        "0": {"fenban": {"accuracy": 0.7}},
        "20": {"fenban": {"accuracy": 0.8}, "SVC": {"accuracy": 0.35}},
    }
    plot = curve_plot("curve", "some table", points)
    written = names(plot.svg)
    assert {"0", "20", "fenban", "SVC"} <= set(written)
    assert "30%" in written
    assert "20%" not in written  # the axis begins below the lowest point, not at nothing


def test_ours_come_first_so_that_they_keep_their_colours() -> None:
    points = {"20": {"SVC": {"accuracy": 0.35}, "fenban + x": {"accuracy": 0.8}, "fenban": {"accuracy": 0.7}}}
    written = names(curve_plot("curve", "", points).svg)
    assert [name for name in written if name in ("SVC", "fenban", "fenban + x")] == [
        "fenban",
        "fenban + x",
        "SVC",
    ]
