from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

from router.charts import Axis, Line, data_uri, line_chart

SHARE = Axis("正确", [(0, "0%"), (0.5, "50%"), (1, "100%")])
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*lines: Line, x: Axis = SHARE, y: Axis = SHARE) -> ET.Element:
    return ET.fromstring(line_chart(lines, x, y))


def written(chart: ET.Element) -> list[str]:
    return [text.text or "" for text in chart.iter(f"{SVG}text")]


def test_a_chart_tells_axes_ticks_and_lines() -> None:
    chart = drawn(Line("this year", [0, 1], [0.2, 0.9]), x=Axis("cases", [(0, "none"), (1, "all")]))
    assert {"cases", "正确", "none", "all", "50%", "this year"} <= set(written(chart))


def test_a_chart_needs_nothing_from_elsewhere() -> None:
    chart = drawn(
        Line("a", [0, 1], [0.2, 0.9], [0.1, 0.8], [0.3, 1.0]), Line("b", [0, 1], [0, 1], guide=True)
    )
    tags = {element.tag.removeprefix(SVG) for element in chart.iter()}
    assert tags <= {"svg", "defs", "clipPath", "marker", "circle", "rect", "path", "text"}
    assert not any("href" in name for element in chart.iter() for name in element.attrib)


def test_names_are_text_whatever_is_in_them() -> None:
    evil = '<script>alert("1")</script>&'
    chart = drawn(Line(evil, [0, 1], [0, 1]), x=Axis(evil, SHARE.ticks))
    assert written(chart).count(evil) == 2


def test_each_point_has_its_interval() -> None:
    bare = drawn(Line("a", [0, 1], [0.2, 0.9]))
    told = drawn(Line("a", [0, 1], [0.2, 0.9], [0.1, 0.8], [0.3, 1.0]))
    paths = [len(list(chart.iter(f"{SVG}path"))) for chart in (bare, told)]
    assert paths[1] == paths[0] + 2


def test_the_same_figures_make_the_same_chart() -> None:
    line = Line("a", [0, 0.5, 1], [0.2, 0.4, 0.9])
    assert line_chart([line], SHARE, SHARE) == line_chart([line], SHARE, SHARE)


def test_one_point_is_a_chart() -> None:
    assert "0%" in written(drawn(Line("a", [0], [0.5]), x=Axis("cases", [(0, "20")])))


def test_an_image_address_holds_the_chart() -> None:
    svg = line_chart([Line("甲", [0, 1], [0, 1])], SHARE, SHARE)
    kind, _, content = data_uri(svg).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(content).decode() == svg
