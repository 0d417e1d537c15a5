"""A recorded decision is given again, or what it rests on and is gone is named."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from models.live import LiveEngine
from models.replay import replayed
from models.store import ModelStore
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.records import StoredDecision
from router.web.app import make_app
from tests.commands import fenban, one_sentence, succeeded
from training.train import Trained

PHONES = {
    "case_id": "028",
    "title": "关于修复人民路路灯的建议",
    "body": "电话13800000000。整条街路灯不亮，请修；集镇污水直排河沟，请铺管网。",
}
LANE = {"case_id": "029", "title": "关于拓宽三官乡至杨树坪通村公路的建议", "received_on": "2026-03-02"}


@pytest.fixture
def store(trained: Trained, described: Trained, tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "store")
    store.add(described.model, described.manifest, described.lexicon)
    store.add(trained.model, trained.manifest, trained.lexicon)
    return store


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    yield database
    database.close()


@pytest.fixture
def engine(store: ModelStore, site_directory: Path) -> LiveEngine:
    return LiveEngine(store.directory, site_directory)


@pytest.fixture
def client(engine: LiveEngine, database: Database) -> FlaskClient:
    return make_app(engine, database).test_client()


def decided(client: FlaskClient, database: Database, case: dict[str, Any]) -> StoredDecision:
    told = client.post("/api/v1/suggest", json=case).get_json()
    stored = Journal(database).decision(told["decision_id"])
    assert stored is not None
    return stored


@pytest.mark.parametrize("case", [PHONES, LANE])
def test_a_decision_comes_out_the_same(
    client: FlaskClient, database: Database, store: ModelStore, case: dict[str, Any]
) -> None:
    assert replayed(decided(client, database, case), store.directory).same


def test_it_does_so_when_model_rules_and_site_are_others_by_now(
    client: FlaskClient, database: Database, store: ModelStore, engine: LiveEngine, site_directory: Path
) -> None:
    stored = decided(client, database, LANE)
    (site_directory / "rules.toml").write_text("", encoding="utf-8")
    (site_directory / "rules.csv").unlink()
    with (site_directory / "site.toml").open("a", encoding="utf-8") as file:
        file.write("# 改过\n")
    store.add(*_again(store))
    store.promote(store.versions()[-1])
    engine.refresh()
    now = decided(client, database, LANE)
    assert now.versions != stored.versions
    assert now.decided_by != stored.decided_by
    assert replayed(stored, store.directory).same
    assert replayed(now, store.directory).same


def _again(store: ModelStore) -> tuple[Any, Any]:
    return store.load(store.versions()[0]), store.manifest(store.versions()[0])


def test_cases_of_an_upload_and_of_a_batch_come_out_the_same(
    client: FlaskClient, database: Database, store: ModelStore
) -> None:
    cases = [PHONES, {**PHONES, "case_id": "2"}, LANE]
    assert client.post("/api/v1/suggest/batch", json={"cases": cases}).get_data()
    ledger = "编号,案由,正文\n1,路灯不亮,整条街路灯不亮\n2,路灯不亮,整条街路灯不亮\n"
    for shown in ("page", "xlsx"):
        sent = {"file": (io.BytesIO(ledger.encode()), "台账.csv"), "format": shown}
        with client.post("/file", data=sent) as response:
            assert response.status_code == 200
    found = Journal(database).latest()
    assert len(found) == 7
    assert all(replayed(stored, store.directory).same for stored in found)


def test_another_decision_is_told_apart(client: FlaskClient, database: Database, store: ModelStore) -> None:
    stored = decided(client, database, PHONES)
    answer = {**stored.answer, "status": "not_ours", "candidates": stored.answer["candidates"][::-1]}
    other = replace(stored, probability=stored.probability - 2e-6, answer=answer)
    differences = replayed(other, store.directory).differences
    assert {text.partition("：")[0] for text in differences} >= {"probability", "status", "candidates"}


def test_what_is_missing_is_named(
    client: FlaskClient, database: Database, store: ModelStore, site_directory: Path
) -> None:
    stored = decided(client, database, PHONES)

    def missing(kept: StoredDecision, site: Path | None = None) -> list[str]:
        return [what for what, _ in replayed(kept, store.directory, site).missing]

    assert missing(replace(stored, proposal=None)) == ["text"]
    shutil.rmtree(store.directory / "sites")
    assert missing(stored) == ["site"]
    assert missing(stored, site_directory) == []
    with (site_directory / "topics.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert missing(stored, site_directory) == ["site"]
    shutil.rmtree(store.directory / "versions" / stored.versions.model)
    assert missing(stored) == ["model", "site"]


def test_the_command_says_it_in_a_sentence(
    client: FlaskClient, database: Database, store: ModelStore, tmp_path: Path
) -> None:
    stored = decided(client, database, PHONES)
    result = succeeded(fenban("replay", stored.id, "--store", store.directory, "--json", tmp_path / "r.json"))
    assert "一致" in result.stderr
    assert json.loads((tmp_path / "r.json").read_text())["same"] is True
    shutil.rmtree(store.directory / "versions" / stored.versions.model)
    assert "没有版本" in one_sentence(fenban("replay", stored.id, "--store", store.directory))
    assert "没有这个编号" in one_sentence(fenban("replay", "0" * 32, "--store", store.directory))
