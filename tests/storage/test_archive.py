"""One file with everything, put back in another place."""

from __future__ import annotations

import io
import json
import shutil
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from models.store import ModelStore
from router.errors import OutputError, StorageError
from router.storage.archive import DATABASE, SITE, STORE, pack, unpack
from router.storage.database import Database, open_database, utc_now
from router.storage.journal import Journal
from tests.commands import fenban, one_sentence, succeeded
from tests.sample import CASES

from .cases import new_decision
from .postgres import Cluster

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def place(tmp_path: Path, described_store: Path, site_directory: Path) -> Path:
    """Return a folder with a live model, a site and a database that holds one decision."""
    place = tmp_path / "old"
    place.mkdir()
    shutil.copytree(described_store, place / "store")
    site_directory.rename(place / "site")
    database = open_database(f"sqlite:///{place}/fenban.db")
    Journal(database).record(new_decision())
    database.close()
    return place


def options(place: Path) -> list[object]:
    return ["--store", place / "store", "--site", place / "site"]


def packed(place: Path) -> Path:
    target = place.parent / "all.tar"
    succeeded(fenban("backup", target, *options(place)))
    return target


def decisions(place: Path) -> list[str]:
    database = open_database(f"sqlite:///{place}/fenban.db", create=False)
    found = [one.id for one in Journal(database).decisions()]
    database.close()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_everything_is_put_back_elsewhere_and_works(place: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    told = succeeded(fenban("restore", packed(place), *options(new))).stderr
    assert "数据库、模型库、站点" in told
    assert contents(new / "store") == contents(place / "store")
    assert contents(new / "site") == contents(place / "site")
    assert decisions(new) == decisions(place)
    case = tmp_path / "case.jsonl"
    case.write_text(json.dumps({"title": CASES[0].title, "body": CASES[0].body}), encoding="utf-8")
    for where in (place, new):
        succeeded(fenban("suggest", case, *options(where), "-o", where / "out.jsonl"))
    assert (new / "out.jsonl").read_bytes() == (place / "out.jsonl").read_bytes()


def test_what_was_there_is_kept_beside_it(place: Path) -> None:
    archive = packed(place)
    (place / "site" / "rules.toml").write_text("# changed since\n", encoding="utf-8")
    told = succeeded(fenban("restore", archive, *options(place))).stderr
    assert told.count("原来的") == 3
    (kept,) = place.glob("site.*")
    assert (kept / "rules.toml").read_text(encoding="utf-8") == "# changed since\n"
    assert "changed since" not in (place / "site" / "rules.toml").read_text(encoding="utf-8")


def test_an_archive_is_made_while_others_write(place: Path) -> None:
    database = open_database(f"sqlite:///{place}/fenban.db")
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            Journal(database).record(new_decision(str(number := number + 1)))

    writer = threading.Thread(target=write)
    writer.start()
    archive = packed(place)
    stop.set()
    writer.join()
    database.close()
    new = place.parent / "new"
    succeeded(fenban("restore", archive, *options(new)))
    assert decisions(new) == decisions(place)[: len(decisions(new))]


def test_an_archive_is_for_its_owner_only_and_nothing_is_overwritten(place: Path) -> None:
    archive = packed(place)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert "不覆盖" in one_sentence(fenban("backup", archive, *options(place)))
    assert sorted(path.name for path in place.parent.iterdir()) == ["all.tar", "old"]


def test_files_that_are_being_written_are_left_out(place: Path) -> None:
    (place / "site" / ".~lock.sections.csv#").write_text("")
    with tarfile.open(packed(place)) as archive:
        names = archive.getnames()
    assert not [name for name in names if "/." in name]
    assert names[1:3] == ["store/live", "store/history.jsonl"]
    assert names[-1] == "manifest.json"


def changed(archive: Path, change: Change) -> Path:
    """Write the archive again with other members."""
    with tarfile.open(archive) as old:
        members = {m.name: content.read() for m in old if (content := old.extractfile(m))}
    change(members)
    target = archive.with_name("changed.tar")
    with tarfile.open(target, "w") as new:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            new.addfile(info, io.BytesIO(content))
    return target


def another_model(members: dict[str, bytes]) -> None:
    members["store/live"] = b"2020-01-01.1\n"


def one_more(members: dict[str, bytes]) -> None:
    members["site/more.csv"] = b""


def outside(members: dict[str, bytes]) -> None:
    members["site/../../outside"] = b""


def absolute(members: dict[str, bytes]) -> None:
    members["/fenban-outside"] = b""


def no_manifest(members: dict[str, bytes]) -> None:
    del members["manifest.json"]


def one_less(members: dict[str, bytes]) -> None:
    del members["site/sections.csv"]


@pytest.mark.parametrize("change", [another_model, one_more, outside, absolute, no_manifest, one_less])
def test_a_changed_archive_is_refused_and_nothing_is_replaced(place: Path, change: Change) -> None:
    archive = changed(packed(place), change)
    before, ids = contents(place / "site"), decisions(place)
    assert "损坏" in one_sentence(fenban("restore", archive, *options(place)))
    assert contents(place / "site") == before
    assert decisions(place) == ids
    assert sorted(p.name for p in place.iterdir()) == ["fenban.db", "site", "store"]
    assert not (place.parent / "outside").exists()
    assert not Path("/fenban-outside").exists()


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_an_archive_that_was_cut_is_refused(place: Path, share: float) -> None:
    archive = packed(place)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share) if share < 0.99 else whole.index(b'"format"')])
    assert "损坏" in one_sentence(fenban("restore", archive, *options(place)))
    assert len(decisions(place)) == 1


def modes(place: Path) -> list[int]:
    return [stat.S_IMODE((place / name).stat().st_mode) for name in ("store", "site")]


def test_who_may_read_stays_and_in_a_new_place_it_is_the_owner(place: Path) -> None:
    archive, new = packed(place), place.parent / "new"
    (place / "store").chmod(0o750)
    (place / "site").chmod(0o755)
    succeeded(fenban("restore", archive, *options(place)))
    assert modes(place) == [0o750, 0o755]
    succeeded(fenban("restore", archive, *options(new)))
    assert modes(new) == [0o700, 0o700]


def test_where_a_part_goes_must_be_said(place: Path) -> None:
    said = one_sentence(fenban("restore", packed(place), "--store", place.parent / "new" / "store"))
    assert "--site" in said
    assert [p.name for p in (place.parent / "new").iterdir()] == []


def test_a_missing_archive_is_told(place: Path) -> None:
    assert "没有这个备份文件" in one_sentence(fenban("restore", place / "none.tar", *options(place)))


def test_a_running_service_is_not_pulled_away_from(place: Path) -> None:
    archive = packed(place)
    service = open_database(f"sqlite:///{place}/fenban.db")
    ids = [one.id for one in Journal(service).decisions()]
    before = contents(place / "site")
    assert "先停止服务" in one_sentence(fenban("restore", archive, *options(place)))
    assert [one.id for one in Journal(service).decisions()] == ids
    assert contents(place / "site") == before
    service.close()


def test_of_postgresql_the_rest_is_kept(place: Path, cluster: Cluster) -> None:
    database = open_database(cluster.new_database())
    archive = place.parent / "rest.tar"
    assert pack(archive, database, {STORE: place / "store", SITE: place / "site"}, utc_now()) == (STORE, SITE)
    new = place.parent / "new"
    returned = unpack(archive, database, {STORE: new / "store", SITE: new / "site"}, utc_now())
    assert returned.database is None
    assert DATABASE not in returned.parts
    assert ModelStore(new / "store").load().version
    database.close()


def test_a_full_or_missing_disk_leaves_nothing_behind(place: Path) -> None:
    database: Database = open_database(f"sqlite:///{place}/fenban.db")
    with pytest.raises(OutputError):
        pack(place / "none" / "all.tar", database, {STORE: place / "store"}, utc_now())
    with pytest.raises(StorageError, match="没有这个备份文件"):
        unpack(place / "none.tar", database, {STORE: place / "store"}, utc_now())
    database.close()
