"""The files that put fenban on a server: they are checked by the programs that read them, and tried."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from benchmarks.service_process import Server, fenban_command, free_port
from router.site_files import sample_site
from tests.commands import fenban, succeeded

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "docs" / "deploy"
IMAGE = "python:3.11-slim-bookworm"


def needed(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {program}")
        pytest.skip(f"{program} is not installed")
    return found


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile in order."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_is_copied_from_files_that_exist_and_runs_as_nobody_special() -> None:
    found = instructions()
    copied = [rest.split()[:-1] for word, rest in found if word == "COPY" and not rest.startswith("--from")]
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {Path(name).name for names in copied for name in names} <= {line[1:] for line in allowed}
    assert [rest.partition(" ")[0] for word, rest in found if word == "FROM"] == [IMAGE, IMAGE]
    (user,) = [rest for word, rest in found if word == "USER"]
    assert int(user) > 0
    last = next(at for at, (word, _) in enumerate(found) if word == "USER")
    assert not [rest for word, rest in found[last:] if word == "RUN"]


def test_the_command_of_the_image_is_one_of_ours() -> None:
    (command,) = [rest for word, rest in instructions() if word == "CMD"]
    words = shlex.split(command.strip("[]").replace(",", " "))
    assert words[:2] == ["fenban", "serve"]
    told = succeeded(fenban("serve", "--help")).stdout
    assert all(word in told for word in words if word.startswith("--"))


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("CI"), reason="takes minutes and a registry; CI=1 runs it")
def test_the_steps_of_the_image_work_in_a_plain_folder(tmp_path: Path) -> None:
    def inside(text: str) -> str:
        return re.sub(r"(?<![\w.])/(?=(?:src|wheels|opt/fenban)\b)", f"{tmp_path}/", text)

    place = tmp_path / "src"
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            *names, target = rest.split()
            (place / target).mkdir(parents=True, exist_ok=True)
            for name in names:
                source, to = ROOT / name, place / target
                shutil.copytree(source, to, dirs_exist_ok=True) if source.is_dir() else shutil.copy(
                    source, to
                )
        elif word == "RUN" and not rest.startswith("useradd"):
            command = inside(rest).replace("python -m", f"{sys.executable} -m", 1)
            done = subprocess.run(
                ["sh", "-c", command if rest.startswith("python") else inside(rest)],
                cwd=place, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    made = tmp_path / "opt" / "fenban" / "bin" / "fenban"
    told = subprocess.run([made, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("fenban, version ")


def unit() -> dict[str, str]:
    lines = (DEPLOY / "fenban.service").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_unit_is_understood_and_leaves_little_open(tmp_path: Path) -> None:
    analyze = needed("systemd-analyze")
    file = tmp_path / "fenban.service"
    text = (DEPLOY / "fenban.service").read_text(encoding="utf-8")
    file.write_text(text.replace("/opt/fenban/.venv/bin/fenban", sys.executable), encoding="utf-8")
    verified = subprocess.run([analyze, "verify", file], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    told = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", file],
        capture_output=True,
        text=True,
        check=False,
    )
    (exposure,) = re.findall(r"exposure level for fenban\.service: ([\d.]+)", told.stdout)
    assert float(exposure) < 2


def test_the_unit_starts_what_there_is() -> None:
    words = shlex.split(unit()["ExecStart"])
    assert words[1] == "serve"
    told = succeeded(fenban("serve", "--help")).stdout
    assert all(word in told for word in words if word.startswith("--"))


# What MemoryDenyWriteExecute= asks of the kernel; older kernels say no, systemd then filters calls.
DENY_WRITE_EXECUTE = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit("the kernel does not know it")
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_service_tells_systemd_and_needs_no_memory_that_is_written_and_run(
    described_store: Path, tmp_path: Path
) -> None:
    port = free_port()
    shutil.copytree(described_store, tmp_path / "store")
    command = fenban_command(tmp_path / "store", port)
    denied = [sys.executable, "-c", DENY_WRITE_EXECUTE, *command]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(f"{tmp_path}/notify")
        told.settimeout(60)
        environment = {"NOTIFY_SOCKET": f"{tmp_path}/notify"}
        server = Server(denied, port, tmp_path / "log", environment=environment)
        server.start()
        try:
            assert b"READY=1" in told.recv(1000)
            server.wait()
        except (OSError, RuntimeError):
            if "the kernel does not know it" in server.log.read_text(encoding="utf-8"):
                pytest.skip("the kernel does not know it")
            raise
        finally:
            with suppress(ProcessLookupError):
                server.terminate()


# What SystemCallFilter=~@resources asks of the kernel, of the one call of those that workers make.
DENY_AFFINITY = """
import ctypes, errno, os, platform, struct, sys
number = {"x86_64": 203, "aarch64": 122}[platform.machine()]
steps = (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000)
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program):
    sys.exit("the kernel does not filter calls")
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_service_runs_where_it_may_not_choose_its_processors(
    described_store: Path, tmp_path: Path
) -> None:
    port = free_port()
    shutil.copytree(described_store, tmp_path / "store")
    denied = [sys.executable, "-c", DENY_AFFINITY, *fenban_command(tmp_path / "store", port)]
    with Server(denied, port, tmp_path / "log") as server:
        said = server.log.read_text(encoding="utf-8")
        assert "the worker uses all processors: Operation not permitted" in said


def test_the_unit_lets_the_workers_choose_their_processors() -> None:
    lines = (DEPLOY / "fenban.service").read_text(encoding="utf-8").splitlines()
    filters = [line.partition("=")[2] for line in lines if line.startswith("SystemCallFilter=")]
    assert filters[-1] == "sched_setaffinity"  # after what takes it away: the last one counts


def test_the_command_for_people_reads_the_environment_of_the_service(tmp_path: Path) -> None:
    text = (DEPLOY / "fenban").read_text(encoding="utf-8")
    me = pwd.getpwuid(os.getuid()).pw_name
    places = {
        "/opt/fenban": f"{tmp_path}/opt",
        "/etc/fenban.env": f"{tmp_path}/env",
        "!= fenban": f"!= {me}",
    }
    for old, new in places.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "command").write_text(text, encoding="utf-8")
    program = tmp_path / "opt" / ".venv" / "bin" / "fenban"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$PWD|$(umask)|$FENBAN_DATABASE|$#|$3"\n', encoding="utf-8")
    program.chmod(0o755)

    def run() -> subprocess.CompletedProcess[str]:
        command = ["sh", f"{tmp_path}/command", "keys", "create", "a b"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.defpath})

    assert run().stdout == f"{tmp_path}/opt|0077||3|a b\n"
    (tmp_path / "env").write_text("FENBAN_DATABASE='postgresql://f:a$b&c@db/f?x=1&y=2'\n", encoding="utf-8")
    assert "|postgresql://f:a$b&c@db/f?x=1&y=2|" in run().stdout


MONITOR = "127.0.0.2"
"""This machine has many addresses; the one that watches takes another than everybody else."""


def new_key(folder: Path, scope: str) -> str:
    url = f"sqlite:///{folder}/fenban.db"
    made = fenban("keys", "create", scope, "--scope", scope, "--database", url)
    return succeeded(made).stdout.strip()


@pytest.fixture
def key(tmp_path: Path) -> str:
    return new_key(tmp_path, "suggest")


@pytest.fixture
def through_nginx(described_store: Path, tmp_path: Path, key: str) -> Iterator[int]:
    """Run the example in front of a real service; only names, ports and places are changed."""
    nginx, port, plain, front = needed("nginx"), free_port(), free_port(), free_port()
    certificate = ["-keyout", f"{tmp_path}/fenban.key", "-out", f"{tmp_path}/fenban.crt", "-days", "2"]
    subprocess.run(
        [
            needed("openssl"),
            *["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"],
            *certificate,
            "-addext",
            "subjectAltName=DNS:localhost",
        ],
        capture_output=True,
        check=True,
    )
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ": f"listen 127.0.0.1:{front} ",
        "fenban.example.gov.cn": "localhost",
        "allow 10.0.0.9;": f"allow {MONITOR};",
        "/etc/nginx/": f"{tmp_path}/",
        "/var/log/nginx/": f"{tmp_path}/",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "fenban.conf").write_text(text, encoding="utf-8")
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off;\npid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{\n{places}include {tmp_path}/fenban.conf;\n}}\n",
        encoding="utf-8",
    )
    os.chmod(tmp_path, 0o755)  # noqa: PTH101  # nginx's workers run as nobody
    command = [nginx, "-c", f"{tmp_path}/nginx.conf", "-e", f"{tmp_path}/error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    shutil.copytree(described_store, tmp_path / "store")
    service = fenban_command(tmp_path / "store", port, site=sample_site())
    with Server(service, port, tmp_path / "log", ready="/healthz"), subprocess.Popen(command) as process:
        try:
            yield front
        finally:
            process.terminate()


def ask(
    port: int, place: Path, method: str, path: str, body: str = "", source: str = "", **headers: str
) -> tuple[int, str]:
    """Ask over TLS; nginx takes a moment to start."""
    context = ssl.create_default_context(cafile=place / "fenban.crt")
    until = time.monotonic() + 10
    while True:
        connection = HTTPSConnection(
            "localhost", port, context=context, timeout=10, source_address=(source, 0) if source else None
        )
        try:
            connection.request(method, path, body.encode() or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def test_nginx_in_front_lets_through_what_has_a_key(through_nginx: int, tmp_path: Path, key: str) -> None:
    def post(path: str, body: str, **headers: str) -> int:
        kind = {"Content-Type": "application/json"}
        return ask(through_nginx, tmp_path, "POST", path, body, **kind, **headers)[0]

    case = '{"title": "文昌街路灯不亮，请维修"}'
    assert post("/api/v1/suggest", case, Authorization=f"Bearer {key}") == 200
    assert post("/api/v1/suggest", case) == 401
    assert ask(through_nginx, tmp_path, "GET", "/login")[0] == 200
    assert "文昌街" not in "".join(path.read_text(errors="replace") for path in tmp_path.glob("*log"))


def test_nginx_in_front_lets_only_the_machine_that_watches_see_the_figures(
    through_nginx: int, tmp_path: Path
) -> None:
    bearer = {"Authorization": f"Bearer {new_key(tmp_path, 'monitor')}"}
    for path, told in (("/metrics", "fenban_ready 1.0"), ("/readyz", '"status":"ready"')):
        assert ask(through_nginx, tmp_path, "GET", path, **bearer)[0] == 403
        assert ask(through_nginx, tmp_path, "GET", path, source=MONITOR)[0] == 401
        status, text = ask(through_nginx, tmp_path, "GET", path, source=MONITOR, **bearer)
        assert (status, told in text) == (200, True)


def test_nginx_in_front_slows_down_who_asks_too_much(through_nginx: int, tmp_path: Path) -> None:
    found = {ask(through_nginx, tmp_path, "GET", "/login")[0] for _ in range(12)}
    assert found == {200, 429}
