"""A rule as other programs and tables read it."""

from __future__ import annotations

from typing import Any

from router.plugins import plugin_info
from router.rules.building import BookRule

__all__ = ["rule_json"]


def rule_json(one: BookRule) -> dict[str, Any]:
    """Describe a rule for programs."""
    params, plugin = one.table.params, plugin_info("rules", one.kind)
    return {
        "name": one.name,
        "type": one.kind,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "effect": str(params.get("effect", "")),
        "target": str(params.get("target", "")),
        "reason": str(params.get("reason", "")),
        "author": one.author,
        "critical": one.critical,
        "margin": one.margin,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
        "valid_to": one.valid_to.isoformat() if one.valid_to else None,
        "examples": len(one.fires) + len(one.quiet),
        "where": one.table.where(),
    }
