from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.store import ModelStore
from router.site_files import sample_site
from tests.commands import fenban, one_sentence, succeeded
from training.train import Trained


@pytest.fixture(scope="module")
def sample_store(described: Trained, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of a model of descriptions and one of a dozen cases, with cards; not to be changed."""
    store = ModelStore(tmp_path_factory.mktemp("cards") / "store")
    for each in (described, trained):
        store.add(each.model, each.manifest, each.lexicon, each.card)
    return store.directory


@pytest.fixture
def second(sample_store: Path) -> str:
    return ModelStore(sample_store).versions()[1]


def test_the_card_is_shown_in_chinese_with_the_keys_beside(sample_store: Path, second: str) -> None:
    shown = succeeded(fenban("models", "show", second, "--store", sample_store)).stdout
    for wanted in ("案件数", "cases.n", "准确率", "accuracy", "把握准不准", "门槛", "drainage", "已知的短处"):
        assert wanted in shown
    assert "留出检验只有 12 件" in shown


def test_with_a_site_labels_have_their_names(sample_store: Path) -> None:
    shown = succeeded(fenban("models", "show", "--store", sample_store, "--site", sample_site())).stdout
    assert "排水管理所" in shown
    assert "drainage" in shown
    assert "没有一件往年件" in shown


def test_the_json_holds_manifest_card_and_limits(sample_store: Path, second: str) -> None:
    found = json.loads(
        succeeded(fenban("models", "show", second, "--store", sample_store, "--json", "-")).stdout
    )
    assert found["version"] == second
    assert found["metrics"]["held_out_n"] == 12
    assert found["card"]["axes"]["section"]["labels"]["drainage"]["cases"] == 4
    assert {limit["id"] for limit in found["limits"]} >= {"few_held_out", "no_co_handling"}


def test_the_page_and_the_json_can_be_written_together(
    sample_store: Path, second: str, tmp_path: Path
) -> None:
    page, figures = tmp_path / "card.html", tmp_path / "card.json"
    words = ("models", "show", second, "--store", sample_store, "--html", page, "--json", figures)
    result = succeeded(fenban(*words))
    assert str(page) in result.stderr
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(figures.read_text(encoding="utf-8"))["version"] == second
    assert not result.stdout


def test_a_page_that_can_not_be_written_is_told(sample_store: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "card.html"
    assert "无法写入" in one_sentence(fenban("models", "show", "--store", sample_store, "--html", nowhere))


def test_two_versions_are_compared_by_the_same_figures(sample_store: Path) -> None:
    first, second = ModelStore(sample_store).versions()
    shown = succeeded(fenban("models", "compare", first, second, "--store", sample_store)).stdout
    assert "准确率" in shown
    assert "—" in shown  # the first was judged on nothing


def test_what_training_stores_has_a_card(tmp_path: Path) -> None:
    store = tmp_path / "store"
    succeeded(fenban("train", "--site", sample_site(), "--store", store))
    assert ModelStore(store).card()
