"""One small real model for all tests of the web layer: the sample site's own descriptions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models.classifier import RidgeTextClassifier
from models.model import RoutingModel
from router.interfaces import Tokenizer
from router.pipeline import Router
from router.site import Site
from router.site_files import load_site, sample_site
from router.storage.database import Database, open_database
from router.web.app import make_app
from training.descriptions import section_descriptions, topic_descriptions

from .stub import StubEngine, Suggest


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(sample_site())


@pytest.fixture(scope="session")
def router(site: Site, site_tokenizer: Tokenizer) -> Router:
    section = RidgeTextClassifier().fit([], [], descriptions=section_descriptions(site))
    topic = RidgeTextClassifier().fit([], [], descriptions=topic_descriptions(site))
    thresholds = {"accept": 0.8, "not_ours": 0.5}
    model = RoutingModel(section, topic, version="test.1", thresholds=thresholds)
    return Router(model, site, tokenizer=site_tokenizer)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('web')}/fenban.db")
    yield database
    database.close()


@pytest.fixture(scope="session")
def app(router: Router, site: Site, database: Database) -> Flask:
    app = make_app(StubEngine(router, site), database)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def suggest(client: FlaskClient) -> Suggest:
    """Return a call of POST /api/v1/suggest with the fields given."""
    return lambda **fields: client.post("/api/v1/suggest", json=fields)


@pytest.fixture
def bare_client(site: Site, database: Database) -> FlaskClient:
    """Return a client of a service that has no model."""
    engine = StubEngine(None, site, "模型库里还没有模型。请先运行 fenban train")
    return make_app(engine, database).test_client()


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """Return browser and driver; a machine without them skips, but CI fails."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if found and driver:
        return found, driver
    if os.environ.get("CI"):
        pytest.fail("CI needs chromium and chromedriver for the browser tests")
    pytest.skip("no chromium or chromedriver on this machine")
