"""Finding plugins by entry point and checking them at the door.

Built-ins are registered exactly like foreign plugins, by the entry points
of the ``fenban`` distribution itself.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import Parameter
from typing import Any

from router import interfaces
from router.errors import FenbanError, PluginError

__all__ = [
    "GROUPS",
    "OWN_DISTRIBUTION",
    "PluginInfo",
    "get_plugin",
    "list_plugins",
    "make_plugin",
    "plugin_info",
]

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
    return _load(group, _known(group, name))


def make_plugin(group: str, name: str, /, *given: object, **params: object) -> Any:
    """Build the plugin called `name` from what its group is given.

    Parameters
    ----------
    group : str
        A key of `GROUPS`.
    name : str
    *given, **params
        Passed to the class.

    Returns
    -------
    object

    Raises
    ------
    PluginError
        As for `get_plugin`, and if the class can't be built from them.

    Examples
    --------
    >>> type(make_plugin("readers", "jsonl")).__name__
    'JsonlReader'
    """
    plugin = get_plugin(group, name)
    try:
        return plugin(*given, **params)
    except FenbanError:
        raise
    except Exception as error:  # a foreign class may raise anything; ValueError is how it speaks to people
        told = str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}"
        raise PluginError(f"插件 {name!r}（{_known(group, name).value}）建不起来：{told}") from error


def plugin_info(group: str, name: str) -> PluginInfo:
    """Say where the plugin called `name` comes from.

    Parameters
    ----------
    group : str
        A key of `GROUPS`.
    name : str

    Returns
    -------
    PluginInfo

    Raises
    ------
    PluginError
        If the name is unknown or doubled.

    Examples
    --------
    >>> plugin_info("rules", "keyword").distribution
    'fenban'
    """
    return _info(group, _known(group, name))


@cache
def _entry_points(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=f"fenban.{group}"), key=_order):
        if not _allowed(point):
            continue
        if point.name in found and found[point.name].value != point.value:
            pair = (found[point.name], point)
            both = " 与 ".join(one.value for one in pair)
            foreign = [name for one in pair if (name := _distribution(one)) != OWN_DISTRIBUTION]
            hint = f"请卸载 {' 或 '.join(dict.fromkeys(foreign))}"
            raise PluginError(f"fenban.{group} 中 {point.name!r} 登记了两次：{both}", hint=hint)
        found[point.name] = point
    return found


def _known(group: str, name: str) -> EntryPoint:
    points = _entry_points(group)
    if name not in points:
        kept_out = {_distribution(point) for point in entry_points(group=f"fenban.{group}", name=name)}
        why = f"（{'、'.join(sorted(kept_out))} 没有列入 FENBAN_PLUGINS）" if kept_out else ""
        known = "、".join(points) or "（无）"
        raise PluginError(f"没有名为 {name!r} 的 fenban.{group} 插件{why}", hint=f"现有：{known}")
    return points[name]


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
    if not isinstance(plugin, type):
        raise PluginError(f"插件 {point.name!r}（{point.value}）应当是一个类")
    for problem in _signature_problems(plugin, GROUPS[group]):
        raise PluginError(f"插件 {point.name!r}（{point.value}）不符合约定：{problem}")
    return plugin


def _signature_problems(plugin: Any, protocol: type[Any]) -> Iterator[str]:
    for name, wanted in inspect.getmembers(protocol, inspect.isroutine):
        if name.startswith("_"):
            continue
        given = getattr(plugin, name, None)
        if not callable(given):
            yield f"缺少方法 {name}"
            continue
        if inspect.ismethod(wanted) and not isinstance(inspect.getattr_static(plugin, name), classmethod):
            yield f"方法 {name} 应当是 classmethod"
            continue
        yield from _parameter_problems(name, _parameters(protocol, name), _parameters(plugin, name))


def _parameter_problems(
    method: str, wanted: Mapping[str, Parameter], given: Mapping[str, Parameter]
) -> Iterator[str]:
    kinds = {p.kind for p in given.values()}
    missing = [name for name in wanted if name not in given]
    if missing and Parameter.VAR_KEYWORD not in kinds:
        yield f"方法 {method} 缺少参数 {'、'.join(missing)}"
    loose = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    asked = [name for name, p in given.items() if p.default is p.empty and p.kind not in loose]
    if strange := [name for name in asked if name not in wanted]:
        yield f"方法 {method} 多要了参数 {'、'.join(strange)}"
    order = [name for name, p in wanted.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    placed = [name for name, p in given.items() if name in order and p.kind is not p.KEYWORD_ONLY]
    if placed != order and Parameter.VAR_POSITIONAL not in kinds:
        yield f"方法 {method} 的参数应依次为 {'、'.join(order)}"


def _parameters(owner: Any, method: str) -> dict[str, Parameter]:
    """Return the parameters of a method as whoever calls it sees them."""
    named = list(inspect.signature(getattr(owner, method)).parameters.items())
    bound = isinstance(inspect.getattr_static(owner, method), classmethod | staticmethod)
    takes_self = named and not bound and named[0][1].kind is not Parameter.VAR_POSITIONAL
    return dict(named[1:] if takes_self else named)
