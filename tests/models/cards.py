"""A made-up card and manifest, with labels that would do harm unescaped."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from models.artifact import Manifest
from models.card import AxisCard, Bin, Card, Confusion, Covered, Estimate, LabelCount, LeftOut

EVIL = '<script>alert("甲")</script>'
HALF = Estimate(0.5, 0.4, 0.6)


def axis(labels: Mapping[str, LabelCount], *confusions: Confusion) -> AxisCard:
    """Return an axis card whose figures are all one half."""
    return AxisCard(
        cases=sum(count.cases for count in labels.values()),
        descriptions=3,
        held_out=sum(count.held_out for count in labels.values()),
        labels=labels,
        metrics=dict.fromkeys(("accuracy", "top3_accuracy", "macro_f1", "ece"), HALF),
        calibration=(Bin(0.4, 0.467, 10, 0.45, HALF),),
        coverage=(Covered(1.0, 100, 0.1, HALF), Covered(0.6, 60, 0.4, HALF)),
        confusions=confusions,
    )


SECTION = axis(
    {
        EVIL: LabelCount(150, 150, 120, 140),
        "drainage": LabelCount(50, 50, 10, 60),
        "legal": LabelCount(3, 3, 3, 3),
        "out:water": LabelCount(0, 0, 0, 0),
    },
    Confusion(EVIL, "drainage", 30),
    Confusion("drainage", EVIL, 40),
)
CARD = Card(
    axes={"section": SECTION, "topic": axis({"lamps": LabelCount(2, 2, 2, 2)})},
    years={"2019": 3, "2021": 200},
    undated=0,
    co_cases=7,
    background=11,
    left_out=LeftOut(2, {"老股": 4}, 1),
)
MANIFEST = Manifest(
    created_at="2026-03-01T08:00:00+08:00",
    classifier="ridge",
    tokenizer="jieba",
    labels={"section": list(SECTION.labels), "topic": ["lamps"]},
    cases={"n": 203, "digest": "0" * 64, "years": [2019, 2021], "per_label": {EVIL: 150, "drainage": 50}},
    metrics={"held_out_n": 203.0, "held_out_accuracy": 0.5, "held_out_ece": 0.04},
    thresholds={"accept": 0.87, "not_ours": 0.3, "set": 0.01, "merge": 0.5, "near": 0.06},
    libraries={"python": "3.11"},
)


def manifest(**changes: object) -> Manifest:
    """Return the manifest with something else in it."""
    return dataclasses.replace(MANIFEST, **changes)  # type: ignore[arg-type]
