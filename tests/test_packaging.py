"""What is shipped: a wheel that works in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from itertools import chain
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a packager does."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def place(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an environment that holds the wheel, and the libraries of this one."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place / "env", with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", f"{place}/env/bin/python", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    (libraries,) = (place / "env").glob("lib/python*/site-packages")
    # only a path: the .pth files over there, and with them the checkout, are not followed
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return place


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [f"{place}/env/bin/{arguments[0]}", *arguments[1:]]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_nothing_lies_at_the_top_but_the_packages(names: list[str]) -> None:
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "router",
        "models",
        "training",
        "service.py",
    }


def test_the_sample_site_and_the_page_are_in_it(names: list[str]) -> None:
    sample = {name.removeprefix("router/sample_site/") for name in names if "/sample_site/" in name}
    assert {"sections.csv", "topics.csv", "neighbours.csv", "site.toml", "rules.toml"} <= sample
    assert any(name.startswith("cases/") for name in sample)
    assert any(name.startswith("inbox/") for name in sample)
    assert any(name.startswith("router/web/templates/") for name in names)
    assert any(name.startswith("router/web/static/") for name in names)
    assert "router/locale/zh/LC_MESSAGES/fenban.mo" in names


def test_the_licence_is_in_it(wheel: Path, names: list[str]) -> None:
    (licence,) = [name for name in names if name.endswith("LICENSE")]
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_nothing_is_in_it_that_only_we_need(names: list[str]) -> None:
    unwanted = ("__pycache__", ".pyc", "tests/", ".DS_Store", "/store/", ".~lock")
    assert [name for name in names if any(part in name for part in unwanted)] == []


def test_every_module_of_ours_is_in_it(names: list[str]) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in ("router", "models", "training")
        for path in (ROOT / package).rglob("*.py")
    }
    assert ours <= set(names)


def test_every_entry_point_can_be_loaded(place: Path) -> None:
    code = "from importlib.metadata import distribution as d; [p.load() for p in d('fenban').entry_points]"
    run(place, "python", "-W", "ignore", "-c", code)


def test_it_runs_from_where_it_is_installed(place: Path) -> None:
    code = (
        "import router, models, training, service; print(router.__file__, models.__file__, service.__file__)"
    )
    files = run(place, "python", "-c", code).stdout.split()
    assert all(Path(file).is_relative_to(place / "env") for file in files)


def test_a_bureau_can_begin_with_it(place: Path) -> None:
    run(place, "fenban", "init", "site")
    run(place, "fenban", "train", "--site", "site", "--store", "store", "--json", "train.json")
    run(place, "fenban", "suggest", "site/inbox", "--site", "site", "--store", "store", "-o", "o.jsonl")
    assert json.loads((place / "train.json").read_text())["live"]
    assert len((place / "o.jsonl").read_text(encoding="utf-8").splitlines()) >= 20
    assert run(place, "fenban", "--version").stdout.startswith("fenban, version ")


def test_every_library_asked_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = [re.split(r"[>[]", requirement)[0].lower() for requirement in wanted]
    assert [name for name in names if f"\n{name}==" not in f"\n{pinned}"] == []
