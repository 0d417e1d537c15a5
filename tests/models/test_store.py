from __future__ import annotations

import json
import os
import re
import resource
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.store import ModelStore
from router.errors import StorageError, StoreError, TamperedError
from router.proposal import Proposal
from router.unfinished import replacing_all
from training.train import Trained


@pytest.fixture
def two(store: ModelStore, trained: Trained) -> tuple[ModelStore, str, str]:
    """Return a store of two versions, the first of them live."""
    first = store.live
    assert first
    return store, first, store.add(trained.model, trained.manifest, trained.lexicon)


def told(store: ModelStore) -> list[tuple[str, str, str]]:
    return [(entry.action, entry.version, entry.previous) for entry in store.history()]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let the system refuse to let any file grow beyond `size`, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_empty_store_has_nothing_and_makes_nothing(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "none")
    assert (store.live, store.versions(), store.history()) == (None, [], [])
    with pytest.raises(StoreError, match="请先运行 fenban train"):
        store.load()
    assert not store.directory.exists()


def test_the_first_model_goes_live_and_the_second_waits(two: tuple[ModelStore, str, str]) -> None:
    store, first, second = two
    assert store.live == first
    assert store.versions() == [first, second]
    assert told(store) == [("trained", first, ""), ("promoted", first, ""), ("trained", second, "")]


def test_a_store_is_for_its_owner_until_that_is_changed(tmp_path: Path, trained: Trained) -> None:
    place = tmp_path / "new" / "store"
    ModelStore(place).add(trained.model, trained.manifest)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    place.chmod(0o750)
    ModelStore(place).add(trained.model, trained.manifest)
    assert stat.S_IMODE(place.stat().st_mode) == 0o750


def test_versions_of_one_day_are_numbered_and_sorted_by_number(store: ModelStore, trained: Trained) -> None:
    for _ in range(10):
        store.add(trained.model, trained.manifest)
    assert [version.rpartition(".")[2] for version in store.versions()] == [str(n) for n in range(1, 12)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.11", store.versions()[-1])


def test_history_says_who_did_what_when_and_why(two: tuple[ModelStore, str, str]) -> None:
    store, first, second = two
    why = "新的一年\u2028局长\x85同意"  # what some call line breaks, JSON writes as it is
    store.promote(second, why)
    entry = store.history()[-1]
    assert (entry.action, entry.version, entry.previous, entry.why) == ("promoted", second, first, why)
    assert entry.who
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", entry.at)


def test_what_is_loaded_answers_as_what_was_stored(
    store: ModelStore, trained: Trained, cases: list[Proposal]
) -> None:
    loaded = store.load()
    assert loaded.version == store.live
    assert loaded.thresholds == trained.model.thresholds
    for before, after in zip(trained.model.predict(cases), loaded.predict(cases), strict=True):
        assert before == after


def test_any_version_can_be_loaded_by_name(two: tuple[ModelStore, str, str]) -> None:
    store, _, second = two
    assert store.load(second).version == second


@pytest.mark.parametrize("name", ["2001-01-01.1", "..", ".", "", "../versions"])
def test_a_name_that_is_no_version_is_refused(store: ModelStore, name: str) -> None:
    with pytest.raises(StoreError, match="没有版本"):
        store.promote(name)


def test_rollback_goes_back_step_by_step(two: tuple[ModelStore, str, str], trained: Trained) -> None:
    store, first, second = two
    third = store.add(trained.model, trained.manifest)
    store.promote(second)
    store.promote(third)
    assert (store.rollback("不好"), store.live) == (second, second)
    assert store.history()[-1].why == "不好"
    assert store.rollback() == first
    with pytest.raises(StoreError, match="之前没有别的版本"):
        store.rollback()


def test_promoting_the_live_version_again_does_not_lose_the_way_back(
    two: tuple[ModelStore, str, str],
) -> None:
    store, first, second = two
    store.promote(second)
    store.promote(second)
    assert store.rollback() == first


def test_a_version_that_does_not_load_is_not_promoted(two: tuple[ModelStore, str, str]) -> None:
    store, first, second = two
    (store.directory / "versions" / second / "extra").write_text("x")
    with pytest.raises(TamperedError):
        store.promote(second)
    assert store.live == first
    assert told(store)[-1] == ("trained", second, "")


def test_rollback_to_a_version_that_was_tampered_with_is_refused(two: tuple[ModelStore, str, str]) -> None:
    store, first, second = two
    store.promote(second)
    (store.directory / "versions" / first / "manifest.json").write_text("{}")
    with pytest.raises(TamperedError):
        store.rollback()
    assert store.live == second


def test_the_digest_is_kept_outside_the_folder(store: ModelStore) -> None:
    digest = store.history()[0].digest
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    folder = store.directory / "versions" / str(store.live)
    assert all(digest.encode() not in path.read_bytes() for path in folder.iterdir())


def test_the_pointer_is_replaced_never_rewritten(two: tuple[ModelStore, str, str]) -> None:
    store, _, second = two
    pointer = store.directory / "live"
    with pointer.open() as old:
        store.promote(second)
        assert old.read().strip() != second  # a reader that had it open sees a whole old one
    assert pointer.read_text() == f"{second}\n"


def test_nothing_is_left_over_beside_versions_pointer_and_history(two: tuple[ModelStore, str, str]) -> None:
    store, _, second = two
    store.promote(second)
    assert sorted(path.name for path in store.directory.iterdir()) == ["history.jsonl", "live", "versions"]


def test_a_folder_left_by_a_killed_training_is_no_version_and_goes_with_the_next(
    store: ModelStore, trained: Trained
) -> None:
    left = store.directory / ".fenban-work-killed"
    left.mkdir()
    (left / "section.json").write_text("{")
    assert len(store.versions()) == 1
    store.add(trained.model, trained.manifest)
    assert len(store.versions()) == 2
    assert not left.exists()


def test_a_history_line_that_does_not_fit_leaves_history_and_pointer_as_they_were(
    two: tuple[ModelStore, str, str],
) -> None:
    store, first, second = two
    history = (store.directory / "history.jsonl").read_bytes()
    with files_no_larger_than(len(history) + 10), pytest.raises(StoreError, match="无法写入"):
        store.promote(second)
    assert (store.directory / "history.jsonl").read_bytes() == history
    assert store.live == first
    store.promote(second)
    assert store.live == second


def test_a_model_that_cannot_be_recorded_leaves_nothing_behind(store: ModelStore, trained: Trained) -> None:
    live, history = store.live, store.directory / "history.jsonl"
    kept = history.read_bytes()
    history.unlink()
    history.mkdir()
    with pytest.raises(StoreError, match="无法写入"):
        store.add(trained.model, trained.manifest)
    assert store.versions() == [live]
    history.rmdir()
    history.write_bytes(kept)
    assert store.load().version == live


def test_what_is_trained_is_on_the_disk_before_it_is_in_its_place(
    tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, rename, fsync = set[str](), os.rename, os.fsync

    def noted(file: int) -> None:
        written.add(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    def checked(source: Path, target: Path) -> None:
        inside = [source, *source.rglob("*")]
        assert {str(path) for path in inside} - written == set()
        rename(source, target)
        written.discard(str(target.parent))

    for name, function in (("fsync", noted), ("rename", checked), ("replace", checked)):
        monkeypatch.setattr(os, name, function)
    store = ModelStore(tmp_path / "store")
    store.add(trained.model, trained.manifest)
    assert store.live
    assert {str(store.directory), str(store.directory / "versions")} <= written  # and its place after it


def test_a_store_that_is_half_restored_is_refused(store: ModelStore, trained: Trained) -> None:
    with pytest.raises(KeyboardInterrupt), replacing_all(store.directory):
        raise KeyboardInterrupt
    for use in (
        lambda: store.live,
        store.history,
        store.load,
        lambda: store.add(trained.model, trained.manifest),
    ):
        with pytest.raises(StorageError, match="恢复没有做完"):
            use()


def test_a_model_that_does_not_fit_leaves_nothing_behind(tmp_path: Path, trained: Trained) -> None:
    store = ModelStore(tmp_path / "store")
    with files_no_larger_than(8_000), pytest.raises(StoreError, match="无法写入"):
        store.add(trained.model, trained.manifest)
    assert (store.versions(), store.live, store.history()) == ([], None, [])
    assert [path.name for path in store.directory.iterdir()] == ["versions"]


@contextmanager
def nobody_special() -> Iterator[None]:
    """Be refused what the owner's bits refuse: root isn't."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("name", ["live", "history.jsonl"])
def test_a_file_of_another_user_is_not_called_damaged(name: str) -> None:
    with tempfile.TemporaryDirectory() as place:  # others may not look into the folders of tests
        Path(place).chmod(0o755)
        Path(place, name).touch(0)
        store = ModelStore(Path(place))
        with nobody_special(), pytest.raises(StoreError) as caught:
            _ = store.live if name == "live" else store.history()
    assert "没有权限" in caught.value.message
    assert "属主" in caught.value.hint
    assert "删去" not in caught.value.hint


def test_a_store_below_a_file_cannot_be_made(tmp_path: Path, trained: Trained) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="无法写入"):
        ModelStore(tmp_path / "file" / "store").add(trained.model, trained.manifest)


def test_history_is_one_json_object_a_line(two: tuple[ModelStore, str, str]) -> None:
    store, *_ = two
    lines = (store.directory / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["trained", "promoted", "trained"]


def test_two_trainings_at_once_get_two_versions(store: ModelStore, trained: Trained) -> None:
    taken = store.directory / "versions" / f"{str(store.live).rpartition('.')[0]}.2"
    taken.mkdir()
    (taken / "manifest.json").write_text("{}")  # as if the other were just being moved in
    assert store.add(trained.model, trained.manifest).endswith(".3")
    assert taken.is_dir()
