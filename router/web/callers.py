"""Who is asking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g

from router.storage.accounts import Role
from router.storage.keys import Scope

__all__ = ["LOCAL", "NOBODY", "Caller", "caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a request comes from.

    Parameters
    ----------
    actor : str
        How journal and audit call them: ``key:…``, ``user:…`` or ``local``.
    role : Role or None
        Of a person with an account.
    section : str
        The section that a section head leads.
    scopes : frozenset of Scope
        Of a key.

    Examples
    --------
    >>> head = Caller("user:li", Role.SECTION_HEAD, "drainage")
    >>> head.name, head.sees("villages", ["drainage"]), head.sees("villages")
    ('li', True, False)
    """

    actor: str
    role: Role | None = None
    section: str = ""
    scopes: frozenset[Scope] = frozenset()

    @property
    def name(self) -> str:
        """The name of the account or key."""
        return self.actor.partition(":")[2]

    @property
    def own_section(self) -> str | None:
        """The only section whose cases the caller may see; None where it is all of them."""
        return self.section if self.role is Role.SECTION_HEAD else None

    def sees(self, lead: str, co_sections: Iterable[str] = ()) -> bool:
        """Say whether the caller may see a case that these sections handle."""
        return self.own_section is None or self.own_section in (lead, *co_sections)


LOCAL = Caller("local")
"""Somebody on this machine, where that is enough."""

NOBODY = Caller("nobody")
"""Somebody of whom nothing is known."""


def caller() -> Caller:
    """Return who the request at hand comes from."""
    found: Caller = g.get("caller", NOBODY)
    return found
