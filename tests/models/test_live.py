"""A running service follows its store and its site; what is broken never takes the place of what works."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.live import LiveEngine
from models.store import ModelStore
from router.interfaces import Event
from router.logs import JsonFormatter
from training.train import Trained


@pytest.fixture
def store(described: Trained, tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "store")
    for _ in range(2):
        store.add(described.model, described.manifest, described.lexicon)
    return store


@pytest.fixture
def engine(store: ModelStore, site_directory: Path) -> Iterator[LiveEngine]:
    engine = LiveEngine(store.directory, site_directory)
    yield engine
    engine.close()


def running(engine: LiveEngine) -> tuple[str, str, str]:
    assert engine.router is not None
    return engine.router.model.version, engine.router.rules.digest, engine.router.site.digest


def soon(said: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not said() and time.monotonic() < until:
        time.sleep(0.05)
    return said()


def test_a_promoted_model_goes_live_by_itself(engine: LiveEngine, store: ModelStore) -> None:
    first, second = store.versions()
    engine.follow(every=0.05)
    store.promote(second)
    assert soon(lambda: running(engine)[0] == second)
    store.rollback()
    assert soon(lambda: running(engine)[0] == first)
    assert engine.problems() == []


def test_edited_rules_and_site_files_go_live_by_themselves(engine: LiveEngine, site_directory: Path) -> None:
    model, rules, site = running(engine)
    engine.follow(every=0.05)
    with (site_directory / "rules.toml").open("a", encoding="utf-8") as file:
        file.write("\n# 改过\n")
    assert soon(lambda: running(engine)[1] != rules)
    assert (running(engine)[0], running(engine)[2]) == (model, site)
    settings = (site_directory / "site.toml").read_text(encoding="utf-8")
    (site_directory / "site.toml").write_text(settings.replace("青禾县", "新禾县"), encoding="utf-8")
    assert soon(lambda: engine.site.settings.bureau.startswith("新禾县"))


def test_a_file_that_was_only_touched_changes_nothing(engine: LiveEngine, site_directory: Path) -> None:
    before = engine.router
    (site_directory / "rules.toml").touch()
    engine.refresh()
    assert engine.router is before


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("rules.toml", "[[rules]]\ntype = 'keyword'\n", "rules.toml"),
        ("rules.toml", "这不是 TOML", "rules.toml"),
        ("sections.csv", "id,name\n", "没有股室"),
        ("topics.csv", "id,name,section\nx,某题,没有的股\n", "没有的股"),
        ("site.toml", "[policy]\nclose_margin = 7\n", "close_margin"),
    ],
)
def test_broken_files_leave_what_ran_before(
    engine: LiveEngine,
    site_directory: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    content: str,
    wanted: str,
) -> None:
    good, before = (site_directory / name).read_bytes(), engine.router
    (site_directory / name).write_text(content, encoding="utf-8")
    with caplog.at_level(logging.WARNING, "fenban.live"):
        for _ in range(3):
            engine.refresh()
    assert engine.router is before
    assert engine.ready()[0]
    (problem,) = engine.problems()
    assert wanted in problem
    assert str(site_directory) not in problem
    (record,) = caplog.records
    line = json.loads(JsonFormatter().format(record))
    assert line["event"] == "what ran before goes on: site"
    assert name in line["at"]
    (site_directory / name).write_bytes(good)
    engine.refresh()
    assert engine.problems() == []


def test_the_log_tells_the_line_of_a_mistake_and_quotes_no_file(
    engine: LiveEngine, site_directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "张三丰13800001234"
    rule = f"[[rule]]\nname = '{secret}'\ntype = 'keyword'\nwords = ['{secret}']\ntarget = '{secret}'\n"
    (site_directory / "rules.toml").write_text(rule, encoding="utf-8")
    good = (site_directory / "sections.csv").read_bytes()
    (site_directory / "sections.csv").write_text(f"id,name\n{secret},乙\n{secret},丙\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "fenban.live"):
        engine.refresh()
        (site_directory / "sections.csv").write_bytes(good)
        engine.refresh()
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert [json.loads(line)["at"] for line in lines] == ["sections.csv:3", "rules.toml:5"]
    assert not [line for line in lines if secret in line]


def test_a_damaged_model_leaves_the_old_one_live(engine: LiveEngine, store: ModelStore) -> None:
    first, second = store.versions()
    with (store.directory / "versions" / second / "section.joblib").open("ab") as file:
        file.write(b"x")
    (store.directory / "live").write_text(second)
    engine.refresh()
    assert running(engine)[0] == first
    assert "摘要不符" in engine.problems()[0]


def test_a_model_that_does_not_fit_the_site_leaves_the_old_one_live(
    engine: LiveEngine, store: ModelStore, trained: Trained, site_directory: Path
) -> None:
    before = running(engine)[0]
    sections = (
        (site_directory / "sections.csv").read_text(encoding="utf-8").replace("municipal", "municipal2")
    )
    (site_directory / "sections.csv").write_text(sections, encoding="utf-8")
    engine.refresh()
    assert running(engine)[0] == before
    assert engine.problems()


def test_broken_rules_do_not_keep_a_new_model_out(
    engine: LiveEngine, store: ModelStore, site_directory: Path
) -> None:
    _, rules, _ = running(engine)
    (site_directory / "rules.toml").write_text("这不是 TOML", encoding="utf-8")
    store.promote(store.versions()[1])
    engine.refresh()
    assert running(engine)[:2] == (store.versions()[1], rules)
    assert len(engine.problems()) == 1


def test_without_a_model_it_waits_for_one(described: Trained, tmp_path: Path) -> None:
    engine = LiveEngine(tmp_path / "store")
    assert engine.ready() == (False, "模型库里还没有模型。请先运行 fenban train，或用 --store 指明模型库")
    engine.follow(every=0.05)
    ModelStore(tmp_path / "store").add(described.model, described.manifest, described.lexicon)
    assert soon(lambda: engine.ready()[0])
    engine.close()


def test_a_site_is_known_before_there_is_a_model(tmp_path: Path, site_directory: Path) -> None:
    engine = LiveEngine(tmp_path / "store", site_directory)
    assert engine.router is None
    assert engine.site.sections
    assert engine.site_known
    engine.close()


def test_a_site_that_cannot_be_read_is_not_taken_for_an_empty_one(
    store: ModelStore, site_directory: Path
) -> None:
    with (site_directory / "site.toml").open("a", encoding="utf-8") as file:
        file.write("\nx = [\n")
    engine = LiveEngine(store.directory, site_directory)
    assert not engine.site_known
    engine.close()
    without = LiveEngine(store.directory)
    assert without.site_known
    without.close()


def test_a_sink_that_cannot_be_built_is_tried_again(
    store: ModelStore, site_directory: Path, tmp_path: Path
) -> None:
    with (site_directory / "site.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[sinks.jsonl]\nfile = "{tmp_path}/mount/events.jsonl"\n')
    engine = LiveEngine(store.directory, site_directory)
    for _ in range(2):
        assert "sinks.jsonl" in engine.problems()[0]
        engine.refresh()
    (tmp_path / "mount").mkdir()
    engine.refresh()
    assert engine.problems() == []
    engine.sinks.notify_all(Event("decision", "028", {}))
    engine.close()
    assert "028" in (tmp_path / "mount" / "events.jsonl").read_text(encoding="utf-8")


def test_a_store_that_cannot_be_written_serves_and_says_so(
    engine: LiveEngine, store: ModelStore, site_directory: Path
) -> None:
    shutil.rmtree(store.directory / "rules")
    (store.directory / "rules").write_text("in the way")
    with (site_directory / "rules.toml").open("a", encoding="utf-8") as file:
        file.write("\n# 改过\n")
    before = running(engine)
    engine.refresh()
    assert running(engine) != before
    assert "不能复算" in engine.problems()[0]


def test_digests_are_those_of_the_store(engine: LiveEngine, store: ModelStore) -> None:
    assert engine.model_digest(store.versions()[0]) == store.digest(store.versions()[0]) != ""
    assert engine.model_digest("none") == ""
