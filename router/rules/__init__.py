"""Routing rules: the built-ins, and building them from a site's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        except (TypeError, ValueError, PluginError) as error:
            wrong.append(f"规则“{name}”：{error}")
    if wrong:
        raise SiteError("；".join(wrong), where="rules.toml", hint="改正后再试")
    return tuple(rules[name] for name in sorted(rules))


def _build(table: Mapping[str, object], labels: frozenset[str]) -> Rule:
    params = dict(table)
    kind = params.pop("type", None)
    if not isinstance(kind, str):
        raise ValueError("缺少 type（规则插件名）")  # noqa: TRY004  # a mistake in a file, not in code
    target = params.get("target")
    if target is not None and params.get("effect") != "flag" and target not in labels:
        raise ValueError(f"target {target!r} 不是本局股室或外单位")
    rule: Rule = get_plugin("rules", kind)(**params)
    return rule
