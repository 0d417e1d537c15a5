"""What the tests start in processes of their own: ``python -m tests.storage.processes WHAT URL N``."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

from router.errors import InputError
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.keys import Keys, Scope
from router.storage.limits import Limits
from router.storage.records import Idempotency
from router.verdict import Verdict, VerdictKind

from .cases import new_decision

__all__ = ["start"]

ROOT = Path(__file__).resolve().parents[2]


def start(what: str, url: str, n: int = 0) -> subprocess.Popen[str]:
    """Start a process; it waits for a line on its standard input, then works."""
    command = [sys.executable, "-m", "tests.storage.processes", what, url, str(n)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def same(database: Database, n: int) -> None:
    for turn in range(n):
        recorded = Journal(database).record(new_decision(), Idempotency("key:erp", f"k{turn}", b"{}"))
        print(recorded.answer["decision_id"], recorded.repeated)


def chain(database: Database, n: int) -> None:
    for turn in range(n):
        Audit(database).add("user:zhang", "login", str(turn))


def key(database: Database, n: int) -> None:
    try:
        Keys(database).create("erp", [Scope.SUGGEST], "user:admin")
        print("made")
    except InputError:
        print("refused")


def limit(database: Database, n: int) -> None:
    for _ in range(n):
        print(Limits(database).take("key:erp", 25) == 0)


def prepare(database: Database, n: int) -> None:
    database.prepare()


def write(database: Database, n: int) -> None:
    """Store until killed; a line is printed when all it tells of is stored."""
    journal = Journal(database)
    for turn in itertools.count():
        new = new_decision(str(turn))
        answer = journal.record(new, Idempotency("key:erp", new.id, b"{}")).answer
        print(answer["decision_id"], flush=True)
        if turn % 5 == 0:
            verdict = journal.verdict(new.id, Verdict(VerdictKind.ACCEPTED), "user:zhang").answer
            print(verdict["verdict_id"], flush=True)


def judge(database: Database, n: int) -> None:
    """Store verdicts on the only decision until killed."""
    journal = Journal(database)
    (decided,) = journal.decisions()
    while True:
        journal.verdict(decided.id, Verdict(VerdictKind.ACCEPTED), "user:zhang")


def main(what: str, url: str, n: int) -> None:
    works = (same, chain, key, limit, prepare, write, judge)
    work = {function.__name__: function for function in works}[what]
    database = open_database(url)
    print("ready", flush=True)
    sys.stdin.readline()
    work(database, n)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
