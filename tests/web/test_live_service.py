"""A service of two workers under load while its model and its rules are changed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.service_process import Answer, Connection, Server, fenban_command, free_port, request_bytes
from models.store import ModelStore
from router.storage.database import open_database
from router.storage.journal import Journal
from training.train import Trained

CASE = {"title": "关于拓宽三官乡至杨树坪通村公路的建议", "body": "路太窄，请拓宽。"}
LANES = "县乡村道归交通运输局"


class Load:
    """Callers that ask one after the other, and keep what they were told."""

    def __init__(self, port: int) -> None:
        self._port, self._stopped = port, threading.Event()
        self.answers: list[Answer] = []
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stopped.is_set():
            try:
                # a connection each, so that both workers have their share
                with Connection(self._port) as connection:
                    self.answers.append(connection.ask(request_bytes("POST", "/api/v1/suggest", CASE)))
            except OSError as error:
                self.refused.append(str(error))
            time.sleep(0.01)

    def all_say(self, said: Callable[[dict[str, Any]], bool], seconds: float = 20.0) -> bool:
        """Say whether before long no answer says otherwise any more."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            before = len(self.answers)
            time.sleep(0.7)
            newest = self.answers[before:]
            if len(newest) >= 10 and all(said(answer.json()) for answer in newest):
                return True
        return False


@pytest.fixture
def store(described: Trained, tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "store")
    for _ in range(2):
        store.add(described.model, described.manifest, described.lexicon)
    return store


@pytest.fixture
def server(store: ModelStore, site_directory: Path, tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    command = fenban_command(store.directory, port, "--workers", 2, site=site_directory)
    with Server(command, port, tmp_path / "log") as server:
        yield server


def ready(server: Server) -> dict[str, Any]:
    with Connection(server.port) as connection:
        told: dict[str, Any] = connection.ask(request_bytes("GET", "/readyz")).json()
    return told


def problems_of_all_workers(server: Server, wanted: bool) -> bool:
    """Say whether before long nobody says otherwise for longer than a worker takes to look."""
    since = time.monotonic()
    until = since + 20
    while time.monotonic() < until:
        if bool(ready(server)["problems"]) is not wanted:
            since = time.monotonic()
        elif time.monotonic() > since + 1.5:
            return True
        time.sleep(0.05)
    return False


def test_both_workers_take_what_is_new_and_drop_no_request(
    server: Server, store: ModelStore, site_directory: Path, tmp_path: Path
) -> None:
    first, second = store.versions()
    good = {name: (site_directory / name).read_bytes() for name in ("rules.toml", "rules.csv")}
    with Load(server.port) as load:
        assert load.all_say(lambda told: told["versions"]["model"] == first and told["decided_by"] == LANES)
        store.promote(second)
        assert load.all_say(lambda told: told["versions"]["model"] == second)
        for name in good:
            (site_directory / name).write_text(good[name].decode().replace(LANES, "村道"), encoding="utf-8")
        assert load.all_say(lambda told: told["decided_by"] == "村道")
        store.rollback()
        assert load.all_say(lambda told: told["versions"]["model"] == first)
        (site_directory / "rules.toml").write_text("这不是 TOML", encoding="utf-8")
        assert problems_of_all_workers(server, True)
        assert "rules.toml" in ready(server)["problems"][0]
        assert load.all_say(lambda told: told["decided_by"] == "村道")
        (site_directory / "rules.toml").write_bytes(
            good["rules.toml"].replace(LANES.encode(), "村道".encode())
        )
        assert problems_of_all_workers(server, False)
    assert load.refused == []
    assert {answer.status for answer in load.answers} == {200}
    _all_are_stored(load, tmp_path)
    warned = [line for line in server.log.read_text(encoding="utf-8").splitlines() if '"fenban.live"' in line]
    assert sum(json.loads(line)["level"] == "warning" for line in warned) == 2  # once each worker


def _all_are_stored(load: Load, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db", create=False)
    told = {answer.json()["decision_id"]: answer.json()["versions"] for answer in load.answers}
    kept = {one.id: one.answer["versions"] for one in Journal(database).decisions(limit=100_000)}
    database.close()
    assert len(told) == len(load.answers)
    assert kept == told


def test_equal_calls_at_once_at_two_workers_are_one_decision(server: Server, tmp_path: Path) -> None:
    ids: list[str] = []

    def call(key: str) -> None:
        request = request_bytes("POST", "/api/v1/suggest", CASE, {"Idempotency-Key": key})
        with Connection(server.port) as connection:
            ids.append(connection.ask(request).json()["decision_id"])

    for turn in range(10):
        threads = [threading.Thread(target=call, args=(f"key-{turn}",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(ids) == 40
    database = open_database(f"sqlite:///{tmp_path}/fenban.db", create=False)
    assert {one.id for one in Journal(database).latest()} == set(ids)
    assert len(set(ids)) == 10
    database.close()
