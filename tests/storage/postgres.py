"""A PostgreSQL server of the tests' own, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from router.storage.tables import metadata

__all__ = ["Cluster", "empty", "find_binaries"]

_OWN = {"listen_addresses": "", "max_connections": "60"}
_QUICK = {"fsync": "off", "full_page_writes": "off"}


def find_binaries() -> Path | None:
    """Return the folder of ``initdb`` and ``pg_ctl``; Debian keeps it out of the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "pg_ctl").exists()), None)


class Cluster:
    """A server that listens on a socket in its own folder; only a durable one waits for its disk."""

    def __init__(self, binaries: Path, *, durable: bool = False) -> None:
        self._binaries = binaries
        self._settings = _OWN if durable else {**_OWN, **_QUICK}
        self.folder = Path(tempfile.mkdtemp(prefix="fenban-pg-"))
        self._user = _unprivileged()
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "--auth=trust", "--username=fenban", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._databases = 0

    def start(self) -> None:
        options = " ".join(f"-c {name}='{value}'" for name, value in self._settings.items())
        self._run(
            "pg_ctl", "start", "-w", "-s", "-l", f"{self.folder}/log", "-o", f"{options} -k {self.folder}"
        )

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "stop", "-w", "-s", "-m", how)

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://fenban@/{database}?host={self.folder}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database and return its URL."""
        self._databases += 1
        name = f"test_{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", f"{self.folder}/data", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, user=self._user, cwd="/", check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def empty(url: str) -> None:
    """Delete all rows, as only who runs the server can."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in metadata.tables:
            connection.execute(f'DELETE FROM "{table}"')  # type: ignore[arg-type]  # names of ours


def _unprivileged() -> str | None:
    """Return whom to run as: the server refuses root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
