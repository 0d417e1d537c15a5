"""Routing rules: the built-ins, and building them from a site's tables."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from router.errors import PluginError, SiteError
from router.interfaces import Rule
from router.plugins import get_plugin

__all__ = ["build_rules"]


def build_rules(tables: Sequence[Mapping[str, object]], labels: frozenset[str]) -> tuple[Rule, ...]:
    """Build the rules of ``rules.toml``, in order of their names.

    Parameters
    ----------
    tables : sequence of mapping
        Each with ``type`` (the plugin's name), ``name`` and the plugin's own
        parameters.
    labels : frozenset of str
        Section and ``out:`` ids a rule may name.

    Returns
    -------
    tuple of Rule

    Raises
    ------
    SiteError
        Naming every rule that can't be built, and why.
    """
    rules: dict[str, Rule] = {}
    wrong: list[str] = []
    for number, table in enumerate(tables, 1):
        name = str(table.get("name") or f"第 {number} 条")
        if name in rules:
            wrong.append(f"规则“{name}”重名")
            continue
        try:
            rules[name] = _build(table, labels)
        except (ValueError, PluginError) as error:
            wrong.append(f"规则“{name}”：{error}")
        except Exception as error:  # a foreign rule may raise anything
            wrong.append(f"规则“{name}”：建不起来（{type(error).__name__}）")
    if wrong:
        raise SiteError("；".join(wrong), where="rules.toml", hint="改正后再试")
    return tuple(rules[name] for name in sorted(rules))


def _build(table: Mapping[str, object], labels: frozenset[str]) -> Rule:
    params = dict(table)
    kind = params.pop("type", None)
    if not isinstance(kind, str):
        raise ValueError("缺少 type（规则插件名）")  # noqa: TRY004  # a mistake in a file, not in code
    for key in ("name", "effect", "target", "reason"):
        if not isinstance(params.get(key, ""), str):
            found = f"现为 {params[key]!r}"
            raise ValueError(f"{key} 应是带引号的文字，{found}")  # noqa: TRY004  # a mistake in a file
    target = params.get("target")
    if target is not None and params.get("effect") != "flag" and target not in labels:
        raise ValueError(f"target {target!r} 不是本局股室或外单位")
    plugin = get_plugin("rules", kind)
    _check_parameters(plugin, params)
    rule: Rule = plugin(**params)
    if not isinstance(getattr(rule, "name", None), str):
        raise PluginError(f"插件 {kind!r} 建出的规则没有 name")
    return rule


def _check_parameters(plugin: type[Any], params: Mapping[str, object]) -> None:
    """Refuse what the rule doesn't take, in words for the person who wrote it."""
    taken = inspect.signature(plugin).parameters.values()
    names = [p.name for p in taken if p.kind is not p.VAR_KEYWORD]
    strange = [key for key in params if key not in names]
    if strange and len(names) == len(taken):
        raise ValueError(f"不认识 {'、'.join(strange)}，可写：{'、'.join(names)}")
