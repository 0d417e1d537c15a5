"""From a suggestion to what a person decided, and from that to next year's model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from models.live import LiveEngine
from models.store import ModelStore
from router.storage.database import open_database
from router.web.app import make_app
from training.train import Trained

from .commands import fenban, one_sentence, succeeded

STREETS = ("文昌街", "人民路", "东环路", "西门街", "北关路", "南门巷", "新华路", "学前街", "桥头路", "书院街")
CASES = [
    {"case_id": f"{n:03}", "session": "十五届三次", "title": f"关于在{street}安装智慧公交电子站牌的建议"}
    for n, street in enumerate(STREETS)
]
NEW = {"case_id": "100", "title": "关于在府前街安装智慧公交电子站牌的建议"}


@pytest.fixture
def store(described: Trained, tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "store")
    store.add(described.model, described.manifest, described.lexicon)
    return store


def probability(client: FlaskClient, section: str) -> float:
    told = client.post("/api/v1/suggest", json=NEW).get_json()
    return next((float(c["probability"]) for c in told["candidates"] if c["id"] == section), 0.0)


def test_what_people_decided_makes_the_next_model_better(
    store: ModelStore, site_directory: Path, tmp_path: Path
) -> None:
    engine = LiveEngine(store.directory, site_directory)
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(engine, database).test_client()
    for case in CASES:
        told = client.post("/api/v1/suggest", json=case).get_json()
        verdict = {
            "decision_id": told["decision_id"],
            "kind": "changed",
            "section": "municipal",
            "topic": "street-lights",
        }
        assert client.post("/api/v1/verdicts", json=verdict).status_code == 200
    before = probability(client, "municipal")
    exported = tmp_path / "verdicts.csv"
    succeeded(fenban("export", "verdicts", "-o", exported, "--store", store.directory))
    with exported.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case_id"] for row in rows] == [case["case_id"] for case in CASES]
    assert {row["section"] for row in rows} == {"municipal"}
    arguments = ("--site", site_directory, "--store", store.directory, "--json", tmp_path / "trained.json")
    succeeded(fenban("train", exported, *arguments))
    trained = json.loads((tmp_path / "trained.json").read_text())
    assert trained["n"] == len(CASES)
    succeeded(fenban("models", "promote", trained["version"], "--store", store.directory))
    engine.refresh()
    after = probability(client, "municipal")
    assert after > max(0.5, 2 * before)
    database.close()


def test_without_texts_there_is_nothing_to_learn_from_and_the_export_says_so(
    store: ModelStore, site_directory: Path, tmp_path: Path
) -> None:
    settings = (site_directory / "site.toml").read_text(encoding="utf-8")
    (site_directory / "site.toml").write_text(settings.replace("keep_texts = true", "keep_texts = false"))
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(LiveEngine(store.directory, site_directory), database).test_client()
    told = client.post("/api/v1/suggest", json=NEW).get_json()
    client.post("/api/v1/verdicts", json={"decision_id": told["decision_id"], "kind": "accepted"})
    database.close()
    result = succeeded(fenban("export", "verdicts", "-o", tmp_path / "v.csv", "--store", store.directory))
    assert "另有 1 件没有存文字" in result.stderr
    assert "没有存这一件的文字" in one_sentence(
        fenban("replay", told["decision_id"], "--store", store.directory)
    )
