"""Who may ask what: one table, and what is not in it nobody may.

Keys are for programs and open ``/api``; accounts are for people and open the
pages. Neither opens the door of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.storage.accounts import Role
from router.storage.keys import Scope
from router.web.callers import LOCAL, Caller

__all__ = ["HOME", "PERMISSIONS", "Permission", "permission"]


@dataclass(frozen=True, slots=True)
class Permission:
    """Whom an endpoint answers.

    Parameters
    ----------
    scopes : frozenset of Scope
        A key needs one of these.
    roles : frozenset of Role
        A person needs one of these.
    open : bool
        Whether everybody is answered.
    local : bool
        Whether callers on this machine are answered without key or login, even
        while the database is away.
    """

    scopes: frozenset[Scope] = frozenset()
    roles: frozenset[Role] = frozenset()
    open: bool = False
    local: bool = False

    def lets(self, who: Caller) -> bool:
        """Say whether a caller is answered.

        Examples
        --------
        >>> PERMISSIONS["api.suggest"].lets(Caller("key:erp", scopes=frozenset({Scope.SUGGEST})))
        True
        >>> PERMISSIONS["api.suggest"].lets(Caller("user:zhang", Role.ADMIN))
        False
        """
        if self.open or who == LOCAL or (who.role is not None and who.role in self.roles):
            return True
        return bool(self.scopes) and bool(who.scopes & (self.scopes | {Scope.ADMIN}))


def _key(*scopes: Scope) -> Permission:
    return Permission(scopes=frozenset(scopes))


def _person(*roles: Role) -> Permission:
    return Permission(roles=frozenset(roles))


_OPEN = Permission(open=True)
_ALIVE = Permission(open=True, local=True)
_ALL_ROLES = frozenset(Role)
_WATCHED = Permission(
    scopes=frozenset({Scope.MONITOR}), roles=frozenset({Role.ADMIN, Role.AUDITOR}), local=True
)
_SUGGESTS = _person(Role.CLERK, Role.ADMIN)
_READS = _person(Role.CLERK, Role.SECTION_HEAD, Role.ADMIN, Role.AUDITOR)
_DECIDES = _person(Role.CLERK, Role.SECTION_HEAD, Role.ADMIN)
_LOOKS_UP = _key(Scope.SUGGEST, Scope.VERDICT)

PERMISSIONS: Mapping[str, Permission] = {
    "static": _ALIVE,
    "health.healthz": _ALIVE,
    "health.readyz": _WATCHED,
    "health.metrics": _WATCHED,
    "health.openapi": Permission(scopes=frozenset(Scope), roles=_ALL_ROLES),
    "api.suggest": _key(Scope.SUGGEST),
    "api.suggest_batch": _key(Scope.SUGGEST),
    "api.verdicts": _key(Scope.VERDICT),
    "api.decision": _LOOKS_UP,  # whoever knows an id was told it
    "api.decisions": _key(Scope.VERDICT),
    "api.verdict_list": _key(Scope.VERDICT),
    "api.sections": _LOOKS_UP,
    "api.topics": _LOOKS_UP,
    "api.models": _LOOKS_UP,
    "api.rules": _LOOKS_UP,
    "api.dry_run": _key(Scope.ADMIN),
    "api.plugins": _key(Scope.ADMIN),  # tells which versions are installed
    "pages.index": _SUGGESTS,
    "pages.case": _SUGGESTS,
    "pages.file": _SUGGESTS,
    "pages.table": _SUGGESTS,
    "pages.back": _SUGGESTS,
    "pages.decisions": _READS,
    "pages.decisions_table": _READS,
    "pages.decision": _READS,
    "pages.decide": _DECIDES,
    "pages.docs": Permission(roles=_ALL_ROLES),
    "accounts.login": _OPEN,
    "accounts.enter": _OPEN,
    "accounts.leave": Permission(roles=_ALL_ROLES),
    "accounts.password": Permission(roles=_ALL_ROLES),
    "accounts.change_password": Permission(roles=_ALL_ROLES),
    "accounts.audit": _person(Role.ADMIN, Role.AUDITOR),
}
"""Permission by endpoint."""

HOME: Mapping[Role, str] = {
    Role.CLERK: "pages.index",
    Role.ADMIN: "pages.index",
    Role.SECTION_HEAD: "pages.decisions",
    Role.AUDITOR: "accounts.audit",
}
"""The endpoint at which a person begins."""


def permission(endpoint: str | None) -> Permission:
    """Return the permission of an endpoint; one that is not in the table answers nobody."""
    return PERMISSIONS.get(endpoint or "", Permission())
