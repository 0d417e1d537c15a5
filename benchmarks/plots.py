"""Plots of the figures of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.measuring import Figures
from benchmarks.reporting import Plot
from router.charts import Axis, Line, line_chart

__all__ = ["calibration_plot", "curve_plot"]

_SIZE = (760, 420)
_LEAST_CASES = 10
_PERCENT = [(at / 5, f"{at / 5:.0%}") for at in range(6)]


def calibration_plot(name: str, about: str, found: Mapping[str, Figures]) -> Plot:
    """Draw what each method stated against what was right; bins of few cases are left out."""
    lines = [Line("as stated", [0, 1], [0, 1], guide=True)]
    for method in _ours_first(found):
        bins = [one for one in found[method]["calibration"] if one["n"] >= _LEAST_CASES]
        if bins:
            shares = [one["right"]["value"] for one in bins]
            lines.append(Line(method, [one["probability"] for one in bins], shares))
    svg = line_chart(lines, Axis("stated probability", _PERCENT), Axis("share right", _PERCENT), size=_SIZE)
    return Plot(name, f"Calibration, {about}: share right by stated probability", svg)


def curve_plot(name: str, about: str, points: Mapping[str, Mapping[str, Figures]]) -> Plot:
    """Draw accuracy by how many cases were learned."""
    methods = _ours_first({method for found in points.values() for method in found})
    lines = [_curve(method, list(points.values())) for method in methods]
    across = Axis("cases learned", [(float(at), point) for at, point in enumerate(points)])
    svg = line_chart(lines, across, Axis("accuracy", _from_lowest(lines)), size=_SIZE)
    return Plot(name, f"Learning curve, {about}: accuracy by cases learned", svg)


def _ours_first(methods: Iterable[str]) -> list[str]:
    return sorted(methods, key=lambda method: (not method.startswith("fenban"), method))


def _curve(method: str, points: Sequence[Mapping[str, Figures]]) -> Line:
    known = [(float(at), found[method]["accuracy"]) for at, found in enumerate(points) if method in found]
    return Line(method, [at for at, _ in known], [accuracy for _, accuracy in known])


def _from_lowest(lines: Sequence[Line]) -> list[tuple[float, str]]:
    """Return ticks at every tenth, from below the lowest point."""
    lowest = min((y for line in lines for y in line.y), default=0.0)
    return [(at / 10, f"{at / 10:.0%}") for at in range(min(9, math.floor(10 * lowest)), 11)]
