from __future__ import annotations

import struct
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from router.interfaces import Event
from router.pipeline import Router
from router.sinks import Sinks
from router.site import Site
from router.storage.database import Database, open_database
from router.web.app import make_app
from router.web.counts import add_up, held

from .stub import StubEngine

KEY = mmap_key("asked", "asked_total", [], [], "Requests.")
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def client(router: Router, site: Site, database: Database) -> FlaskClient:
    """Return a client of a service that has counted nothing yet."""
    return make_app(StubEngine(router, site), database).test_client()


def samples(client: FlaskClient) -> Samples:
    families = text_string_to_metric_families(client.get("/metrics").get_data(as_text=True))
    return {(s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples}


def value(found: Samples, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_endpoint_and_status(client: FlaskClient) -> None:
    client.post("/api/v1/suggest", json={"title": "文昌街路灯不亮"})
    client.post("/api/v1/suggest", json={"title": ""})
    client.get("/no/such/place")
    found = samples(client)
    assert value(found, "fenban_requests_total", endpoint="api.suggest", status="200") == 1
    assert value(found, "fenban_requests_total", endpoint="api.suggest", status="422") == 1
    assert value(found, "fenban_requests_total", endpoint="none", status="404") == 1
    assert value(found, "fenban_problems_total", code="empty_text") == 1
    assert value(found, "fenban_request_seconds_count", endpoint="api.suggest") == 2
    assert value(found, "fenban_request_seconds_bucket", endpoint="api.suggest", le="+Inf") == 2


def test_decisions_and_verdicts_are_counted_once(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "metrics-1"}
    asked = {"case_id": "metrics", "title": "文昌街路灯不亮，请维修路灯"}
    decision = client.post("/api/v1/suggest", json=asked, headers=key).json
    client.post("/api/v1/suggest", json=asked, headers=key)
    client.post("/api/v1/verdicts", json={"decision_id": decision["decision_id"], "kind": "accepted"})
    found = samples(client)
    assert value(found, "fenban_decisions_total", status=decision["status"]) == 1
    assert value(found, "fenban_verdicts_total", kind="accepted") == 1


class Raising:
    def notify(self, event: Event) -> None:
        raise ValueError(event.case_id)


class Silent:
    def notify(self, event: Event) -> None:
        pass


def test_what_became_of_events_is_counted_by_sink(router: Router, site: Site, database: Database) -> None:
    engine = StubEngine(router, site, sinks=Sinks({"bad": Raising(), "good": Silent()}))
    client = make_app(engine, database).test_client()
    decision = client.post("/api/v1/suggest", json={"title": "文昌街路灯不亮"}).json
    client.post("/api/v1/verdicts", json={"decision_id": decision["decision_id"], "kind": "accepted"})
    engine.sinks.close()
    client.post("/api/v1/suggest", json={"title": "文昌街路灯不亮，请维修"})
    found = samples(client)
    told = {
        (sink, outcome): value(found, "fenban_sink_events_total", sink=sink, outcome=outcome)
        for sink in ("bad", "good")
        for outcome in ("delivered", "failed", "dropped")
        if value(found, "fenban_sink_events_total", sink=sink, outcome=outcome)
    }
    assert told == {
        ("bad", "failed"): 2,
        ("bad", "dropped"): 1,
        ("good", "delivered"): 2,
        ("good", "dropped"): 1,
    }


def test_what_is_running_is_told(client: FlaskClient, router: Router) -> None:
    found = samples(client)
    assert value(found, "fenban_ready") == 1
    (live,) = [dict(labels) for name, labels in found if name == "fenban_live"]
    assert live["model"] == "test.1"
    assert live["rules"] == router.rules.digest[:12]


def test_what_could_not_be_loaded_is_told(router: Router, site: Site, database: Database) -> None:
    engine = StubEngine(router, site, unused=["rules.toml 写错了"])
    assert value(samples(make_app(engine, database).test_client()), "fenban_reload_problems") == 1
    bare = make_app(StubEngine(None, site, "没有模型"), database).test_client()
    assert value(samples(bare), "fenban_ready") == 0


def test_a_database_that_does_not_answer_is_counted(router: Router, site: Site, tmp_path: Path) -> None:
    (tmp_path / "fenban.db").write_bytes(b"garbage" * 1000)
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert client.post("/api/v1/suggest", json={"title": "路灯不亮"}).status_code == 503
    assert value(samples(client), "fenban_problems_total", code="storage_unavailable") == 1
    database.close()


def test_counts_of_the_dead_are_added_up_when_nobody_reads_them(tmp_path: Path) -> None:
    def count(pid: str, value: float) -> None:
        file = MmapedDict(str(tmp_path / f"counter_{pid}.db"))
        file.write_value(KEY, value, 1.0)
        file.close()

    def total() -> float:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(tmp_path))
        return registry.get_sample_value("asked_total") or 0.0

    count("1", 2.0)
    count("2", 3.0)
    count("3", 4.0)
    assert add_up(tmp_path, {1, 2}) == set()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["counter_3.db", "counter_dead.db"]
    assert total() == 9.0
    with held(tmp_path, alone=False):
        assert add_up(tmp_path, {3}) == {3}
        assert total() == 9.0
    assert add_up(tmp_path, {3, 4}) == set()
    assert [file.name for file in tmp_path.iterdir()] == ["counter_dead.db"]
    assert total() == 9.0


def test_a_broken_file_of_a_dead_worker_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "counter_1.db").write_bytes(struct.pack("ii", 40, 0) + b"\x7f" * 32)
    (tmp_path / "counter_2.db").write_bytes(b"")
    assert add_up(tmp_path, {1, 2}) == set()
    assert not [file for file in tmp_path.glob("*.db") if file.stem != "counter_dead"]
    assert "counter_1.db" in caplog.text


def test_no_request_can_add_a_label(client: FlaskClient) -> None:
    client.open("/1", method="M1")
    samples(client)
    before = samples(client).keys()
    for number in range(50):
        client.open(f"/{number}", method=f"M{number}")
    assert samples(client).keys() == before
