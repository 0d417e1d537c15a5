"""What is counted is counted for all workers together."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from router.storage.accounts import Accounts, Role
from router.storage.database import open_database
from router.storage.keys import Keys, Scope

from .people import OTHER, PASSWORD, bearer, make_accounts

ROOT = Path(__file__).resolve().parents[3]
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Service:
    """Two worker processes of one service."""

    def __init__(self, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{self._port}"]
        self._process = subprocess.Popen(
            [*command, "--log-level", "critical", f"tests.web.auth.served:app({url!r})"], cwd=ROOT
        )
        self.processes: set[str] = set()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Ask over a connection of its own, so that either process may answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        found = response.status, dict(response.getheaders()), response.read().decode()
        connection.close()
        self.processes.add(found[1]["X-Process"])
        return found

    def answers_of_both(self, method: str, path: str, headers: Mapping[str, str]) -> set[int]:
        """Ask at once and again until both processes have answered; which one does is the system's choice."""
        found: set[int] = set()
        deadline = time.monotonic() + 20
        with ThreadPoolExecutor(8) as callers:
            while len(self.processes) < 2 and time.monotonic() < deadline:
                asked = [callers.submit(self.ask, method, path, headers) for _ in range(16)]
                found |= {each.result()[0] for each in asked}
        assert len(self.processes) == 2
        return found

    def log_in(self, password: str) -> int:
        return self.send("/login", "", name="zhang", password=password)[0]

    def send(self, path: str, cookie: str, **fields: str) -> tuple[int, dict[str, str], str]:
        """Send a form of a page as a browser does that has fetched it."""
        _, headers, page = self.ask("GET", path, {"Cookie": cookie})
        token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
        assert token
        cookies = headers.get("Set-Cookie", cookie).partition(";")[0]
        return self.ask(
            "POST", path, {**_FORM, "Cookie": cookies}, urlencode({"csrf_token": token[1], **fields})
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self.ask("GET", "/healthz", {})
            except OSError:
                time.sleep(0.05)
            else:
                self.answers_of_both("GET", "/healthz", {})
                return
        pytest.fail("the service did not come up")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('workers')}/fenban.db"


@pytest.fixture(scope="module")
def secret(url: str) -> str:
    database = open_database(url)
    make_accounts(database)
    found = Keys(database).create("erp", [Scope.SUGGEST], "command:root", per_minute=20).secret
    database.close()
    return found


@pytest.fixture(scope="module")
def service(url: str, secret: str) -> Iterator[Service]:
    service = Service(url)
    try:
        service.wait()
        yield service
    finally:
        service.stop()


def test_the_rate_of_a_key_holds_for_both_workers(service: Service, secret: str) -> None:
    service.processes.clear()
    found = [service.ask("GET", "/api/v1/sections", bearer(secret))[0] for _ in range(40)]
    assert (found.count(200), found.count(429)) == (20, 20)
    assert service.answers_of_both("GET", "/api/v1/sections", bearer(secret)) <= {429}


def test_wrong_passwords_lock_an_account_for_both_workers(service: Service) -> None:
    assert [service.log_in(OTHER) for _ in range(5)] == [403] * 5
    service.processes.clear()
    with ThreadPoolExecutor(4) as people:  # a refusal takes half a second: one worker alone can't answer them
        assert list(people.map(service.log_in, [PASSWORD] * 8)) == [403] * 8
    assert len(service.processes) == 2


def test_a_password_of_somebody_else_is_changed_first_whichever_worker_is_asked(
    service: Service, url: str
) -> None:
    database = open_database(url)
    Accounts(database).create("sun", PASSWORD, Role.AUDITOR, "command:root")
    database.close()
    _, headers, _ = service.send("/login", "", name="sun", password=PASSWORD)
    cookie = headers["Set-Cookie"].partition(";")[0]
    for path in ("/audit", "/decisions", "/docs", "/login"):
        status, headers, _ = service.ask("GET", path, {"Cookie": cookie})
        assert (status, headers["Location"]) == (303, "/password")
    status, headers, _ = service.send("/password", cookie, old=PASSWORD, new=OTHER, again=OTHER)
    assert (status, headers["Location"]) == (303, "/audit")
    assert service.ask("GET", "/audit", {"Cookie": cookie})[0] == 303  # the session of before has ended
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert service.ask("GET", "/audit", {"Cookie": cookie})[0] == 200


def test_the_first_key_closes_both_workers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fenban.db"
    service = Service(url)
    try:
        service.wait()
        assert service.ask("GET", "/api/v1/sections", {})[0] == 200
        database = open_database(url)
        Keys(database).create("erp", [Scope.SUGGEST], "command:root")
        database.close()
        service.processes.clear()
        assert service.answers_of_both("GET", "/api/v1/sections", {}) == {401}
    finally:
        service.stop()
