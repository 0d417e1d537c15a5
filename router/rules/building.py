"""From a rule as it is written to one that runs, or to what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from router.decision import VoteKind
from router.errors import PluginError
from router.interfaces import Rule
from router.plugins import get_plugin
from router.rule_tables import RuleMistake, RuleTable, RuleTables
from router.rules.base import EFFECT_NAMES, WrongKeyError
from router.site import Site, is_outside

__all__ = ["COMMON_KEYS", "BookRule", "build_rules"]

COMMON_KEYS = ("type", "critical", "margin", "valid_from", "valid_to", "author", "examples")
"""Keys of a rule's table that every kind of rule may have, and that no plugin gets to see."""

_WORD_KEYS = ("any", "all", "none")
_EXAMPLE_KEYS = ("fires", "quiet")


@dataclass(frozen=True, slots=True)
class BookRule:
    """A rule that runs, with what the file says around it.

    Parameters
    ----------
    rule : Rule
    kind : str
        The name of its plugin.
    table : RuleTable
        As it was written.
    critical : bool
        Whether a case goes to a person when the rule fails.
    margin : float or None
        How far its ``prefer`` reaches; None for the site's ``close_margin``.
    valid_from, valid_to : date or None
        First and last day it counts.
    author : str
    fires, quiet : tuple
        Examples: texts or tables of fields.
    """

    rule: Rule
    kind: str
    table: RuleTable
    critical: bool = False
    margin: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    author: str = ""
    fires: tuple[object, ...] = ()
    quiet: tuple[object, ...] = ()

    @property
    def name(self) -> str:
        """The rule's name, unique in the book."""
        return self.rule.name

    def valid_on(self, day: date) -> bool:
        """Say whether the rule counts on `day`."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)


def build_rules(written: RuleTables, site: Site) -> tuple[list[BookRule], list[RuleMistake]]:
    """Build every rule that can be built.

    Parameters
    ----------
    written : RuleTables
    site : Site
        Knows the sections and units that a rule may name.

    Returns
    -------
    rules : list of BookRule
        In the order of their names.
    mistakes : list of RuleMistake
        What is wrong with the others, and with files that can't be read.
    """
    rules: dict[str, BookRule] = {}
    mistakes = list(written.mistakes)
    seen: dict[str, RuleTable] = {}
    for number, table in enumerate(written.tables, 1):
        name = str(table.params.get("name") or f"第 {number} 条")
        if name in seen:
            where = f"（另一条在 {seen[name].where('name')}）" if seen[name].where() else ""
            mistakes.append(RuleMistake(table.where("name"), f"重名{where}", name))
            continue
        seen[name] = table
        built = _build_or_tell(table, name, written, site)
        if isinstance(built, RuleMistake):
            mistakes.append(built)
        else:
            rules[name] = built
    return [rules[name] for name in sorted(rules)], mistakes


def _build_or_tell(table: RuleTable, name: str, written: RuleTables, site: Site) -> BookRule | RuleMistake:
    try:
        return _build(table, written, site)
    except WrongKeyError as error:
        return RuleMistake(table.where(error.key), str(error), name)
    except (ValueError, PluginError) as error:
        return RuleMistake(table.where(), str(error), name)
    except Exception as error:  # a foreign rule may raise anything
        return RuleMistake(table.where(), f"建不起来（{type(error).__name__}）", name)


def _build(table: RuleTable, written: RuleTables, site: Site) -> BookRule:
    kind = table.params.get("type")
    if not isinstance(kind, str):
        raise WrongKeyError("type", "缺少 type（规则插件名）")
    common = _common(table.params)
    params = {key: value for key, value in table.params.items() if key not in COMMON_KEYS}
    for key in ("name", "effect", "target", "reason"):
        if not isinstance(params.get(key, ""), str):
            raise WrongKeyError(key, f"{key} 应是带引号的文字，现为 {params[key]!r}")
    _resolve_target(params, site)
    _resolve_sections(params, site)
    for key in _WORD_KEYS:
        if key in params:
            params[key] = _expanded(key, params[key], written.synonyms)
    if "place" in params and written.places:
        params.setdefault("places", written.places)
    plugin = _plugin(kind)
    _check_parameters(plugin, params)
    rule: Rule = plugin(**params)
    if not isinstance(getattr(rule, "name", None), str):
        raise PluginError(f"插件 {kind!r} 建出的规则没有 name")
    return BookRule(rule, kind, table, **common)


def _plugin(kind: str) -> type[Any]:
    try:
        return get_plugin("rules", kind)
    except PluginError as error:
        raise WrongKeyError("type", str(error)) from error


def _resolve_target(params: dict[str, object], site: Site) -> None:
    """Take a name or alias for the id of a section or unit, and fill in why a unit gets a case back."""
    target, effect = str(params.get("target", "")), str(params.get("effect", ""))
    if not target or EFFECT_NAMES.get(effect, effect) == VoteKind.FLAG:
        return
    label = site.label_of(target)
    if label is None:
        raise WrongKeyError("target", f"target {target!r} 不是本局股室或外单位")
    params["target"] = label
    if is_outside(label) and not params.get("reason") and label in site.neighbours:
        params["reason"] = site.neighbours[label].return_reason


def _resolve_sections(params: dict[str, object], site: Site) -> None:
    """Take names for ids where a table tells sections apart."""
    sections = params.get("sections")
    if not isinstance(sections, Mapping):
        return
    labels = {written: site.label_of(str(written)) for written in sections}
    strange = [str(written) for written, label in labels.items() if label is None]
    if strange:
        raise WrongKeyError("sections", f"sections 里的 {'、'.join(strange)} 不是本局股室或外单位")
    params["sections"] = {label: sections[written] for written, label in labels.items()}


def _expanded(key: str, words: object, synonyms: Mapping[str, tuple[str, ...]]) -> object:
    """Put the words of a shared set in the place of its ``@name``."""
    if isinstance(words, str):
        words = [words]
    if not isinstance(words, Sequence):
        return words
    found: list[object] = []
    for word in words:
        if not isinstance(word, str) or not word.startswith("@"):
            found.append(word)
            continue
        if word[1:] not in synonyms:
            known = "、".join(f"@{name}" for name in synonyms) or "（无）"
            raise WrongKeyError(key, f"{key} 里的 {word} 没有在 [synonyms] 里写明。现有：{known}")
        group = list(synonyms[word[1:]])
        found += [group] if key == "all" else group
    return found


def _check_parameters(plugin: type[Any], params: Mapping[str, object]) -> None:
    """Refuse what the rule doesn't take, in words for the person who wrote it."""
    taken = inspect.signature(plugin).parameters.values()
    names = [p.name for p in taken if p.kind is not p.VAR_KEYWORD]
    strange = [key for key in params if key not in names]
    if strange and len(names) == len(taken):
        known = "、".join((*names, *COMMON_KEYS))
        raise WrongKeyError(strange[0], f"不认识 {'、'.join(strange)}，可写：{known}")


def _common(params: Mapping[str, object]) -> dict[str, Any]:
    checks: dict[str, Callable[[str, object], object]] = {
        "critical": _switch,
        "margin": _share,
        "valid_from": _day,
        "valid_to": _day,
        "author": _text,
    }
    found: dict[str, Any] = {key: check(key, params[key]) for key, check in checks.items() if key in params}
    first, last = found.get("valid_from"), found.get("valid_to")
    if first and last and first > last:
        raise WrongKeyError("valid_to", f"valid_to {last} 早于 valid_from {first}")
    return found | _examples(params.get("examples", {}))


def _switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongKeyError(key, f"{key} 应是 true 或 false，现为 {value!r}")
    return value


def _share(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise WrongKeyError(key, f"{key} 应为 0 到 1 之间的数，现为 {value!r}")
    return float(value)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise WrongKeyError(key, f"{key} 应是带引号的文字，现为 {value!r}")
    return value


def _day(key: str, value: object) -> date | None:
    if type(value) is date:  # a datetime is one too, and can't be compared with a day
        return value
    try:
        if isinstance(value, str):
            year, month, day = (int(part) for part in value.replace("/", "-").split("-"))
            return date(year, month, day)
    except ValueError:
        pass
    raise WrongKeyError(key, f"{key} {value!r} 不是日期，请写成 2026-03-01")


def _examples(written: object) -> dict[str, tuple[object, ...]]:
    if not isinstance(written, Mapping):
        raise WrongKeyError("examples", "examples 应写成 { fires = [...], quiet = [...] }")
    strange = [str(key) for key in written if key not in _EXAMPLE_KEYS]
    if strange:
        raise WrongKeyError("examples", f"examples 里不认识 {'、'.join(strange)}，可写：fires、quiet")
    found = {}
    for key in _EXAMPLE_KEYS:
        listed = written.get(key, [])
        listed = [listed] if isinstance(listed, str | Mapping) else listed
        if not isinstance(listed, list | tuple) or not all(map(_is_example, listed)):
            raise WrongKeyError(
                "examples", f"examples 的 {key} 应是一列文字，或 {{ title = ..., level = ... }}"
            )
        found[key] = tuple(listed)
    return found


def _is_example(example: object) -> bool:
    if isinstance(example, str):
        return bool(example.strip())
    return isinstance(example, Mapping) and all(isinstance(v, str | int) for v in example.values())
