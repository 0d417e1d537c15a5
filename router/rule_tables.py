"""The rules of a site as they are written, each part with the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["RuleMistake", "RuleTable", "RuleTables"]


@dataclass(frozen=True, slots=True)
class RuleMistake:
    """Something wrong with a rule, in words for the person who wrote it.

    Parameters
    ----------
    where : str
        File and line, or sheet and cell; a JSON pointer for a rule of a request.
    message : str
        One Chinese sentence.
    rule : str
        The rule's name, where it has one.
    """

    where: str
    message: str
    rule: str = ""

    def __str__(self) -> str:
        rule = f"规则“{self.rule}”：" if self.rule else ""
        return "：".join(filter(None, (self.where, f"{rule}{self.message}")))


@dataclass(frozen=True, slots=True)
class RuleTable:
    """One rule as it is written.

    Parameters
    ----------
    params : mapping
        ``type``, ``name`` and whatever else the file says.
    places : mapping of str to str
        Where each key stands; under ``""`` the rule as a whole.

    Examples
    --------
    >>> table = RuleTable({"name": "路灯"}, {"": "rules.toml 第 3 行", "name": "rules.toml 第 5 行"})
    >>> table.where("name"), table.where("reason")
    ('rules.toml 第 5 行', 'rules.toml 第 3 行')
    """

    params: Mapping[str, object]
    places: Mapping[str, str] = field(default_factory=dict)

    def where(self, key: str = "") -> str:
        """Return the place of `key`, or of the rule where the key is missing."""
        return self.places.get(key) or self.places.get("", "")


@dataclass(frozen=True, slots=True)
class RuleTables:
    """All rules of a site.

    Parameters
    ----------
    tables : tuple of RuleTable
    synonyms : mapping of str to tuple of str
        Words that a rule names together as ``@name``.
    places : mapping of str to tuple of str
        What a text calls the county town, market towns and villages; empty
        for the words of `router.rules.place`.
    mistakes : tuple of RuleMistake
        What could not even be read.
    """

    tables: tuple[RuleTable, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mistakes: tuple[RuleMistake, ...] = ()
