from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

from models.card import AxisCard, Card, Confusion, LabelCount
from models.card_page import card_page, heat_of
from tests.models.cards import CARD, EVIL, MANIFEST, axis, manifest

NAMES = {"drainage": "排水管理所", "legal": "政策法规股"}


class Page(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(card: Card | None = CARD, **changes: object) -> Page:
    return Page(
        card_page("2026-03-01.1", manifest(**changes), card, lambda label: NAMES.get(label, label), "某局")
    )


def test_the_page_tells_what_a_card_tells() -> None:
    text = page_of().text
    for wanted in (
        "模型卡 2026-03-01.1",
        "某局",
        "50.0%（40.0–60.0%）",
        "把握准不准",
        "只办最有把握的",
        "门槛",
        "弄混了什么",
    ):
        assert wanted in text
    assert "排水管理所" in text
    assert "往年件不到 5 件的：政策法规股" in text


def test_how_later_cases_fared_is_told_first() -> None:
    told = page_of(dataclasses.replace(CARD, ahead=CARD.axes["section"])).text
    assert "让早年的模型判后来的件，对主办" in told
    assert "让早年的模型判后来的件" not in page_of().text


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    page = page_of()
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    given = [
        value or "" for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href")
    ]
    assert given
    assert all(address.startswith("data:image/svg+xml;base64,") for address in given)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "url(" not in card_page("v", MANIFEST, CARD, str)
    assert "@import" not in card_page("v", MANIFEST, CARD, str)


def test_labels_are_text_whatever_is_in_them() -> None:
    assert EVIL not in card_page("v", MANIFEST, CARD, str, EVIL)
    assert page_of().text.count(EVIL) >= 3  # in the confusions, the heat map, the counts


def test_both_plots_say_what_they_show() -> None:
    told = [attrs["alt"] or "" for tag, attrs in page_of().tags if tag == "img"]
    assert len(told) == 2
    assert all("表" in alt for alt in told)


def test_a_model_without_a_card_has_a_page_of_what_it_has() -> None:
    page = page_of(None)
    assert "重新训练后才有" in page.text
    assert "排水管理所" in page.text
    assert "img" not in {tag for tag, _ in page.tags}


def test_a_model_of_descriptions_alone_has_a_page() -> None:
    labels = {"a": LabelCount(0, 0, 0, 0), "b": LabelCount(0, 0, 0, 0)}
    card = Card({"section": AxisCard(0, 9, 0, labels)}, {}, 0, 0, 0, CARD.left_out)
    cases = {"n": 0, "digest": "", "years": [], "per_label": {}}
    page = page_of(card, cases=cases, metrics={}, thresholds={}, labels={"section": ["a", "b"]})
    assert "没有在往年件上检验过" in page.text
    assert "img" not in {tag for tag, _ in page.tags}


def test_a_perfect_model_has_nothing_confused() -> None:
    whole = axis({"a": LabelCount(100, 100, 100, 100), "b": LabelCount(60, 60, 60, 60)})
    assert "没有弄混的" in page_of(dataclasses.replace(CARD, axes={"section": whole})).text


def test_the_heat_map_counts_every_held_out_case_once() -> None:
    heat = heat_of(CARD.axes["section"])
    assert heat
    assert [[cell.n for cell in row] for row in heat.rows][:2] == [[120, 30, 0, 0], [40, 10, 0, 0]]
    assert heat.rows[0][0].share == 0.8


def test_outside_units_come_last_and_are_one_where_the_labels_are_too_many() -> None:
    ours = {f"s{at:02}": LabelCount(2, 2, 2, 2) for at in range(20)}
    outside = {f"out:{at:02}": LabelCount(3, 3, 2, 2) for at in range(15)}
    wrong = [Confusion("out:00", "out:01", 1), Confusion("out:01", "s00", 1)]
    heat = heat_of(axis({**outside, **ours}, *wrong))
    assert heat
    assert len(heat.labels) == 21
    assert heat.rows[-1][-1].n == 31
    assert heat.rows[-1][0].n == 1
    few = heat_of(axis({"out:00": LabelCount(9, 9, 9, 9), **dict(list(ours.items())[:5])}))
    assert few
    assert few.labels[-1] == "out:00"


def test_with_too_many_sections_the_confusions_are_a_list() -> None:
    labels = {f"s{at:02}": LabelCount(2, 2, 1, 1) for at in range(31)}
    crowded = axis(labels, Confusion("s00", "s01", 1))
    assert heat_of(crowded) is None
    text = page_of(dataclasses.replace(CARD, axes={"section": crowded})).text
    assert re.search(r"最常弄混的\s+应是说成件数\s+s00s01", text)
