"""What every page shows, whatever it is about."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import Response, make_response, render_template

from router.web.callers import NOBODY, caller
from router.web.engine import services

__all__ = ["render"]


def render(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page.

    Parameters
    ----------
    template : str
    status : int
    **values
        For the template.
    """
    engine = services().engine
    router, site = engine.router, engine.site
    text = render_template(
        template,
        bureau=site.settings.bureau,
        keeps_texts=site.settings.keep_texts,
        model="" if router is None else router.model.version,
        not_ready=engine.ready()[1] if router is None else "",
        release=version("fenban"),
        assets=_assets(),
        known=caller() != NOBODY,
        most_mb=services().limits.form_bytes // 2**20,
        **values,
    )
    return make_response(text, status)


@cache
def _assets() -> str:
    """Return what changes with the version, so that browsers fetch files anew, but doesn't tell it."""
    return hashlib.sha256(version("fenban").encode()).hexdigest()[:8]
