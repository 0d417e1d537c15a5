from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from benchmarks.service_process import free_port
from router.pipeline import Router
from router.site import Site
from router.storage.database import open_database
from router.web.app import make_app

from .stub import StubEngine


def test_ready_names_the_model(client: FlaskClient) -> None:
    assert client.get("/readyz").json["model"] == "test.1"


def test_alive_is_not_ready(bare_client: FlaskClient) -> None:
    assert bare_client.get("/healthz").status_code == 200
    answer = bare_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["code"] == "not_ready"
    assert "fenban train" in answer.json["detail"]


def test_a_database_that_does_not_answer_is_not_ready(router: Router, site: Site) -> None:
    port = free_port()
    gone = open_database(f"postgresql://fenban@127.0.0.1:{port}/none")
    client = make_app(StubEngine(router, site), gone).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "数据库连不上" in answer.json["detail"]
    assert str(port) not in answer.get_data(as_text=True)


def test_all_that_is_in_the_way_is_told(site: Site, tmp_path: Path) -> None:
    damaged = tmp_path / "fenban.db"
    damaged.write_bytes(b"garbage" * 1000)
    database = open_database(f"sqlite:///{damaged}")
    answer = make_app(StubEngine(None, site, "还没有模型"), database).test_client().get("/readyz")
    assert "还没有模型；" in answer.json["detail"]
    assert "损坏" in answer.json["detail"]
    assert str(tmp_path) not in answer.get_data(as_text=True)
    database.close()


def test_a_full_disk_is_not_ready(
    router: Router, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=7_000_000))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "只剩 7 MB" in answer.json["detail"]
    database.close()


def test_a_database_that_can_only_be_read_is_not_ready(
    router: Router, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(os, "fdatasync", refuse)  # root may write to any file, only a disk can refuse
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "只读" in answer.json["detail"]
    database.close()


def test_metrics_are_for_prometheus(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")


def test_a_database_that_another_program_holds_is_not_ready_until_it_lets_go(
    router: Router, site: Site, tmp_path: Path
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    client = make_app(StubEngine(router, site), database).test_client()
    assert client.get("/readyz").status_code == 200
    with closing(sqlite3.connect(tmp_path / "fenban.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "占用" in answer.json["detail"]
        assert str(tmp_path) not in answer.get_data(as_text=True)
    assert client.get("/readyz").status_code == 200
    database.close()
