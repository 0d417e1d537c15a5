from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import distribution
from pathlib import Path

import pytest
from click.testing import Result

from models.store import ModelStore
from router.doctor import (
    Finding,
    State,
    check_calendar,
    check_clock,
    check_folder,
    check_owners,
    examined,
    good,
)
from router.errors import SiteError
from router.installation import other_versions, wrong_versions
from router.site import Site
from router.storage.audit import Audit
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from tests.commands import fenban
from tests.storage.cases import new_decision
from tests.storage.tampering import edit

ROOT = Path(__file__).resolve().parents[2]
Doctor = Callable[[], dict[str, list[tuple[str, str]]]]


@pytest.fixture
def store(trained: object, described_store: Path, tmp_path: Path) -> ModelStore:
    """Return a store of its own that only links to the model of descriptions."""
    (tmp_path / "store").mkdir()
    for path in described_store.iterdir():
        target = tmp_path / "store" / path.name
        if path.is_dir():
            target.symlink_to(path)
        else:
            target.write_bytes(path.read_bytes())
    return ModelStore(tmp_path / "store")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    Journal(database).record(new_decision())
    Audit(database).add("user:zhang", "login", "zhang")
    return database


def run(store: ModelStore, site: Path, *more: object) -> Result:
    return fenban("doctor", "--store", store.directory, "--site", site, *more)


def findings(result: Result) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(result.stdout)["findings"]:
        found.setdefault(one["part"], []).append((one["state"], one["message"] + one["hint"]))
    return found


def test_a_sound_installation_has_no_errors(
    store: ModelStore, site_directory: Path, database: Database
) -> None:
    database.close()
    result = run(store, site_directory)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert all(line.startswith(("正常  ", "注意  ")) for line in lines)
    parts = {line[4:].partition("：")[0] for line in lines}
    assert {
        "安装",
        "程序库",
        "词典",
        "模型库",
        "站点",
        "规则",
        "数据库",
        "审计记录",
        "时钟",
        "节假日",
    } <= parts


def test_programs_read_the_same_as_json(store: ModelStore, site_directory: Path, database: Database) -> None:
    database.close()
    result = run(store, site_directory, "--json", "-")
    assert json.loads(result.stdout)["sound"] is True
    assert findings(result)["数据库"][0][0] == "ok"


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    result = fenban("doctor", "--store", tmp_path / "store", "--json", "-")
    assert result.exit_code == 0
    found = findings(result)
    assert found["模型库"][0][0] == found["站点"][0][0] == found["数据库"][0][0] == "attention"
    assert list(tmp_path.iterdir()) == []


def test_a_changed_model_is_an_error(store: ModelStore, site_directory: Path, tmp_path: Path) -> None:
    history = tmp_path / "store" / "history.jsonl"
    digest = store.history()[0].digest
    history.write_text(history.read_text(encoding="utf-8").replace(digest, digest[::-1]), encoding="utf-8")
    result = run(store, site_directory, "--json", "-")
    assert result.exit_code == 1
    ((state, told),) = findings(result)["模型库"]
    assert state == "error"
    assert "rollback" in told


def test_a_wrong_site_is_an_error_and_the_rest_is_looked_at(store: ModelStore, site_directory: Path) -> None:
    (site_directory / "topics.csv").write_text("id,name,section\nlifts,电梯,nobody\n", encoding="utf-8")
    result = run(store, site_directory, "--json", "-")
    assert result.exit_code == 1
    found = findings(result)
    assert found["站点"][0][0] == "error"
    assert "topics.csv" in found["站点"][0][1]
    assert found["模型库"][0][0] == "ok"
    assert "节假日" in found


def test_wrong_rules_are_an_error(store: ModelStore, site_directory: Path) -> None:
    (site_directory / "rules.toml").write_text('[[rule]]\nname = "x"\ntype = "none"\n', encoding="utf-8")
    result = run(store, site_directory, "--json", "-")
    assert result.exit_code == 1
    assert "error" in {state for part in ("规则", "站点") for state, _ in findings(result).get(part, [])}


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\x00" + bytes(9000)])
def test_a_damaged_database_is_an_error(store: ModelStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fenban.db").write_bytes(content)
    result = run(store, tmp_path, "--json", "-")
    assert result.exit_code == 1
    assert findings(result)["数据库"][0][0] == "error"


def test_an_older_or_newer_database_is_told_and_left_alone(store: ModelStore, database: Database) -> None:
    edit(database, "UPDATE alembic_version SET version_num = '9999'")
    database.close()
    found = findings(fenban("doctor", "--store", store.directory, "--json", "-"))
    assert found["数据库"][0][0] == "error"
    assert "更新版本" in found["数据库"][0][1]
    edit(database, "UPDATE alembic_version SET version_num = '0000'")
    database.close()
    found = findings(fenban("doctor", "--store", store.directory, "--json", "-"))
    assert found["数据库"][0][0] == "attention"
    assert "先备份" in found["数据库"][0][1]


def test_an_edited_audit_log_is_an_error(store: ModelStore, database: Database) -> None:
    edit(database, "UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    database.close()
    result = fenban("doctor", "--store", store.directory, "--json", "-")
    assert result.exit_code == 1
    assert findings(result)["审计记录"] == [("error", "第 1 行：内容被改过请保留现场，与备份核对")]


def test_decisions_of_the_future_are_an_error_of_the_clock(store: ModelStore, database: Database) -> None:
    database.now = lambda: datetime.now(UTC) + timedelta(days=400)
    Journal(database).record(new_decision("later"))
    database.close()
    result = fenban("doctor", "--store", store.directory, "--json", "-")
    assert result.exit_code == 1
    ((state, told),) = findings(result)["时钟"]
    assert state == "error"
    assert "建议" in told


def test_the_clock() -> None:
    east = datetime.fromisoformat("2026-03-02T08:00+08:00")
    assert [one.state for one in check_clock(east, {"建议": None})] == [State.GOOD]
    assert [one.state for one in check_clock(east.astimezone(UTC), {"建议": east})] == [State.ATTENTION]
    (found,) = check_clock(east, {"建议": (east + timedelta(minutes=1)).astimezone(UTC)})
    assert found.state is State.ERROR
    assert "08:01" in found.message


@pytest.mark.parametrize(
    ("today", "holidays", "states"),
    [
        (date(2099, 3, 1), {}, [State.ATTENTION, State.GOOD]),
        (date(2099, 12, 1), {}, [State.ATTENTION, State.ATTENTION]),
        (date(2099, 12, 1), {date(2099, 1, 1): True, date(2100, 1, 1): True}, [State.GOOD, State.GOOD]),
    ],
)
def test_holidays_nobody_has_published(today: date, holidays: dict[date, bool], states: list[State]) -> None:
    assert [one.state for one in check_calendar(today, Site(holidays=holidays))] == states


def test_a_folder_that_is_not_there_is_judged_by_the_one_above(tmp_path: Path) -> None:
    (found,) = check_folder("磁盘", tmp_path / "a" / "b")
    assert str(tmp_path) in found.message
    assert found.state is not State.ERROR


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["sites", "rules", "versions/2026-03-02.1", "live"])
def test_what_root_left_in_a_store_is_an_error(tmp_path: Path, name: str) -> None:
    store = tmp_path / "store"
    (store / name).mkdir(parents=True)
    os.chown(store, 65534, 65534)
    for above in (store / name).parents:
        if above.is_relative_to(store):
            os.chown(above, 65534, 65534)
    (found,) = check_owners("模型库的属主", store)
    assert found.state is State.ERROR
    assert f"如属于 root 的 {name}" in found.message
    assert f"chown -R nobody {store}" in found.hint
    os.chown(store / name, 65534, 65534)
    assert list(check_owners("模型库的属主", store)) == []


@pytest.mark.skipif(os.access("/sys/kernel", os.W_OK), reason="here everything can be written")
def test_a_folder_that_cannot_be_written_is_an_error() -> None:
    (found, *_) = check_folder("磁盘", Path("/sys/kernel"))
    assert found.state is State.ERROR


def test_a_check_that_breaks_off_is_a_finding() -> None:
    def broken() -> list[Finding]:
        raise SiteError("没有", where="site.toml", hint="请补")

    def worse() -> list[Finding]:
        raise ZeroDivisionError("x")

    assert str(next(examined("站点", broken))) == "错误  站点：site.toml：没有。请补"
    assert "ZeroDivisionError" in next(examined("站点", worse)).message
    assert list(examined("站点", lambda: [good("站点", "好")])) == [good("站点", "好")]


def test_a_damaged_dictionary_is_told_with_the_library_to_reinstall(tmp_path: Path) -> None:
    import jieba

    packages = Path(jieba.__file__).parent.parent
    for name in ("jieba", f"jieba-{distribution('jieba').version}.dist-info"):
        shutil.copytree(packages / name, tmp_path / name)
    (tmp_path / "jieba" / "dict.txt").write_bytes(b"")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-W", "ignore", "-m", "service", "doctor", "--store", f"{tmp_path}/store"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    (told,) = [line for line in done.stdout.splitlines() if "  词典：" in line]
    assert told.startswith("错误  词典：jieba 有 1 个文件与安装时不一样，如 jieba/dict.txt")
    assert "--force-reinstall --no-deps jieba==" in told
    assert "rjieba" not in told


def test_another_checkout_that_runs_in_place_of_the_installed_one_is_an_error(tmp_path: Path) -> None:
    for name in ("router", "models", "training"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("service.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    command = [sys.executable, "-W", "ignore", "-m", "service", "doctor", "--store", f"{tmp_path}/store"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    (told,) = [line for line in done.stdout.splitlines() if "  安装：" in line]
    assert told.startswith("错误")
    assert str(ROOT) in told
    assert str(tmp_path) in told
    assert "PYTHONPATH" in told


def test_other_libraries_than_the_tested_ones_are_named() -> None:
    assert other_versions({"click": "0.1", "no-such-library": "1"}) == {
        "click": f"{distribution('click').version}（检验过的是 0.1）"
    }
    assert wrong_versions(distribution("fenban")) == {}
