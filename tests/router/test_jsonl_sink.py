"""One line of JSON for each event, whole or not at all."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

from router.interfaces import Event
from router.jsonl_sink import JsonlSink

_MANY = """
import sys
from router.interfaces import Event
from router.jsonl_sink import JsonlSink
sink = JsonlSink(sys.argv[1])
for number in range(300):
    sink.notify(Event("decision", f"{sys.argv[2]}-{number}", {"filler": "长" * 3000}))
"""


def test_events_are_appended_as_they_come(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    sink = JsonlSink(str(file))
    sink.notify(Event("decision", "028", {"lead": {"name": "排水管理所"}}))
    sink.notify(Event("verdict", "028\n", {}))
    first, second = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert first == {"kind": "decision", "case_id": "028", "payload": {"lead": {"name": "排水管理所"}}}
    assert second == {"kind": "verdict", "case_id": "028\n", "payload": {}}


def test_nobody_else_may_read_a_file_it_makes(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    JsonlSink(str(file)).notify(Event("decision", "1", {}))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    sink = JsonlSink(str(file))
    sink.notify(Event("decision", "1", {}))
    file.rename(tmp_path / "events.1.jsonl")
    sink.notify(Event("decision", "2", {}))
    assert '"2"' in file.read_text(encoding="utf-8")


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    work = [subprocess.Popen([sys.executable, "-c", _MANY, str(file), name]) for name in "ab"]
    assert [process.wait() for process in work] == [0, 0]
    told = [json.loads(line)["case_id"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert sorted(told) == sorted(f"{name}-{number}" for name in "ab" for number in range(300))


_FULL = """
import resource, signal, sys
from router.interfaces import Event
from router.jsonl_sink import JsonlSink
sink = JsonlSink(sys.argv[1])
sink.notify(Event("decision", "1", {}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # the disk is full after 100 bytes
try:
    sink.notify(Event("decision", "2", {"filler": "x" * 100}))
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    sink.notify(Event("decision", "3", {}))
"""


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    subprocess.run([sys.executable, "-c", _FULL, str(file)], check=True)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["case_id"] for line in lines] == ["1", "3"]
