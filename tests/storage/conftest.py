"""The same tests on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from router.storage.accounts import Accounts
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.keys import Keys

from .postgres import Cluster, empty, find_binaries


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **kwargs: float) -> None:
        self.time += timedelta(**kwargs)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed, and CI must test on it")
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    cluster = Cluster(binaries)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "fenban.db"
    _prepared(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url(cluster: Cluster) -> str:
    """Return a database that is emptied for each test: making one takes longer."""
    url = cluster.new_database()
    _prepared(url)
    return url


def _prepared(url: str) -> None:
    database = open_database(url)
    database.prepare()
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that holds nothing but the tables of today."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "fenban.db")
        return f"sqlite:///{tmp_path}/fenban.db"
    url: str = request.getfixturevalue("postgres_url")
    empty(url)
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(url: str, clock: Clock) -> Iterator[Database]:
    database = open_database(url, clock=clock)
    yield database
    database.close()


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database)


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database)


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(database)
