"""Finding plugins by entry point and checking them at the door.

Built-ins are registered exactly like foreign plugins, by the entry points
of the ``fenban`` distribution itself.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from router import interfaces
from router.errors import PluginError

__all__ = ["GROUPS", "PluginInfo", "get_plugin", "list_plugins"]

GROUPS: dict[str, type[Any]] = {
    "rules": interfaces.Rule,
    "tokenizers": interfaces.Tokenizer,
    "classifiers": interfaces.Classifier,
    "readers": interfaces.Reader,
    "sinks": interfaces.Sink,
}

OWN_DISTRIBUTION = "fenban"


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Where a plugin comes from."""

    group: str
    name: str
    distribution: str
    version: str
    target: str


def list_plugins(group: str) -> list[PluginInfo]:
    """List the plugins of a group, built-ins first.

    Parameters
    ----------
    group : str
        A key of `GROUPS`.

    Returns
    -------
    list of PluginInfo

    Raises
    ------
    PluginError
        If two distributions offer the same name.

    Examples
    --------
    >>> [info.name for info in list_plugins("tokenizers")]
    ['jieba', 'rjieba']
    """
    return [_info(group, point) for point in _entry_points(group).values()]


def get_plugin(group: str, name: str) -> type[Any]:
    """Load the plugin class called `name`.

    Parameters
    ----------
    group : str
        A key of `GROUPS`.
    name : str

    Returns
    -------
    type
        The class, its signature checked against the group's protocol.

    Raises
    ------
    PluginError
        If the name is unknown, doubled, can't be imported or has another
        signature than the protocol asks for.
    """
    points = _entry_points(group)
    if name not in points:
        known = "、".join(points) or "（无）"
        raise PluginError(f"没有名为 {name!r} 的 fenban.{group} 插件", hint=f"现有：{known}")
    return _load(group, points[name])


@cache
def _entry_points(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=f"fenban.{group}"), key=_order):
        if not _allowed(point):
            continue
        if point.name in found and found[point.name].value != point.value:
            both = f"{found[point.name].value} 与 {point.value}"
            raise PluginError(f"fenban.{group} 中 {point.name!r} 登记了两次：{both}", hint="请卸载其中一个")
        found[point.name] = point
    return found


def _order(point: EntryPoint) -> tuple[bool, str]:
    return _distribution(point) != OWN_DISTRIBUTION, point.name


def _allowed(point: EntryPoint) -> bool:
    """Foreign plugins load unless ``FENBAN_PLUGINS`` lists others (by distribution)."""
    listed = os.environ.get("FENBAN_PLUGINS")
    if listed is None or _distribution(point) == OWN_DISTRIBUTION:
        return True
    return _normal(_distribution(point)) in {_normal(name) for name in listed.split(",")}


def _normal(distribution: str) -> str:
    # PEP 503: pip takes Some_Plugin and some-plugin for the same name
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else ""


def _info(group: str, point: EntryPoint) -> PluginInfo:
    version = point.dist.version if point.dist else ""
    return PluginInfo(group, point.name, _distribution(point), version, point.value)


@cache
def _load(group: str, point: EntryPoint) -> type[Any]:
    try:
        plugin = point.load()
    except Exception as error:  # a foreign module may raise anything when imported
        raise PluginError(f"插件 {point.name!r}（{point.value}）无法载入：{error}") from error
    for problem in _signature_problems(plugin, GROUPS[group]):
        raise PluginError(f"插件 {point.name!r}（{point.value}）不符合约定：{problem}")
    if not isinstance(plugin, type):
        raise PluginError(f"插件 {point.name!r}（{point.value}）应当是一个类")
    return plugin


def _signature_problems(plugin: Any, protocol: type[Any]) -> Iterator[str]:
    for name, wanted in inspect.getmembers(protocol, inspect.isroutine):
        if name.startswith("_"):
            continue
        given = getattr(plugin, name, None)
        if not callable(given):
            yield f"缺少方法 {name}"
            continue
        missing = [p for p in _parameters(wanted) if p not in _parameters(given)]
        if missing and not _takes_keywords(given):
            yield f"方法 {name} 缺少参数 {'、'.join(missing)}"


def _parameters(function: Any) -> list[str]:
    names = list(inspect.signature(function).parameters)
    return [n for n in names if n not in ("self", "cls")]


def _takes_keywords(function: Any) -> bool:
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds
