"""The forms for login and another password; both carry what was typed elsewhere and not sent."""

from __future__ import annotations

import re

from flask import Response, g

from router.web import auth
from router.web.kept import wrapped
from router.web.problems import ProblemError
from router.web.rendering import render
from router.web.verdict_forms import Typed

__all__ = ["is_local", "login_page", "password_page"]

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]{0,2000}")


def is_local(target: str) -> bool:
    """Say whether an address is one of this service.

    Examples
    --------
    >>> is_local("/decisions"), is_local("//evil.example")
    (True, False)
    """
    return _LOCAL.fullmatch(target) is not None


def login_page(target: str, found: Typed, name: str = "", problem: ProblemError | None = None) -> Response:
    """Show the form for name and password.

    Parameters
    ----------
    target : str
        Where the login leads.
    found : Typed
        What was typed into the form of that page.
    name : str
    problem : ProblemError, optional
    """
    return render(
        "login.html",
        problem.kind.status if problem else 200,
        problem=problem,
        name=name,
        next=target if is_local(target) else "",
        kept=list(wrapped(found)),
        guarded=auth.guarded(),
    )


def password_page(target: str, found: Typed, problem: ProblemError | None = None) -> Response:
    """Show the form for another password; parameters as for `login_page`."""
    return render(
        "password.html",
        problem.kind.status if problem else 200,
        problem=problem,
        own="session" in g and g.session is not None,
        due=auth.password_due(),
        next=target if is_local(target) else "",
        kept=list(wrapped(found)),
    )
