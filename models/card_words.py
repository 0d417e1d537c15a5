"""A model's card in Chinese: names of the figures, thresholds in words, known limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from models.artifact import Manifest
from models.card import AxisCard, Card, Estimate
from router.pipeline import DEFAULT_ACCEPT, DEFAULT_NOT_OURS
from router.site import is_outside

__all__ = ["AXES", "Limit", "Row", "about", "interval", "limits", "metrics", "share", "thresholds"]

AXES = {"section": "股室", "ahead": "股室，早年的模型判后来的件", "topic": "主题", "co": "会办"}
_METRICS = {
    "n": "留出件数",
    "accuracy": "准确率",
    "top3_accuracy": "前三命中",
    "macro_f1": "宏平均 F1",
    "ece": "把握误差 ECE",
}
_SHARES = ("accuracy", "top3_accuracy")

_FEW = 5
"""A label with fewer cases is little known."""

_WEAK = 0.5
_TELLING = 100
"""With fewer held-out cases every figure is rough."""

_OLD_YEARS = 2
_NAMED = 8
_NEVER = 1.0

Naming = Callable[[str], str]


class Row(NamedTuple):
    """A figure: its Chinese name, its key in JSON, what is shown."""

    name: str
    key: str
    value: str


class Limit(NamedTuple):
    """Something a model can't do well: a stable id and a Chinese sentence."""

    id: str
    text: str


def about(manifest: Manifest, card: Card | None = None) -> list[Row]:
    """Tell where a model comes from."""
    cases = manifest.cases
    rows = [
        Row("训练时间", "created_at", manifest.created_at),
        Row("分类器", "classifier", manifest.classifier),
        Row("切词", "tokenizer", manifest.tokenizer),
        Row("案件数", "cases.n", f"{cases['n']:,}"),
        Row("年份", "cases.years", "–".join(map(str, dict.fromkeys(cases["years"]))) or "无日期"),
        Row("标签数", "labels", _label_counts(manifest)),
    ]
    if card is not None:
        texts = "，".join(f"{AXES[axis]} {found.descriptions}" for axis, found in card.axes.items())
        rows.append(Row("职责说明", "card.axes.*.descriptions", texts))
        rows.append(Row("无标签文本", "card.background", f"{card.background:,}"))
    return [
        *rows,
        Row("案件摘要", "cases.digest", cases["digest"][:16]),
        Row("软件版本", "libraries", "，".join(f"{name} {v}" for name, v in manifest.libraries.items())),
    ]


def _label_counts(manifest: Manifest) -> str:
    labels = manifest.labels
    outside = sum(map(is_outside, labels["section"]))
    counts = {"股室": len(labels["section"]) - outside, "外单位": outside}
    counts |= {AXES[axis]: len(labels[axis]) for axis in ("topic", "co") if axis in labels}
    return "，".join(f"{name} {n}" for name, n in counts.items() if n)


def metrics(manifest: Manifest, card: Card | None) -> dict[str, list[Row]]:
    """Return the held-out figures of each axis; of a model without a card those of its manifest."""
    if card is None:
        known = {key.removeprefix("held_out_"): value for key, value in manifest.metrics.items()}
        rows = [Row(name, key, _figure(key, known[key])) for key, name in _METRICS.items() if key in known]
        return {"section": rows} if rows else {}
    found = {"section": card.axes["section"], "ahead": card.ahead, "topic": card.axes.get("topic")}
    return {axis: _estimates(one) for axis, one in found.items() if one and one.held_out}


def _estimates(axis: AxisCard) -> list[Row]:
    rows = [Row(_METRICS["n"], "held_out", f"{axis.held_out:,}")]
    for key, estimate in axis.metrics.items():
        value = f"{_figure(key, estimate.value)}（{interval(estimate, of_share=key in _SHARES)}）"
        rows.append(Row(_METRICS.get(key, key), key, value))
    return rows


def _figure(key: str, value: float) -> str:
    if key == "n":
        return f"{value:,.0f}"
    return f"{value:.1%}" if key in _SHARES else f"{value:.3f}"


def interval(estimate: Estimate, *, of_share: bool = True) -> str:
    """Return the interval of an estimate.

    Examples
    --------
    >>> interval(Estimate(0.9, 0.852, 0.931))
    '85.2–93.1%'
    """
    if of_share:
        return f"{100 * estimate.low:.1f}–{estimate.high:.1%}"
    return f"{estimate.low:.3f}–{estimate.high:.3f}"


def share(value: float) -> str:
    """Return a share for a sentence, a small one more exactly.

    Examples
    --------
    >>> share(0.874), share(0.0123)
    ('87%', '1.2%')
    """
    return f"{value:.0%}" if value >= 0.1 else f"{value:.1%}"


def thresholds(manifest: Manifest, name: Naming) -> list[Row]:
    """Tell what each threshold means; those that too few cases could tell, too."""
    found = manifest.thresholds
    told = {"accept": _accept(found.get("accept"))}
    for key, value in found.items():
        axis, _, label = key.partition(":")
        if axis == "accept" and label:
            told[key] = f"其中{name(label)}：{_reached(value)}"
    if any(is_outside(label) for label in manifest.labels["section"]):
        told["not_ours"] = _not_ours(found.get("not_ours"))
    told |= {"set": _set(found.get("set")), "co": _co(found.get("co"))}
    if "merge" in found:
        told["merge"] = f"相似 {share(found['merge'])} 起，提示像是同一件事"
    if "near" in found:
        told["near"] = f"与最像的往年件相似不到 {share(found['near'])}，算没有先例，请人核对"
    rows = [Row(text, key, _value(found.get(key))) for key, text in told.items()]
    return [*rows, *(Row("", key, _value(value)) for key, value in found.items() if key not in told)]


def _reached(value: float) -> str:
    return "都请人核对" if value > _NEVER else f"把握 {share(value)} 起"


def _value(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"


def _accept(value: float | None) -> str:
    if value is None:
        return f"留出的件太少，定不出；暂按把握 {share(DEFAULT_ACCEPT)} 起可直接分办"
    if value > _NEVER:
        return "多高的把握都保证不了要求的准确率，每件都请人核对"
    return f"把握 {share(value)} 起，没有别的疑点，可直接分办"


def _not_ours(value: float | None) -> str:
    if value is None:
        return f"留出的件太少，定不出；暂按外单位的把握合计 {share(DEFAULT_NOT_OURS)} 起建议退回"
    if value > _NEVER:
        return "外单位的把握多高都保证不了要求的准确率，只有规则能建议退回"
    return f"外单位的把握合计 {share(value)} 起（至少 50%），建议退回"


def _set(value: float | None) -> str:
    if not value:
        return "留出的件太少，说不出范围，每个股室都可能"
    return f"把握除以名次还有 {share(value)} 的股室列为可能，每百件约 95 件的正确股室在里面"


def _co(value: float | None) -> str:
    if value is None:
        return "没有学会办，按各段文字推断，门槛用站点的 co_threshold"
    return f"会办的把握 {share(value)} 起才提出"


def limits(manifest: Manifest, card: Card | None, name: Naming) -> list[Limit]:
    """Tell what a model can't do well, the gravest first."""
    found = [_no_cases(manifest), *_thresholds_missing(manifest)]
    if card is None:
        found.append(Limit("no_card", "这个版本训练时还没有模型卡；重新训练后才有区间、校准、混淆各项"))
    else:
        found += [*_of_sections(card.axes["section"], name), _of_topics(card), _left_out(card)]
    found += [_no_topics(manifest), _no_co(manifest, card), _old(manifest)]
    return [limit for limit in found if limit is not None]


def _no_cases(manifest: Manifest) -> Limit | None:
    if manifest.cases["n"]:
        return None
    text = "没有一件往年件，只凭职责说明；把握没有按往年件校准，用的是默认尺度，不能当真"
    return Limit("no_cases", text)


def _thresholds_missing(manifest: Manifest) -> list[Limit]:
    if manifest.thresholds.get("accept", 0.0) > _NEVER:
        return [Limit("never_accepts", "没有门槛能保证要求的准确率，每件都请人核对")]
    if "accept" not in manifest.thresholds and manifest.cases["n"]:
        return [Limit("default_accept", "往年件太少，“可直接分办”的门槛是默认值，没有检验过")]
    return []


def _of_sections(axis: AxisCard, name: Naming) -> list[Limit]:
    none = [label for label, count in axis.labels.items() if not count.cases]
    few = [label for label, count in axis.labels.items() if 0 < count.cases < _FEW]
    weak = [
        label
        for label, count in axis.labels.items()
        if count.held_out >= _FEW and count.right < _WEAK * count.held_out
    ]
    found = []
    if 0 < axis.held_out < _TELLING:
        found.append(Limit("few_held_out", f"留出检验只有 {axis.held_out} 件，各项数字都很粗"))
    if none and axis.cases:
        found.append(Limit("labels_without_cases", f"没有往年件、只凭说明的：{_names(none, name)}"))
    if few:
        found.append(Limit("labels_with_few_cases", f"往年件不到 {_FEW} 件的：{_names(few, name)}"))
    if weak:
        found.append(Limit("labels_often_missed", f"留出的件里认出不到一半的：{_names(weak, name)}"))
    return found


def _of_topics(card: Card) -> Limit | None:
    axis = card.axes.get("topic")
    few = sum(count.cases < _FEW for count in axis.labels.values()) if axis else 0
    if not few or axis is None:
        return None
    return Limit("topics_with_few_cases", f"{len(axis.labels)} 个主题里有 {few} 个往年件不到 {_FEW} 件")


def _left_out(card: Card) -> Limit | None:
    left = card.left_out
    parts = [
        f"股室名不认得的 {sum(left.unknown_labels.values())} 件" if left.unknown_labels else "",
        f"没写股室的 {left.unlabelled} 件" if left.unlabelled else "",
        f"读不出的 {left.unreadable} 处" if left.unreadable else "",
    ]
    told = "、".join(part for part in parts if part)
    return Limit("left_out", f"没有用于训练：{told}") if told else None


def _no_topics(manifest: Manifest) -> Limit | None:
    return None if "topic" in manifest.labels else Limit("no_topics", "没有学主题，不会提出主题")


def _no_co(manifest: Manifest, card: Card | None) -> Limit | None:
    if "co" in manifest.labels:
        return None
    known = f"（往年件里写明会办的 {card.co_cases} 件）" if card else ""
    return Limit("no_co_handling", f"没有学会办{known}，只能按各段文字推断，会漏也会多")


def _old(manifest: Manifest) -> Limit | None:
    years, made = manifest.cases["years"], int(manifest.created_at[:4])
    if not years or made - years[-1] < _OLD_YEARS:
        return None
    return Limit("old_cases", f"最近的往年件是 {years[-1]} 年的，之后的新事没有见过")


def _names(labels: Sequence[str], name: Naming) -> str:
    ours_first = sorted(labels, key=is_outside)
    told = "、".join(name(label) for label in ours_first[:_NAMED])
    return told if len(labels) <= _NAMED else f"{told}等 {len(labels)} 个"
