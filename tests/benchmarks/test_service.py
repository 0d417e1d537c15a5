"""Short versions of the benchmarks of a running service: load, chaos, soak."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos import kill_in_turn, on_postgres
from benchmarks.load import Side, drive
from benchmarks.service_process import Connection, Server, fenban_command, free_port, request_bytes
from benchmarks.soak import Year, growth, live
from benchmarks.storm import Clients, Outcome, judge, storm
from router.storage.database import open_database
from router.storage.journal import Journal
from router.verdict import Verdict, VerdictKind
from tests.storage.cases import new_decision
from tests.storage.postgres import find_binaries
from tests.storage.tampering import edit

ROOT = Path(__file__).resolve().parents[2]


def load_figures(tmp_path: Path) -> dict[str, Any]:
    target = tmp_path / "figures.json"
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.load", "--quick", "--json", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_all_sides_are_loaded_without_an_error(tmp_path: Path) -> None:
    found = load_figures(tmp_path)
    sides = [side for side in found.values() if isinstance(side, dict) and "errors" in side]
    assert [side["errors"] for side in sides] == [0, 0, 0]
    assert all(side["requests"] > 10 and side["p50_ms"] <= side["p99_ms"] for side in sides)
    assert [ratio["rate"] > 0 for ratio in found["ratios"].values()] == [True, True]


def test_what_is_not_answered_rightly_is_an_error(described_store: Path, tmp_path: Path) -> None:
    port = free_port()
    command = fenban_command(described_store, port, "--database", tmp_path / "fenban.db", "--workers", 1)
    side = Side(port, lambda: request_bytes("GET", "/no/such/place"))
    with Server(command, port, tmp_path / "log"):
        drive(side, 0.2, 2)
    assert side.errors[0].startswith("404 ")
    drive(side, 0.1, 2)
    assert "ConnectionRefusedError" in side.errors[-1]


@pytest.mark.slow
def test_nothing_is_lost_when_a_worker_and_the_master_are_killed(
    described_store: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/fenban.db"
    outcome, found = storm(
        described_store, tmp_path, url, lambda server, outcome: kill_in_turn(server, 2, outcome, 0.5)
    )
    assert found == {"lost": 0, "doubled": 0}
    assert outcome.wrong == []
    assert len(outcome.decided) > 3
    assert outcome.judged
    assert len(outcome.back) == 2


@pytest.mark.slow
def test_postgresql_may_come_and_go(
    described_store: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if find_binaries() is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    with ExitStack() as stack:
        run = on_postgres(described_store, tmp_path, 1, stack, 1.0)
    assert run is not None
    outcome, found = run
    assert found == {"lost": 0, "doubled": 0}
    assert outcome.wrong == []
    assert set(outcome.codes) == {"503 storage_unavailable"}


def test_what_is_lost_or_doubled_is_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fenban.db"
    database = open_database(url)
    journal = Journal(database)
    first = journal.record(new_decision("a")).answer["decision_id"]
    journal.record(new_decision("a"))
    given = journal.verdict(first, Verdict(VerdictKind.ACCEPTED), "user:zhang").answer["verdict_id"]
    outcome = Outcome(decided={"a": first, "b": "lost"}, judged={"a": given, "b": "lost"})
    assert judge(url, outcome) == {"lost": 2, "doubled": 1}
    assert outcome.wrong == []
    edit(database, "UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    database.close()
    judge(url, outcome)
    assert outcome.wrong == ["the audit log does not fit together"]


def test_clients_take_no_other_answer_than_503(described_store: Path, tmp_path: Path) -> None:
    url, port = f"sqlite:///{tmp_path}/fenban.db", free_port()
    outcome = Outcome()
    command = fenban_command(described_store, port, "--database", url, "--workers", 1)
    with Server(command, port, tmp_path / "log") as server, Connection(port) as connection:
        taken = request_bytes(
            "POST", "/api/v1/suggest", {"title": "路灯不亮，请维修"}, {"Idempotency-Key": "s0-1"}
        )
        assert connection.ask(taken).status == 200
        clients = Clients(server.port, outcome)
        clients._note(connection.ask(request_bytes("GET", "/api/v1/none")))
    assert outcome.wrong == ["answered 404 not_found"]


@pytest.mark.slow
def test_some_days_are_lived_through(tmp_path: Path) -> None:
    year = live(tmp_path, 8, 0.0)
    assert year.errors() == []
    assert len(year.memory) == 8
    assert all(memory > 50 for memory in year.memory)
    assert year.answers["/api/v1/suggest 200"] == 8 * 14


def test_growth_is_counted_after_the_warm_up() -> None:
    assert growth([1.0] * 10 + [100.0] * 30) == 0
    assert growth([100.0] * 20 + [120.0] * 20) == 0.2
    assert Year().errors() == []
