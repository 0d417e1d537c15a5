"""Line charts as SVG text: no browser, no script, no request to anywhere.

Labels in a chart are those of axes and lines. A page shows a chart as
``<img src="data:...">`` (`data_uri`), so that two charts never share an id.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Literal
from xml.etree import ElementTree as ET

import ziaplot

__all__ = ["Axis", "Line", "data_uri", "line_chart"]

Legend = Literal["right", "topleft", "bottomleft"]

_FONT = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, sans-serif"
_STYLE = f"""
* {{ font: {_FONT}; color: #1d2530; edge_color: #5a6675; font_size: 14; }}
Canvas {{ color: white; }}
Graph {{ color: white; edge_width: 1; }}
Graph.GridX {{ color: #e3e8ef; stroke: solid; }}
Graph.GridY {{ color: #e3e8ef; stroke: solid; }}
Graph.TickX {{ font_size: 12; height: 5; stroke_width: 1; pad: 0.1; color: #5a6675; }}
Graph.TickY {{ font_size: 12; height: 5; stroke_width: 1; pad: 0.1; color: #5a6675; }}
Graph.XName {{ font_size: 13; }}
Graph.YName {{ font_size: 13; }}
Graph.Legend {{ font_size: 12; stroke: none; edge_width: 18; }}
Graph.LegendText {{ font_size: 12; }}
"""
_COLOURS = ("#1f3a5f", "#b3261e", "#1b6a3c", "#c17a00", "#7a4a9e", "#3f8fb5", "#8a8f98", "#a3476b")
_GUIDE = "#8a95a3"
_ROOM = 7


@dataclass(frozen=True)
class Axis:
    """One axis.

    Parameters
    ----------
    name : str
    ticks : sequence of (float, str)
        Where a tick stands and what is written at it; the axis reaches from
        the first to the last.
    """

    name: str
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Parameters
    ----------
    name : str
        For the legend; empty for a line that isn't in it.
    x, y : sequence of float
        At least one point.
    low, high : sequence of float
        Ends of the interval of each point; none are drawn where empty.
    guide : bool
        Whether it is only there to compare with: thin, dashed, no points.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    guide: bool = False


def line_chart(
    lines: Sequence[Line], x: Axis, y: Axis, *, legend: Legend = "right", size: tuple[int, int] = (560, 380)
) -> str:
    """Draw lines into one chart.

    Parameters
    ----------
    lines : sequence of Line
    x, y : Axis
    legend : {"right", "topleft", "bottomleft"}
        Where the names of the lines stand. Beside the chart there is room
        for Latin letters only: Chinese names, which are wider, need a corner.
    size : (int, int)
        Width and height in pixels; it scales.

    Returns
    -------
    str
        An SVG element, the same for the same figures.

    Examples
    --------
    >>> share = Axis("right", [(0, "0 %"), (1, "100 %")])
    >>> line_chart([Line("this model", [0, 1], [0.2, 0.9])], share, share)[:4]
    '<svg'
    """
    graph = ziaplot.Graph().css(_STYLE)
    graph.size(*size).axesnames(x.name, y.name).legend(legend)
    graph.xticks(*_ticks(x)).yticks(*_ticks(y))
    colours = cycle(_COLOURS)
    for line in lines:
        _draw(graph, line, _GUIDE if line.guide else next(colours))
    return _with_room(graph.svgxml(), x.name, size)


def _with_room(svg: ET.Element, x_name: str, size: tuple[int, int]) -> str:
    """Lower the name of the x axis, which else touches the ticks where it is Chinese."""
    width, height = size
    svg.set("viewBox", f"{-_ROOM} 0 {width + _ROOM} {height + _ROOM}")
    for text in svg.iter("text"):
        if text.text == x_name:
            text.set("y", f"{float(text.get('y', 0)) + _ROOM:g}")
    background = svg.find("rect")
    if background is not None:
        background.set("x", str(-_ROOM))
    return ET.tostring(svg, encoding="unicode")


def _ticks(axis: Axis) -> tuple[list[float], list[str]]:
    return [at for at, _ in axis.ticks], [text for _, text in axis.ticks]


def _draw(graph: ziaplot.Graph, line: Line, colour: str) -> None:
    for x, low, high in zip(line.x, line.low, line.high, strict=False):  # none where there are no intervals
        graph.add(ziaplot.PolyLine([x, x], [low, high]).color(colour).strokewidth(1))
    path = ziaplot.PolyLine(line.x, line.y).name(line.name).color(colour)
    if line.guide:
        path.stroke("--").strokewidth(1.5)
    else:
        path.style(f"edge_color: {colour}").marker("round", 3.5)
    graph.add(path)


def data_uri(svg: str) -> str:
    """Return a chart as the address of an image, for a page that must stand alone.

    Examples
    --------
    >>> data_uri("<svg/>")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
