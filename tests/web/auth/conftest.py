"""A service with keys and accounts, on a real SQLite."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from router.pipeline import Router
from router.site import Site
from router.storage.accounts import Accounts
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.storage.keys import Keys
from router.web import accounts_pages
from router.web.app import make_app
from tests.storage.conftest import Clock
from tests.web.stub import StubEngine

from .people import Visitor, make_accounts


@pytest.fixture(scope="session")
def guarded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with one account of each role."""
    path = tmp_path_factory.mktemp("guarded") / "fenban.db"
    database = open_database(f"sqlite:///{path}", clock=Clock())
    make_accounts(database)
    database.close()
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(guarded_template: Path, tmp_path: Path, clock: Clock) -> Iterator[Database]:
    shutil.copy(guarded_template, tmp_path / "fenban.db")
    database = open_database(f"sqlite:///{tmp_path}/fenban.db", clock=clock)
    yield database
    database.close()


@pytest.fixture
def app(router: Router, site: Site, database: Database, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(accounts_pages, "REFUSED_AFTER", 0.0)
    app = make_app(StubEngine(router, site), database)
    app.testing = True
    return app


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Return somebody at another computer."""
    return Visitor(app)


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database)


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(database)
