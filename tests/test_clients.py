"""The examples of docs/clients, run against a real service where their language is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmarks.service_process import Server, fenban_command, free_port
from router.site_files import sample_site
from router.storage.database import open_database
from router.storage.journal import Journal
from tests.commands import fenban, succeeded

CLIENTS = Path(__file__).resolve().parent.parent / "docs" / "clients"


NEEDS = {"sh": "curl", "py": "python3", "java": "javac", "cs": "mcs"}


class Service:
    """A service that asks for a key."""

    def __init__(self, port: int, url: str) -> None:
        self._port, self._url = port, url

    def environment(self, caller: str) -> dict[str, str]:
        """Return what an example is told, with a new key."""
        scopes = ["--scope", "suggest", "--scope", "verdict"]
        made = succeeded(fenban("keys", "create", caller, *scopes, "--database", self._url))
        url = f"http://127.0.0.1:{self._port}"
        return {**os.environ, "FENBAN_URL": url, "FENBAN_KEY": made.stdout.strip()}

    def stored(self, caller: str) -> list[tuple[str, str | None]]:
        """Return the case of each decision that a caller was given, and the verdict on it."""
        database = open_database(self._url, create=False)
        found = [
            (one.case_id, one.verdict.verdict.kind.value if one.verdict else None)
            for one in Journal(database).decisions()
            if one.made_by == f"key:{caller}"
        ]
        database.close()
        return found


@pytest.fixture(scope="module")
def service(described_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place, port = tmp_path_factory.mktemp("clients"), free_port()
    url = f"sqlite:///{place}/fenban.db"
    shutil.copytree(described_store, place / "store")
    command = fenban_command(place / "store", port, "--database", url, site=sample_site())
    with Server(command, port, place / "log"):
        yield Service(port, url)


def first_of(*programs: str) -> str:
    found = next((path for program in programs if (path := shutil.which(program))), None)
    if found is None:
        pytest.skip(f"{programs[0]} is not installed")
    return found


def compiled(language: str, place: Path, folder: Path = CLIENTS) -> list[str]:
    """Return the command that runs an example of a folder, compiled first where that is the way."""
    if language == "sh":
        first_of("curl")
        return ["sh", str(folder / "suggest.sh")]
    if language == "py":
        return [sys.executable, str(folder / "suggest.py")]
    if language == "java":
        compiler = [first_of("javac"), "-encoding", "UTF-8", "-d", str(place), str(folder / "Suggest.java")]
        subprocess.run(compiler, check=True)
        return [first_of("java"), "-cp", str(place), "Suggest"]
    program = str(place / "Suggest.exe")
    source = [str(folder / "Suggest.cs"), "-r:System.Net.Http.dll", f"-out:{program}"]
    subprocess.run([first_of("mcs"), *source], check=True)
    return [first_of("mono"), program]


def ran(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run an example; again where Mono broke while it ended, a race of its own (mono/mono#10832)."""
    while True:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        if b"Assertion at mono-threads.c" not in done.stderr:
            return done


@pytest.mark.parametrize("language", ["sh", "py", "java", "cs"])
def test_an_example_gets_the_lead_and_gives_a_verdict_once(
    service: Service, tmp_path: Path, language: str
) -> None:
    command, environment = compiled(language, tmp_path), service.environment(language)
    for _ in range(2):  # the second time everything is known already
        done = ran(command, environment)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout.decode().splitlines() == ["主办：市政工程管理所", "已送回：采纳"]
    assert service.stored(language) == [("028", "accepted")]


class Busy(BaseHTTPRequestHandler):
    """Answers first that it is too much, then as the service does."""

    def do_POST(self) -> None:  # the name that http.server looks for
        server: Any = self.server
        server.asked.append(time.monotonic())
        self.rfile.read(int(self.headers["Content-Length"]))
        known = {"decision_id": "0" * 32, "lead": {"name": "市政工程管理所"}}
        refused = {"code": "rate_limited", "detail": "请求太频繁"}
        first = len(server.asked) == 1
        body = json.dumps(refused if first else known, ensure_ascii=False).encode()
        self.send_response(429 if first else 200)
        self.send_header("Content-Length", str(len(body)))
        if first:
            self.send_header("Retry-After", "3")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.mark.parametrize("language", ["sh", "py", "java", "cs"])
def test_an_example_waits_as_long_as_it_is_told(tmp_path: Path, language: str) -> None:
    command = compiled(language, tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        server.asked = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {**os.environ, "FENBAN_URL": f"http://127.0.0.1:{server.server_port}"}
        done = ran(command, environment)
        server.shutdown()
        first, second, *_ = server.asked  # type: ignore[attr-defined]
    assert done.returncode == 0, done.stderr.decode()
    assert second - first >= 3


def test_the_examples_send_the_same_case_byte_by_byte(service: Service, tmp_path: Path) -> None:
    languages = [lang for lang, program in NEEDS.items() if shutil.which(program)]
    environment = service.environment("together")
    for language in languages:
        ran(compiled(language, tmp_path), environment).check_returncode()
    assert service.stored("together") == [("028", "accepted")]


@pytest.mark.parametrize("example", ["sh", "py", "java", "cs", "verdicts.py"])
def test_an_example_without_a_key_says_why_it_is_refused(
    service: Service, tmp_path: Path, example: str
) -> None:
    environment = {**service.environment(f"refused-{example}"), "FENBAN_KEY": "fenban_wrong"}
    fetches = example == "verdicts.py"
    command = [sys.executable, str(CLIENTS / example)] if fetches else compiled(example, tmp_path)
    done = ran(command, environment)
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(said) == 1
    assert "key_invalid" in said[0]
    assert "密钥" in said[0]


@pytest.mark.parametrize("language", ["java", "cs"])
def test_a_compiled_example_says_in_one_sentence_that_nobody_answers(tmp_path: Path, language: str) -> None:
    environment = {**os.environ, "FENBAN_URL": f"http://127.0.0.1:{free_port()}"}
    for source in CLIENTS.glob("Suggest.*"):
        once, n = re.subn(r"(?i)(\btries) = 6;", r"\1 = 1;", source.read_text(encoding="utf-8"))
        assert n == 1
        (tmp_path / source.name).write_text(once, encoding="utf-8")
    done = ran(compiled(language, tmp_path, tmp_path), environment)
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(said) == 1
    assert said[0].startswith("连不上 http://127.0.0.1")


@pytest.mark.parametrize("example", ["suggest", "verdicts"])
def test_an_example_says_in_one_sentence_that_nobody_answers(tmp_path: Path, example: str) -> None:
    environment = {
        **os.environ,
        "FENBAN_URL": f"http://127.0.0.1:{free_port()}",
        "FENBAN_NEXT": str(tmp_path / "next"),
    }
    once = f"import {example}; {example}.TRIES = 1; {example}.main()"
    command = [sys.executable, "-B", "-c", once]
    done = subprocess.run(command, env=environment, cwd=CLIENTS, capture_output=True, check=False)
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(said) == 1
    assert said[0].startswith("连不上 http://127.0.0.1")


def test_what_people_decided_is_fetched_once(service: Service, tmp_path: Path) -> None:
    environment = {**service.environment("fetcher"), "FENBAN_NEXT": str(tmp_path / "next")}
    subprocess.run([sys.executable, CLIENTS / "suggest.py"], env=environment, check=True)
    fetch = [sys.executable, CLIENTS / "verdicts.py"]
    first, second = (
        subprocess.run(fetch, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
        for _ in range(2)
    )
    assert first.splitlines()[-1].split()[1:] == ["accepted"]
    assert second == ""
