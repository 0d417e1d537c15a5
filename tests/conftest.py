"""What all tests share: the sample site, a few cases, one small model, a way to call the command line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from models.store import ModelStore
from models.tokenizer import JiebaTokenizer
from router.interfaces import Tokenizer
from router.pipeline import Router
from router.proposal import Proposal
from router.site import Site
from router.site_files import load_site, sample_site
from training.history import to_history
from training.train import Trained, train

from .router.fixed_model import FixedModel
from .sample import CASES

settings.register_profile(
    "fenban",
    deadline=None,  # the first call imports libraries; its time says nothing of the others
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fenban")


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(sample_site())


@pytest.fixture
def site_directory(tmp_path: Path) -> Path:
    """Return a copy of the sample site's own files that a test may change."""
    target = tmp_path / "site"
    shutil.copytree(sample_site(), target, ignore=shutil.ignore_patterns("cases", "inbox"))
    return target


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return JiebaTokenizer()


@pytest.fixture(scope="session")
def site_tokenizer(site: Site) -> Tokenizer:
    """Return one that keeps the terms of the sample site whole; making it takes half a second."""
    return JiebaTokenizer(site.user_words)


@pytest.fixture(scope="session")
def fixed_router(site: Site, site_tokenizer: Tokenizer) -> Router:
    """Return a router of the sample site whose model says the same of every case."""
    return Router(FixedModel({"municipal": 0.9, "drainage": 0.1}), site, tokenizer=site_tokenizer)


@pytest.fixture(scope="session")
def cases() -> list[Proposal]:
    """Return a dozen labelled cases without a site."""
    return list(CASES)


@pytest.fixture(scope="session")
def trained(cases: list[Proposal]) -> Trained:
    """Return a model of the dozen cases, section and topic, not stored yet."""
    return train(to_history(cases, None))


@pytest.fixture(scope="session")
def described(site: Site) -> Trained:
    """Return a model of the sample site's descriptions alone."""
    return train(to_history([], site), site)


@pytest.fixture(scope="session")
def described_store(described: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that holds the model of descriptions; not to be changed."""
    directory = tmp_path_factory.mktemp("described") / "store"
    ModelStore(directory).add(described.model, described.manifest, described.lexicon)
    return directory


@pytest.fixture
def store(trained: Trained, tmp_path: Path) -> ModelStore:
    """Return a store of its own, with one live model."""
    store = ModelStore(tmp_path / "store")
    store.add(trained.model, trained.manifest, trained.lexicon)
    return store
