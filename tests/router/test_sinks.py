"""Sinks are told in threads of their own; nothing a sink does reaches the others or the caller."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic

import pytest

from router.errors import SiteError
from router.interfaces import Event, Sink
from router.sinks import DELIVERED, DROPPED, FAILED, Sinks, build_sinks
from router.site_files import load_site
from tests.foreign import Foreign


class Listing:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.threads: set[str] = set()

    def notify(self, event: Event) -> None:
        self.told.append(event)
        self.threads.add(threading.current_thread().name)


class Raising:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def notify(self, event: Event) -> None:
        raise self._error


class Hanging:
    """Waits until it is let go."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()

    def notify(self, event: Event) -> None:
        self.began.set()
        self.go.wait(30)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    sink = Hanging()
    yield sink
    sink.go.set()


def event(number: int = 0) -> Event:
    return Event("decision", f"{number:03}", {"status": "review", "lead": "文昌街路灯"})


class Counted(Counter[tuple[str, str]]):
    """Counts what became of events."""

    def count(self, sink: str, outcome: str) -> None:
        self[sink, outcome] += 1


def closed(sinks: Mapping[str, Sink], *events: Event) -> Counted:
    """Tell sinks of events, wait until they have taken note, and return what became of the events."""
    made, counted = Sinks(sinks), Counted()
    for one in events:
        made.notify_all(one, counted.count)
    made.close()
    return counted


def site_with(directory: Path, toml: str) -> Path:
    (directory / "site.toml").write_text(toml, encoding="utf-8")
    return directory


def test_every_sink_is_told_of_every_event_in_order() -> None:
    first, second = Listing(), Listing()
    closed({"first": first, "second": second}, *map(event, range(500)))
    assert [one.case_id for one in first.told] == [f"{n:03}" for n in range(500)]
    assert first.told == second.told


def test_each_sink_has_a_thread_of_its_own() -> None:
    first, second = Listing(), Listing()
    closed({"first": first, "second": second}, event(), event())
    assert (first.threads, second.threads) == ({"fenban-sink-first"}, {"fenban-sink-second"})


def test_without_events_there_is_no_thread() -> None:
    sinks = Sinks({"idle": Listing()})
    assert not [one for one in threading.enumerate() if one.name == "fenban-sink-idle"]
    sinks.close()


@pytest.mark.parametrize("error", [ValueError("文昌街路灯"), SystemExit(1)])
def test_a_failing_sink_is_named_and_the_others_go_on(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    good = Listing()
    counted = closed({"bad": Raising(error), "good": good}, event(1), event(2))
    assert len(good.told) == 2
    assert counted == {("bad", FAILED): 2, ("good", DELIVERED): 2}
    assert caplog.messages == [f"sink bad failed on a decision: {type(error).__name__}"] * 2
    assert "文昌街" not in caplog.text


def test_a_hanging_sink_holds_up_neither_the_caller_nor_the_others(hanging: Hanging) -> None:
    good = Listing()
    sinks = Sinks({"hanging": hanging, "good": good})
    began = monotonic()
    sinks.notify_all(event())
    assert hanging.began.wait(10)
    for number in range(10):
        sinks.notify_all(event(number))
    assert monotonic() - began < 5
    sinks.close(0.5)
    assert len(good.told) == 11


def test_what_does_not_fit_is_dropped_counted_and_logged_once(
    hanging: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    sinks, counted = Sinks({"slow": hanging}, most_waiting=2), Counted()
    sinks.notify_all(event(), counted.count)
    assert hanging.began.wait(10)
    for number in range(7):  # two wait, five don't fit
        sinks.notify_all(event(number), counted.count)
    assert counted == {("slow", DROPPED): 5}
    hanging.go.set()
    sinks.close()
    assert counted == {("slow", DELIVERED): 3, ("slow", DROPPED): 5}
    assert caplog.messages == [
        "sink slow has 2 events waiting: events are dropped",
        "sink slow: 5 events were dropped",
    ]


def test_stopping_waits_for_those_that_wait() -> None:
    class Slow(Listing):
        def notify(self, event: Event) -> None:
            threading.Event().wait(0.01)
            super().notify(event)

    slow = Slow()
    closed({"slow": slow}, *map(event, range(20)))
    assert len(slow.told) == 20


def test_stopping_waits_no_longer_than_it_is_told(hanging: Hanging, caplog: pytest.LogCaptureFixture) -> None:
    sinks = Sinks({"one": hanging, "other": hanging}, most_waiting=2)
    for number in range(2):
        sinks.notify_all(event(number))
    began = monotonic()
    sinks.close(0.2)
    assert 0.15 < monotonic() - began < 2  # for both together
    assert "sink one: stopped before it was told of 2 events" in caplog.messages


def test_after_stopping_events_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    late, counted = Listing(), Counted()
    sinks = Sinks({"late": late})
    sinks.close()
    sinks.notify_all(event(), counted.count)
    sinks.close()
    assert late.told == []
    assert counted == {("late", DROPPED): 1}
    assert caplog.messages[0] == "sink late is stopped: events are dropped"


def test_many_threads_may_tell_at_once() -> None:
    listing = Listing()
    sinks = Sinks({"listing": listing}, most_waiting=10_000)
    work = [
        threading.Thread(target=lambda: [sinks.notify_all(event(n)) for n in range(200)]) for _ in range(8)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    sinks.close()
    assert len(listing.told) == 1600


_FORKS = """
import os, sys
from router.interfaces import Event
from router.sinks import Sinks
sinks = Sinks.of({"jsonl": {"file": sys.argv[1]}})
if not (child := os.fork()):
    sinks.notify_all(Event("decision", "child", {}))
    sinks.close()
    os._exit(0)
os.waitpid(child, 0)
sinks.notify_all(Event("decision", "parent", {}))
sinks.close()
"""


def test_sinks_made_before_a_fork_work_on_both_sides(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    subprocess.run([sys.executable, "-c", _FORKS, str(file)], check=True)
    told = file.read_text(encoding="utf-8")
    assert [told.count("child"), told.count("parent"), told.count("\n")] == [1, 1, 2]


def test_a_site_names_its_sinks(site_directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    site = load_site(site_with(site_directory, f'[sinks.jsonl]\nfile = "{file}"\n'))
    sinks = Sinks.of(site.settings.sinks)
    sinks.notify_all(event())
    sinks.close()
    assert '"case_id": "000"' in file.read_text(encoding="utf-8")


def test_a_site_needs_no_sinks(site_directory: Path) -> None:
    assert build_sinks(load_site(site_with(site_directory, "")).settings.sinks) == {}


@pytest.mark.parametrize("toml", ['sinks = ["jsonl"]', '[sinks]\njsonl = "/var/events"', "[[sinks]]"])
def test_a_wrong_way_to_name_them_is_told(site_directory: Path, toml: str) -> None:
    with pytest.raises(
        SiteError, match=r"site.toml：sinks 写法不对。每个接收插件写成一节，如 \[sinks.jsonl\]"
    ):
        load_site(site_with(site_directory, toml))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"nowhere": {}}, "site.toml [sinks.nowhere]：没有名为 'nowhere' 的 fenban.sinks 插件。现有：jsonl"),
        ({"jsonl": {"path": "/x"}}, "site.toml [sinks.jsonl]：不认识 path。可写：file"),
        ({"jsonl": {}}, "建不起来：file 应为完整路径，如 /var/lib/fenban/events.jsonl，现为 ''"),
        ({"jsonl": {"file": "events.jsonl"}}, "file 应为完整路径"),
        ({"jsonl": {"file": 3}}, "file 应为完整路径"),
        ({"jsonl": {"file": "/no/such/folder/events.jsonl"}}, "没有 file 所在的文件夹 /no/such/folder"),
    ],
)
def test_a_sink_that_cannot_be_built_is_told_with_its_table(
    named: Mapping[str, Mapping[str, object]], said: str
) -> None:
    with pytest.raises(SiteError) as caught:
        build_sinks(named)
    assert said in str(caught.value)


def test_a_foreign_sink_whose_class_raises_is_told(tmp_path: Path) -> None:
    source = "class Odd:\n    def __init__(self): 1 / 0\n    def notify(self, event): ...\n"
    foreign = Foreign(tmp_path / "site-packages")
    foreign.install("odd", "sinks", {"odd": "odd_sink:Odd"}, odd_sink=source)
    code = "from router.sinks import build_sinks; build_sinks({'odd': {}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=foreign.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    said = done.stderr.splitlines()[-1]
    assert "site.toml [sinks.odd]：插件 'odd'（odd_sink:Odd）建不起来：ZeroDivisionError" in said


def test_the_log_never_holds_what_an_event_holds(hanging: Hanging, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sinks = Sinks({"bad": Raising(ValueError("文昌街")), "slow": hanging}, most_waiting=1)
    for number in range(5):
        sinks.notify_all(event(number))
    sinks.close(0.1)
    assert caplog.messages
    assert "文昌街" not in caplog.text
