"""The service as it runs in earnest: gunicorn, two workers, a real socket."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.service_process import Answer, Connection, Server, fenban_command, free_port, request_bytes
from router.site_files import sample_site
from tests.commands import fenban, succeeded

CASE = {"title": "文昌街路灯不亮", "body": "整条街的路灯坏了半年，请维修。" * 10}


def command(store: Path, port: int) -> list[str]:
    return fenban_command(store, port, "--log-level", "info", site=sample_site())


@pytest.fixture(scope="module")
def server(described_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("served")
    shutil.copytree(described_store, place / "store")
    port = free_port()
    with Server(command(place / "store", port), port, place / "log") as server:
        yield server


def ask(server: Server, method: str, path: str, body: object = None) -> Answer:
    with Connection(server.port) as connection:
        return connection.ask(request_bytes(method, path, body))


def counted(server: Server, name: str) -> float:
    text = ask(server, "GET", "/metrics").body.decode()
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def lines(server: Server) -> list[dict[str, object]]:
    return [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()[1:]]


def pids(server: Server) -> set[object]:
    return {line["pid"] for line in lines(server) if line.get("route") == "/api/v1/sections"}


def kill(server: Server, workers: list[int]) -> None:
    """Kill some of two workers, and wait until others have taken their places."""
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 20
    while len(server.workers()) < 2 or set(workers) & set(server.workers()):
        assert time.monotonic() < until, "no worker took the place of the killed one"
        time.sleep(0.05)
    server.wait()


def test_figures_are_those_of_all_workers_and_survive_one(server: Server) -> None:
    name = 'fenban_requests_total{endpoint="api.sections",status="200"}'
    asked = 0
    while len(pids(server)) < 2 or asked < 20:
        ask(server, "GET", "/api/v1/sections")
        asked += 1
        assert asked < 500, "one worker does all the work"
    assert {counted(server, name) for _ in range(10)} == {asked}
    kill(server, server.workers()[:1])
    assert counted(server, name) == asked
    ask(server, "GET", "/api/v1/sections")
    assert counted(server, name) == asked + 1


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor can't be shared out")
def test_each_worker_keeps_to_its_share_of_the_processors_also_one_that_took_anothers_place(
    server: Server,
) -> None:
    def shares() -> list[set[int]]:
        return sorted((os.sched_getaffinity(worker) for worker in server.workers()), key=min)

    before = shares()
    assert before[0].isdisjoint(before[1])
    assert before[0] | before[1] == os.sched_getaffinity(server.pid)
    kill(server, server.workers()[:1])
    assert shares() == before
    reloaded = set(server.workers())
    os.kill(server.pid, signal.SIGHUP)
    until = time.monotonic() + 20
    while len(server.workers()) != 2 or reloaded & set(server.workers()):
        assert time.monotonic() < until, "the workers were not replaced"
        time.sleep(0.05)
    server.wait()
    assert shares() == before


def test_workers_that_come_and_go_leave_no_files_behind(described_store: Path, tmp_path: Path) -> None:
    shutil.copytree(described_store, tmp_path / "store")
    port = free_port()
    (tmp_path / "scratch").mkdir()
    environment = {"TMPDIR": str(tmp_path / "scratch")}
    with Server(command(tmp_path / "store", port), port, tmp_path / "log", environment=environment) as server:
        for turn in range(1, 4):
            for _ in range(5):
                ask(server, "GET", "/api/v1/sections")
            kill(server, server.workers())
            assert counted(server, 'fenban_requests_total{endpoint="api.sections",status="200"}') == 5 * turn
        (folder,) = (tmp_path / "scratch").glob("fenban-*")
        numbers = {file.stem.rpartition("_")[2] for file in folder.glob("*.db")}
        assert numbers <= {"dead", *map(str, server.workers())}


def test_a_backup_made_while_serving_is_the_service_in_another_place(server: Server, tmp_path: Path) -> None:
    case = {**CASE, "case_id": "backed-up"}
    before = ask(server, "POST", "/api/v1/suggest", case).json()
    place, archive, new = server.log.parent, tmp_path / "all.tar", tmp_path / "new"
    succeeded(fenban("backup", archive, "--store", place / "store", "--site", sample_site()))
    assert ask(server, "POST", "/api/v1/suggest", case).status == 200
    where = ["--store", new / "store", "--site", new / "site"]
    succeeded(fenban("restore", archive, *where))
    told = succeeded(fenban("replay", before["decision_id"], "--store", new / "store", "--json", "-"))
    assert json.loads(told.stdout)["same"] is True
    port = free_port()
    restored = fenban_command(new / "store", port, site=new / "site")
    with Server(restored, port, tmp_path / "log") as other:
        kept = ask(other, "GET", f"/api/v1/decisions/{before['decision_id']}").json()
        assert kept["lead"] == before["lead"]
        assert (
            ask(other, "POST", "/api/v1/suggest", case).json()["previous_decision"] == before["decision_id"]
        )


@pytest.mark.parametrize("size", [300_000, 10_000_000])
@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/nothing", {}, 404),
        ("/api/v1/sections", {}, 405),
        ("/api/v1/suggest/batch", {"Content-Type": "text/plain"}, 415),
        ("/api/v1/suggest/batch", {"Host": "fenban.example"}, 403),
        ("/api/v1/suggest", {}, 413),
        ("/case", {"Host": "fenban.example"}, 403),
    ],
)
def test_whoever_is_refused_reads_why_and_may_go_on(
    server: Server, size: int, path: str, headers: dict[str, str], status: int
) -> None:
    size *= 10 if status == 413 else 1
    with Connection(server.port) as connection:
        for _ in range(2):
            assert connection.ask(request_bytes("POST", path, "路" * (size // 3), headers)).status == status


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /MARKER?MARKER=MARKER HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"MARKER MARKER MARKER\r\n\r\n",
        b"GET / HTTP/1.1\r\nMARKER MARKER\r\n\r\n",
        b"GET / HTTP/9.MARKER\r\n\r\n",
        b"POST /api/v1/suggest HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nMARKER\r\n",
        b"POST /api/v1/suggest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: MARKER\r\n\r\n",
        b"GET /" + b"MARKER" * 2000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_cannot_be_understood_leaves_no_trace_but_a_line(server: Server, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert ask(server, "GET", "/healthz").status == 200
    assert "MARKER" not in server.log.read_text(encoding="utf-8")


def test_every_line_is_json_and_starting_is_told(server: Server) -> None:
    said = [str(line["event"]) for line in lines(server)]
    address = f"Listening at: http://127.0.0.1:{server.port} ({server.pid})"
    assert address in said
    assert {f"Booting worker with pid: {pid}" for pid in server.workers()} <= set(said)
    assert all({"time", "level", "logger", "event"} <= line.keys() for line in lines(server))


def test_where_nothing_can_be_written_it_serves_and_the_line_about_it_is_json(
    described_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    port, url = free_port(), f"sqlite:///{tmp_path}/file/fenban.db"
    command = fenban_command(described_store, port, "--database", url, "--log-format", "json")
    with Server(command, port, tmp_path / "log", ready="/healthz") as server:
        said = [line["event"] for line in lines(server)]
    assert any(str(event).startswith("nothing keeps restore away") for event in said)


def test_requests_under_way_are_finished_when_told_to_stop(described_store: Path, tmp_path: Path) -> None:
    shutil.copytree(described_store, tmp_path / "store")
    port = free_port()
    cases = [{**CASE, "case_id": str(number)} for number in range(400)]
    answers: list[Answer] = []
    with Server(command(tmp_path / "store", port), port, tmp_path / "log") as server:

        def work() -> None:
            answers.append(ask(server, "POST", "/api/v1/suggest/batch", {"cases": cases}))

        client = threading.Thread(target=work)
        client.start()
        time.sleep(0.3)
        assert server.terminate() == 0
        client.join()
    (answer,) = answers
    results = answer.json()["results"]
    assert [one["index"] for one in results] == list(range(400))
    assert all(one["decision"] for one in results)
    with pytest.raises(OSError, match="refused"):
        Connection(port)


def test_nothing_is_left_behind(described_store: Path, tmp_path: Path) -> None:
    shutil.copytree(described_store, tmp_path / "store")
    port = free_port()
    (tmp_path / "scratch").mkdir()
    environment = {"TMPDIR": str(tmp_path / "scratch")}
    with Server(command(tmp_path / "store", port), port, tmp_path / "log", environment=environment) as server:
        (folder,) = (tmp_path / "scratch").glob("fenban-*")
        assert folder.stat().st_mode & 0o077 == 0
        assert ask(server, "GET", "/metrics").status == 200
        server.kill_master()  # as a power failure would
        assert list(folder.glob("*.db"))
        server.start()
        server.wait()
        assert counted(server, 'fenban_requests_total{endpoint="health.metrics"') == 0
    assert list((tmp_path / "scratch").iterdir()) == []


def test_somebody_elses_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from router.web.serving import _counting_folder

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = _counting_folder("127.0.0.1:8000")
    (mine / "counter_1.db").write_bytes(b"")
    (mine / "note.txt").write_bytes(b"")
    assert _counting_folder("127.0.0.1:8000") == mine
    assert [file.name for file in mine.iterdir()] == ["note.txt"]
    mine.chmod(0o777)
    assert _counting_folder("127.0.0.1:8000") != mine
