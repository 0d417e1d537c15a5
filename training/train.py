"""Training a model from past cases, descriptions and texts without labels."""

from __future__ import annotations

import hashlib
import inspect
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.artifact import Manifest
from models.card import AxisCard, Card
from models.classifier import RidgeTextClassifier
from models.co_handling import CoHandling
from models.held_out import HeldOutCases
from models.model import RoutingModel
from models.tokenizer import default_tokenizer
from router.errors import FenbanError, PluginError, TrainingError
from router.interfaces import Classifier
from router.plugins import get_plugin, make_plugin, plugin_info
from router.site import Settings, Site
from training.card import axis_card, make_card
from training.descriptions import Description, section_descriptions, topic_descriptions
from training.held_out import HeldOut, Refit, held_out_probabilities, judged_ahead, left_out
from training.history import History
from training.metrics import expected_calibration_error, macro_f1
from training.past_cases import index_past_cases
from training.seen import packed_hashes
from training.thresholds import find_thresholds

__all__ = ["Trained", "train"]

Progress = Callable[[str], None]
_LIBRARIES = ("fenban", "scikit-learn", "jieba", "numpy", "scipy", "joblib", "pandas")


@dataclass(frozen=True)
class Trained:
    """A model that isn't stored yet, and what is to be told about it."""

    model: RoutingModel
    manifest: Manifest
    lexicon: tuple[str, ...] = field(default=())
    card: Card | None = None


def train(
    history: History,
    site: Site | None = None,
    *,
    descriptions: Sequence[Description] = (),
    unlabelled: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> Trained:
    """Train classifiers for section and topic.

    Parameters
    ----------
    history : History
        Labelled cases; may be empty where there are descriptions.
    site : Site, optional
        Gives descriptions, user dictionary, settings.
    descriptions : sequence of (label, text)
        More of them, e.g. from ``--labels``.
    unlabelled : sequence of str
        Texts in the form of `router.proposal.case_text`.
    progress : callable
        Told in Chinese what is being done.

    Returns
    -------
    Trained

    Raises
    ------
    TrainingError
        If what is given can't train a model.
    """
    settings = site.settings if site else Settings()
    lexicon = site.user_words if site else ()
    cases = history.cases
    described = [*descriptions, *(section_descriptions(site) if site else [])]
    if cases.empty and not described:
        raise TrainingError(
            "没有可用于训练的案件", hint="请给出带 section 列的案件表，或用 --site / --labels 说明各标签"
        )
    make = _factory(settings, lexicon)
    progress(f"训练股室分类器（{len(cases)} 件案件，{len(described)} 条说明）")
    section = _fit(make, cases["text"].tolist(), cases["section"].tolist(), described, unlabelled)
    with_topic = cases[cases["topic"] != ""]
    topic_described = topic_descriptions(site) if site else []
    topic = None
    if _can_train(with_topic["topic"].tolist(), topic_described):
        progress(f"训练主题分类器（{len(with_topic)} 件案件）")
        make = _factory(settings, lexicon, section.classifier)
        more = [*cases.loc[cases["topic"] == "", "text"], *unlabelled]
        topic = _fit(make, with_topic["text"].tolist(), with_topic["topic"].tolist(), topic_described, more)
    co = _fit_co(section.classifier, cases, described, progress)
    if len(cases):
        progress("在留出的案件上估计把握和门槛")
    ahead = _judged_ahead(section, history)
    thresholds = _thresholds(section, ahead, settings)
    metrics = _judge(section)
    if co is not None:
        thresholds["co"] = co.threshold_
    similar, of_similar = index_past_cases(section.classifier, history)
    thresholds |= of_similar
    topic_classifier = topic.classifier if topic else None
    model = RoutingModel(
        section.classifier,
        topic_classifier,
        co,
        thresholds=thresholds,
        similar=similar,
        held_out=_kept(section, ahead, history),
    )
    axes = {"section": _axis_card(section, len(described))}
    if topic:
        axes["topic"] = _axis_card(topic, len(topic_described))
    card = make_card(history, axes, len(unlabelled), _axis_card(section, 0, ahead) if ahead else None)
    return Trained(model, _manifest(model, history, settings, thresholds, metrics), lexicon, card)


@dataclass(frozen=True)
class _Fitted:
    """A classifier, the labels of its training cases and their held-out probabilities."""

    classifier: Classifier
    refit: Refit
    y: Sequence[str]
    held_out: NDArray[np.float64]
    target: NDArray[np.int64]


def _factory(
    settings: Settings, lexicon: Sequence[str], first: Classifier | None = None
) -> Callable[[], Classifier]:
    """Return a maker of unfitted classifiers.

    Ours take the site's tokeniser, and the embedding of the first axis.
    """
    taken = inspect.signature(get_plugin("classifiers", settings.classifier)).parameters
    given: dict[str, object] = {}
    if "embedding" in taken and first is not None:
        given["embedding"] = getattr(first, "embedding_", None)
    if "tokenizer" in taken:
        given["tokenizer"] = default_tokenizer(lexicon, settings.tokenizer)
    return partial(make_plugin, "classifiers", settings.classifier, **given)


def _fit(
    make: Callable[[], Classifier],
    texts: Sequence[str],
    y: Sequence[str],
    described: Sequence[Description],
    unlabelled: Sequence[str],
) -> _Fitted:
    def learn(unfitted: Classifier, some_texts: Sequence[str], some_y: Sequence[str]) -> Classifier:
        try:
            return unfitted.fit(some_texts, some_y, descriptions=described, unlabelled=unlabelled)
        except FenbanError:
            raise
        except Exception as error:  # a foreign classifier may raise anything
            name = type(unfitted).__name__
            raise PluginError(f"分类器 {name} 训练失败：{type(error).__name__} {error}") from error

    classifier = learn(make(), texts, y)

    def refit(some_texts: Sequence[str], some_y: Sequence[str]) -> Classifier:
        # over the same embedding: half a fit where a new one takes five
        unfitted = classifier.alike() if isinstance(classifier, RidgeTextClassifier) else make()
        return learn(unfitted, some_texts, some_y)

    held_out = held_out_probabilities(classifier, refit, texts, y)
    column = {label: at for at, label in enumerate(classifier.classes_.tolist())}
    target = np.array([column[label] for label in y[: len(held_out)]], dtype=np.int64)
    return _Fitted(classifier, refit, y, held_out, target)


def _fit_co(
    section: Classifier, cases: pd.DataFrame, described: Sequence[Description], progress: Progress
) -> CoHandling | None:
    if not isinstance(section, RidgeTextClassifier) or not cases["co_sections"].map(bool).any():
        return None
    progress("训练会办（按往年会办情况）")
    leads, co_sections = cases["section"].tolist(), cases["co_sections"].tolist()
    return CoHandling(section).fit(cases["text"].tolist(), leads, co_sections, described)


def _can_train(y: Sequence[str], described: Sequence[Description]) -> bool:
    return len({*y, *(label for label, _ in described)}) > 1


def _judged_ahead(fitted: _Fitted, history: History) -> HeldOut | None:
    labels: list[str] = fitted.classifier.classes_.tolist()
    days = [proposal.received_on for proposal in history.proposals]
    return judged_ahead(labels, fitted.refit, history.cases["text"].tolist(), fitted.y, days)


def _thresholds(fitted: _Fitted, ahead: HeldOut | None, settings: Settings) -> dict[str, float]:
    """Find them on later cases judged by models of earlier ones; without dates on those left out."""
    labels: list[str] = fitted.classifier.classes_.tolist()
    return find_thresholds(ahead or left_out(fitted.held_out, fitted.target), labels, settings)


def _kept(fitted: _Fitted, ahead: HeldOut | None, history: History) -> HeldOutCases:
    """Return what the cases got from models that had not learned them, as it is stored."""
    if ahead is None:
        return HeldOutCases.build(history.proposals, fitted.held_out)
    return HeldOutCases.build(history.proposals, fitted.held_out, ahead.rows, ahead.probabilities)


def _judge(fitted: _Fitted) -> dict[str, float]:
    """Return the figures for the manifest."""
    held_out, target = fitted.held_out, fitted.target
    labels: list[str] = fitted.classifier.classes_.tolist()
    if not len(target):
        return {}
    order = np.argsort(-held_out, axis=1)
    right = order[:, 0] == target
    true, given = [labels[i] for i in target], [labels[i] for i in order[:, 0]]
    return {
        "held_out_n": float(len(target)),
        "held_out_accuracy": float(right.mean()),
        "held_out_top3_accuracy": float((order[:, :3] == target[:, None]).any(axis=1).mean()),
        "held_out_macro_f1": macro_f1(true, given),
        "held_out_ece": expected_calibration_error(held_out.max(axis=1), right),
    }


def _axis_card(fitted: _Fitted, descriptions: int, ahead: HeldOut | None = None) -> AxisCard:
    judged = ahead or left_out(fitted.held_out, fitted.target)
    labels = fitted.classifier.classes_.tolist()
    return axis_card(labels, fitted.y, judged.probabilities, judged.target, descriptions)


def _manifest(
    model: RoutingModel,
    history: History,
    settings: Settings,
    thresholds: Mapping[str, float],
    metrics: Mapping[str, float],
) -> Manifest:
    labels = {"section": model.section.classes_.tolist()}
    if model.topic:
        labels["topic"] = model.topic.classes_.tolist()
    if model.co:
        labels["co"] = model.co.classes_.tolist()
    return Manifest(
        created_at=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
        classifier=settings.classifier,
        tokenizer=settings.tokenizer,
        labels=labels,
        cases=_about(history),
        metrics=metrics,
        thresholds=thresholds,
        libraries=_libraries(settings),
    )


def _libraries(settings: Settings) -> dict[str, str]:
    """Return the versions a model is made with, those of other people's plugins included."""
    plugins = (
        plugin_info("classifiers", settings.classifier),
        plugin_info("tokenizers", settings.tokenizer),
    )
    found = {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
    return found | {plugin.distribution: plugin.version for plugin in plugins}


def _about(history: History) -> dict[str, Any]:
    cases = history.cases
    digest = hashlib.sha256()
    for text, section in zip(cases["text"], cases["section"], strict=True):
        digest.update(f"{section}\0{text}\0".encode(errors="surrogatepass"))
    years = cases["year"].dropna().astype(int)
    return {
        "n": len(cases),
        "digest": digest.hexdigest(),
        "texts": packed_hashes(cases["text"].tolist()),
        "years": [int(years.min()), int(years.max())] if len(years) else [],
        "per_label": {str(k): int(v) for k, v in cases["section"].value_counts().items()},
    }
