from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from router.scratch import scratch_folder


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_the_same_each_time_and_nobody_elses(place: Path) -> None:
    folder = scratch_folder("words")
    assert scratch_folder("words") == folder
    assert scratch_folder("counts") != folder
    assert folder.stat().st_mode & 0o077 == 0
    assert len(list(place.iterdir())) == 2


@pytest.mark.parametrize("taken", ["open", "link", "file"])
def test_a_name_that_somebody_else_has_taken_is_not_used(place: Path, taken: str) -> None:
    folder = scratch_folder("words")
    folder.rmdir()
    if taken == "open":
        folder.mkdir()
        folder.chmod(0o777)
    elif taken == "link":
        (place / "theirs").mkdir(mode=0o700)
        folder.symlink_to(place / "theirs")
    else:
        folder.write_bytes(b"")
    found = scratch_folder("words")
    assert found != folder
    assert found.stat().st_mode & 0o077 == 0
