"""The service that gunicorn runs in the tests: ``served:app("URL")``."""

from __future__ import annotations

import os

from flask import Flask, Response

from router.site import Site
from router.storage.database import open_database
from router.web import accounts_pages
from router.web.app import make_app
from tests.web.stub import StubEngine


def app(url: str) -> Flask:
    """Return an application that says in each answer which process gave it."""
    accounts_pages.REFUSED_AFTER = 0.0
    made = make_app(StubEngine(None, Site(), "none"), open_database(url))

    @made.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Process"] = str(os.getpid())
        return response

    return made
