"""A restore that breaks off anywhere: nobody works with half of it, and the next one finishes it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.store import ModelStore
from router.disk import leftovers, work_folder
from router.errors import StorageError
from router.storage.backup import kept_beside
from router.storage.database import open_database
from router.storage.in_use import serving
from router.storage.journal import Journal
from router.unfinished import check_whole, replacing_all
from tests.commands import fenban, one_sentence, succeeded

from .cases import new_decision

KILLED_AT = """
import json, os, signal, sys
from service import cli
import router.storage.commands, alembic.command
unlink = os.unlink
def deadly(change):
    def changed(*args, **kwargs):
        global left
        left -= change is not unlink or str(args[0]).endswith("-restoring")
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*args, **kwargs)
    return changed
for name in ("rename", "replace", "link", "unlink"):
    setattr(os, name, deadly(getattr(os, name)))
for left, arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        cli(arguments, prog_name="fenban")
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Runs commands that are each killed before the n-th change of a name that counts."""

UNFINISHED = "恢复没有做完。请再运行一次 fenban restore 备份文件"


def killed(*commands: tuple[object, ...]) -> list[bool]:
    """Run commands of the form (n, argument…); say of each whether it was killed before its n-th change."""
    told = json.dumps([(change, [str(one) for one in arguments]) for change, *arguments in commands])
    command = [sys.executable, "-W", "ignore", "-c", KILLED_AT, told]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    codes = [int(code) for code in done.stdout.split()]
    assert set(codes) <= {0, -signal.SIGKILL}, done.stderr
    return [code != 0 for code in codes]


def filled(place: Path, word: str) -> None:
    """Make what is all there is to put back: a database, a store and a site that all say one word."""
    for folder in (place / "store" / "versions", place / "site"):
        folder.mkdir(parents=True)
    for file in (place / "store" / "live", place / "site" / "sections.csv"):
        file.write_text(f"{word}\n", encoding="utf-8")
    database = open_database(f"sqlite:///{place}/fenban.db")
    Journal(database).record(new_decision(word))
    database.close()


def olds(folder: Path, count: int) -> list[Path]:
    """Return so many places in which all says 旧."""
    filled(folder / "old", "旧")
    return [Path(shutil.copytree(folder / "old", folder / str(n))) for n in range(count)]


def said(place: Path) -> set[str]:
    """Return the words that database, store and site say."""
    database = open_database(f"sqlite:///{place}/fenban.db", create=False)
    words = {one.case_id for one in Journal(database).decisions()}
    database.close()
    live = ModelStore(place / "store").live or "none"
    return words | {live, (place / "site" / "sections.csv").read_text(encoding="utf-8").strip()}


def options(place: Path) -> list[object]:
    return ["--store", place / "store", "--site", place / "site"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a backup in which all says 新."""
    filled(tmp_path / "new", "新")
    succeeded(fenban("backup", tmp_path / "all.tar", *options(tmp_path / "new")))
    return tmp_path / "all.tar"


def all_refuse(place: Path) -> None:
    """See that whoever would work with a half restored place says so in one sentence."""
    store = ("--store", place / "store")
    for command in (
        ("serve", *options(place), "--port", "1"),
        ("keys", "list", *store),
        ("users", "add", "wang", "--role", "admin", "--password-stdin", *store),
        ("audit", "verify", *store),
        ("backup", place / "half.tar", *options(place)),
        ("models", "list", *store),
        ("suggest", place / "none.csv", *store),
    ):
        assert one_sentence(fenban(*command, stdin=b"Qinghe-2026-lamp\n")).endswith(UNFINISHED), command
    result = fenban("doctor", *options(place), "--json", "-")
    found = json.loads(result.stdout)["findings"]
    assert {one["part"] for one in found if "恢复没有做完" in one["message"]} == {"模型库", "数据库"}
    assert result.exit_code == 1


def test_killed_at_any_change_it_is_refused_and_the_next_restore_finishes(
    archive: Path, tmp_path: Path
) -> None:
    changes = 8  # link and rename of the database, two renames each of store and site, two marks
    places = olds(tmp_path, changes + 1)
    restores = [(at + 1, "restore", archive, *options(place)) for at, place in enumerate(places)]
    assert killed(*restores) == [True] * changes + [False]
    assert said(places.pop()) == {"新"}
    for at, place in enumerate(places):
        assert (place / "fenban.db").is_file()
        if at in (0, 3):  # the commands are many, and refuse for the same reason
            all_refuse(place)
        database = open_database(f"sqlite:///{place}/fenban.db")
        with pytest.raises(StorageError, match="恢复没有做完"), serving(database, place / "store"):
            pass
        succeeded(fenban("restore", archive, *options(place)))
        assert said(place) == {"新"}
        assert not [path for path in place.iterdir() if path.name.startswith(".")]


def test_of_the_database_alone_there_is_one_at_every_moment(tmp_path: Path) -> None:
    new, copy = tmp_path / "new", tmp_path / "all.db"
    filled(new, "新")
    succeeded(fenban("backup", copy, "--store", new / "store"))
    places = olds(tmp_path, 3)
    restores = [(at + 1, "restore", copy, "--store", place / "store") for at, place in enumerate(places)]
    assert killed(*restores) == [True] * 3  # link, rename, the mark
    for place in places:
        assert (place / "fenban.db").stat().st_size
        succeeded(fenban("restore", copy, "--store", place / "store"))
        assert "新" in said(place)


def test_what_is_put_back_is_on_the_disk_before_it_is_in_its_place(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, written, rename, fsync = tmp_path / "var", set[str](), os.rename, os.fsync
    filled(place, "旧")

    def noted(file: int) -> None:
        written.add(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    def checked(source: Path, target: Path) -> None:
        if ".fenban-work-" in str(source):
            assert {str(path) for path in (source, *source.rglob("*"))} - written == set()
        rename(source, target)
        written.discard(str(target.parent))

    for name, function in (("fsync", noted), ("rename", checked)):
        monkeypatch.setattr(os, name, function)
    succeeded(fenban("restore", archive, *options(place)))
    assert str(place) in written
    assert said(place) == {"新"}


def test_a_disk_without_links_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "var", "旧")
    succeeded(fenban("backup", tmp_path / "all.db", "--store", tmp_path / "var" / "store"))

    def link(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    succeeded(fenban("restore", tmp_path / "all.db", "--store", tmp_path / "var" / "store"))
    assert said(tmp_path / "var") == {"旧"}
    assert len(kept_beside(tmp_path / "var" / "fenban.db")) == 1


def test_a_refused_restore_leaves_no_mark(archive: Path, tmp_path: Path) -> None:
    filled(tmp_path / "var", "旧")
    user = open_database(f"sqlite:///{tmp_path}/var/fenban.db")
    Journal(user).decisions()
    assert "先停止服务" in one_sentence(fenban("restore", archive, *options(tmp_path / "var")))
    user.close()
    assert said(tmp_path / "var") == {"旧"}
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["fenban.db", "site", "store"]


def test_a_mark_stays_after_any_error_but_a_refusal(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for error in (OSError, KeyboardInterrupt):
        with pytest.raises(error), replacing_all(store):
            raise error
        with pytest.raises(StorageError, match="恢复没有做完"):
            check_whole(store)
    with pytest.raises(StorageError), replacing_all(store):
        raise StorageError("busy")
    with pytest.raises(StorageError):  # of the first one
        check_whole(store)
    with replacing_all(store):
        pass
    check_whole(store)


WORKS = """
import sys, time
from pathlib import Path
from router.disk import work_folder
with work_folder(Path(sys.argv[1])) as work:
    (work / "texts").write_text("路灯不亮")
    print(work, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_prepared_is_swept_and_that_of_a_running_one_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKS, str(tmp_path)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed,
    ):
        assert running.stdout
        assert killed.stdout
        mine, left = (
            Path(process.stdout.readline().strip()) for process in (running, killed) if process.stdout
        )
        assert leftovers(tmp_path) == []
        killed.kill()
        killed.wait()
        assert leftovers(tmp_path) == [left]
        with work_folder(tmp_path) as work:
            assert sorted(tmp_path.iterdir()) == sorted([mine, work])
        running.kill()


def test_doctor_names_what_was_left_and_what_was_kept(archive: Path, tmp_path: Path) -> None:
    place = tmp_path / "var"
    filled(place, "旧")
    assert killed((1, "restore", archive, *options(place))) == [True]
    found = [path.name for path in place.iterdir() if path.name.startswith(".fenban-work-")]
    assert found
    (place / "store" / ".fenban-work-trained").mkdir()
    told = fenban("doctor", *options(place)).stdout
    assert all(name in told for name in (*found, "store/.fenban-work-trained"))
    succeeded(fenban("restore", archive, *options(place)))
    told = fenban("doctor", *options(place)).stdout
    assert "注意  残留：恢复时换下来的还在" in told
    assert "留下了" not in told


def test_a_killed_backup_is_swept_by_the_next(archive: Path, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    to.mkdir()
    names = ("one.tar", "two.db")
    backups = [(1, "backup", to / name, *options(tmp_path / "new")) for name in names]
    assert killed(*backups) == [True, True]  # before the link that makes the file
    assert len(leftovers(to)) == 1  # the second has swept what the first had left
    succeeded(fenban("backup", to / "three.tar", *options(tmp_path / "new")))
    assert [path.name for path in to.iterdir()] == ["three.tar"]
