from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from router.errors import SiteError
from router.site import Site
from router.site_archive import keep_site, kept_site
from router.site_files import load_site


@pytest.fixture
def loaded(site_directory: Path) -> Site:
    return load_site(site_directory)


def test_a_site_comes_back_as_it_was_though_its_files_changed(
    site_directory: Path, loaded: Site, tmp_path: Path
) -> None:
    keep_site(site_directory, loaded, tmp_path / "store")
    (site_directory / "rules.toml").write_text("", encoding="utf-8")
    (site_directory / "sections.csv").write_text("id,name\na,甲股\n", encoding="utf-8")
    assert kept_site(tmp_path / "store", loaded.digest, loaded.rules_digest) == loaded


def test_the_same_files_are_kept_once(site_directory: Path, loaded: Site, tmp_path: Path) -> None:
    for _ in range(2):
        keep_site(site_directory, loaded, tmp_path)
    (site_directory / "rules.toml").write_text("", encoding="utf-8")
    keep_site(site_directory, load_site(site_directory), tmp_path)
    assert [path.name for path in (tmp_path / "sites").iterdir()] == [loaded.digest]
    assert len(list((tmp_path / "rules").iterdir())) == 2


def test_files_that_were_edited_in_the_meantime_are_not_kept_under_a_wrong_name(
    site_directory: Path, loaded: Site, tmp_path: Path
) -> None:
    (site_directory / "topics.csv").write_text("id,name,section\n", encoding="utf-8")
    with pytest.raises(SiteError, match="刚刚又改过"):
        keep_site(site_directory, loaded, tmp_path)
    assert list((tmp_path / "sites").iterdir()) == []


def test_what_is_missing_or_was_touched_is_told(site_directory: Path, loaded: Site, tmp_path: Path) -> None:
    keep_site(site_directory, loaded, tmp_path)
    with (tmp_path / "rules" / loaded.rules_digest / "rules.toml").open("a") as file:
        file.write("# x\n")
    with pytest.raises(SiteError, match=r"规则文件 .* 被改动过"):
        kept_site(tmp_path, loaded.digest, loaded.rules_digest)
    shutil.rmtree(tmp_path / "sites")
    with pytest.raises(SiteError, match=r"站点文件 .* 没有留底"):
        kept_site(tmp_path, loaded.digest, loaded.rules_digest)


def test_a_place_that_cannot_be_written_is_one_sentence(
    site_directory: Path, loaded: Site, tmp_path: Path
) -> None:
    (tmp_path / "store").write_text("a file, not a directory")
    with pytest.raises(SiteError, match="不能复算"):
        keep_site(site_directory, loaded, tmp_path / "store")


def test_without_a_site_nothing_needs_to_be_kept(tmp_path: Path) -> None:
    assert kept_site(tmp_path, "", "") == Site()
