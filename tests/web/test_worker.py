"""The service in the hands of many and of slow ones: real gunicorn, real sockets."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.service_process import Connection, Server, fenban_command, free_port, request_bytes
from router.site_files import sample_site

HEALTH = request_bytes("GET", "/healthz")
BEGUN = request_bytes("POST", "/api/v1/suggest", {"title": "文昌街路灯不亮"})[:-20]
THREADS = 4


@pytest.fixture(scope="module")
def server(described_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker of four threads."""
    place, port = tmp_path_factory.mktemp("served"), free_port()
    shutil.copytree(described_store, place / "store")
    command = fenban_command(place / "store", port, "--workers", 1, site=sample_site())
    with Server(command, port, place / "log") as server:
        yield server


def opened(stack: ExitStack, server: Server, sent: bytes = b"") -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
    connection.sendall(sent)
    return connection


def seconds_to_health(server: Server) -> float:
    started = time.monotonic()
    with Connection(server.port, timeout=60) as connection:
        assert connection.ask(HEALTH).status == 200
    return time.monotonic() - started


def test_connections_that_send_nothing_take_no_thread(server: Server) -> None:
    with ExitStack() as stack:
        silent = [opened(stack, server) for _ in range(60)]
        assert seconds_to_health(server) < 3
        silent[-1].sendall(HEALTH)
        assert silent[-1].recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.slow
@pytest.mark.parametrize("begun", [BEGUN, b"GET /healthz HT"])
def test_requests_that_stop_in_the_middle_lose_their_threads(server: Server, begun: bytes) -> None:
    with ExitStack() as stack:
        stalled = [opened(stack, server, begun) for _ in range(THREADS)]
        assert seconds_to_health(server) < 40
        for connection in stalled:
            connection.settimeout(40)
            while connection.recv(4096):  # told why, perhaps, and closed
                pass
    assert seconds_to_health(server) < 3


def test_who_keeps_a_connection_busy_leaves_the_others_a_turn(server: Server) -> None:
    until = time.monotonic() + 1.5

    def ask(_: int) -> int:
        asked = 0
        with Connection(server.port) as connection:
            while time.monotonic() < until:
                assert connection.ask(HEALTH).status == 200
                asked += 1
        return asked

    with ThreadPoolExecutor(3 * THREADS) as pool:
        answered = list(pool.map(ask, range(3 * THREADS)))
    assert min(answered) > sum(answered) / len(answered) / 5
