"""A real service in processes of its own, on this machine only, and a client that costs next to nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

__all__ = ["Answer", "Connection", "Server", "fenban_command", "free_port", "request_bytes"]

HOST = "127.0.0.1"
_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 60.0


def free_port() -> int:
    """Return a port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def request_bytes(
    method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """Return an HTTP request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json"} if content else {}
    lines = {"Host": HOST, "Content-Length": str(len(content)), **kind, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of a response."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Connection:
    """A connection that is kept open, and opened again where the other side closes it after an answer.

    Raises
    ------
    OSError
        Whenever the other side is gone or slow.
    """

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self._port, self._timeout = port, timeout
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection((HOST, self._port), self._timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest, self._ends = b"", False

    def ask(self, request: bytes) -> Answer:
        """Send a request and wait for the whole answer."""
        if self._ends:
            self.close()
            self._open()
        self._socket.sendall(request)
        head = self._until(b"\r\n\r\n").lower()
        self._ends = b"connection: close" in head
        status = int(head.split(b" ", 2)[1])
        if b"transfer-encoding: chunked" in head:
            return Answer(status, b"".join(iter(self._chunk, b"")))
        length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
        return Answer(status, self._exactly(length))

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._rest:
            self._receive()
        found, _, self._rest = self._rest.partition(end)
        return found

    def _exactly(self, length: int) -> bytes:
        while len(self._rest) < length:
            self._receive()
        found, self._rest = self._rest[:length], self._rest[length:]
        return found

    def _chunk(self) -> bytes:
        found = self._exactly(int(self._until(b"\r\n"), 16))
        self._until(b"\r\n")
        return found

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self._rest += data


def fenban_command(store: Path, port: int, *more: object, site: Path | None = None) -> list[str]:
    """Return the command that serves."""
    program = [sys.executable, "-W", "ignore", "-m", "service", "serve"]
    where = ["--site", str(site)] if site else []
    return [*program, "--store", str(store), "--port", str(port), *where, *map(str, more)]


class Server:
    """A service that is started, watched and stopped.

    Parameters
    ----------
    command : sequence of str
    port : int
        Where it will listen.
    log : Path
        Gets what it writes.
    ready : str
        The address that answers 200 once it can work.
    environment : mapping, optional
        Added to this process's.
    """

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        log: Path,
        *,
        ready: str = "/readyz",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port, self.log = port, log
        self._command, self._ready = list(command), ready
        self._environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of the master."""
        return self._running().pid

    def workers(self) -> list[int]:
        """Return the numbers of the workers."""
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        except OSError:
            return []
        return [int(word) for word in text.split()]

    def start(self) -> None:
        """Start it, in a process group of its own."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=_ROOT,
                start_new_session=True,
            )

    def wait(self, seconds: float = _PATIENCE) -> float:
        """Wait until it can work; return how long that took.

        Raises
        ------
        RuntimeError
            If it ended or took too long.
        """
        started = time.monotonic()
        request = request_bytes("GET", self._ready)
        while time.monotonic() - started < seconds:
            if self._running().poll() is not None:
                break
            with suppress(OSError), Connection(self.port, 2) as connection:
                if connection.ask(request).status == 200:
                    return time.monotonic() - started
            time.sleep(0.02)
        raise RuntimeError(f"not ready: {self.log.read_text(encoding='utf-8')[-2000:]}")

    def terminate(self) -> int:
        """Ask it to stop, wait, and return its exit code."""
        self._running().send_signal(signal.SIGTERM)
        return self._running().wait(_PATIENCE)

    def kill_master(self) -> None:
        """Kill the master and what is left of its group, and wait for their end, as systemd does."""
        process = self._running()
        process.kill()
        process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        until = time.monotonic() + _PATIENCE
        while not _is_free(self.port) and time.monotonic() < until:
            time.sleep(0.01)

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait()
        except RuntimeError:
            self.kill_master()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._running().poll() is None:
            self.terminate()
        with suppress(ProcessLookupError):
            os.killpg(self._running().pid, signal.SIGKILL)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process
