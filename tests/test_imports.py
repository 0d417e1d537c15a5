"""Imports point one way: router <- models <- training <- service.py."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("router", "models", "training", "service")
HEAVY = {"flask", "sqlalchemy", "sklearn", "scipy", "jieba", "rjieba", "pandas", "joblib"}
OUTER = ("web", "storage", "readers")
ONLY_HERE = {
    "flask": ("router/web/",),
    "sqlalchemy": ("router/storage/",),
    "pandas": ("training/",),
    "sklearn": ("models/", "training/"),
    "jieba": ("models/",),
    "openpyxl": ("router/readers/", "router/sheets.py", "router/web/"),
    "docx": ("router/readers/",),
    "pypdf": ("router/readers/",),
    "python_calamine": ("router/readers/",),
    "bs4": ("router/readers/",),
    "ziaplot": ("router/charts.py",),
    "jinja2": ("models/card_page.py", "training/backtest/page.py"),
}


def files() -> list[Path]:
    return [*(path for layer in LAYERS[:3] for path in (ROOT / layer).rglob("*.py")), ROOT / "service.py"]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names of modules that import statements name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources() -> Iterator[tuple[str, str]]:
    """Yield each of our source files and each module it imports, wherever in the file."""
    for path in files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from ((path.relative_to(ROOT).as_posix(), name) for name in imported(ast.walk(tree)))


IMPORTS = list(sources())
CORE = sorted(
    module_of(path)
    for path in (ROOT / "router").rglob("*.py")
    if path.relative_to(ROOT).parts[1] not in OUTER
)


def loaded_by(module: str) -> set[str]:
    """Return the top-level names that importing `module` loads in a fresh interpreter."""
    code = f"import {module}, sys; print(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("layer", LAYERS[:3])
def test_a_layer_imports_only_those_below_it(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    wrong = [
        f"{name} imports {module}"
        for name, module in IMPORTS
        if name.startswith(f"{layer}/") and module.partition(".")[0] in above
    ]
    assert wrong == []


@pytest.mark.parametrize("library", ONLY_HERE)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    wrong = [
        name
        for name, module in IMPORTS
        if module.partition(".")[0] == library
        and not name.startswith(ONLY_HERE[library])
        and name != "service.py"
    ]
    assert wrong == []


def test_the_core_of_the_router_loads_in_a_fresh_interpreter_without_the_heavy_libraries() -> None:
    loaded = loaded_by(", ".join(CORE))
    assert loaded & (HEAVY | set(LAYERS[1:])) == set()


@pytest.mark.parametrize(
    "module", ["router.policy", "router.precedence", "router.pipeline", "router.rules.keyword"]
)
def test_each_part_loads_alone(module: str) -> None:
    assert loaded_by(module) & (HEAVY | set(LAYERS[1:])) == set()


def test_readers_need_neither_models_nor_the_web() -> None:
    assert (
        loaded_by("router.readers") & {"flask", "sqlalchemy", "sklearn", "jieba", "pandas", *LAYERS[1:]}
        == set()
    )


def test_models_need_neither_training_nor_the_web() -> None:
    # pandas may be there: scikit-learn looks for it
    assert loaded_by("models.store, models.commands") & {"flask", "training", "service"} == set()


def test_the_command_line_loads_nothing_that_help_does_not_need() -> None:
    loaded = loaded_by("service")
    assert loaded & (HEAVY | {"numpy", "models", "training", "rich", "openpyxl", "gunicorn"}) == set()


def test_no_two_modules_need_each_other_to_be_imported() -> None:
    ours = {module_of(path): path for path in files()}
    needs = {
        name: {other for other in imported(ast.parse(path.read_text("utf-8")).body) if other in ours} - {name}
        for name, path in ours.items()
    }
    assert len(list(TopologicalSorter(needs).static_order())) == len(ours)  # a cycle raises


@pytest.mark.parametrize("name", [name for name in CORE if name != "router"])
def test_all_names_what_can_be_imported(name: str) -> None:
    module = __import__(name, fromlist=["__all__"])
    assert [wanted for wanted in module.__all__ if not hasattr(module, wanted)] == []


@pytest.mark.parametrize("layer", ["models", "training"])
def test_a_package_of_the_same_name_elsewhere_stops_the_start(tmp_path: Path, layer: str) -> None:
    (tmp_path / layer).mkdir()
    (tmp_path / layer / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import service; service.main()", "models", "list"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{layer} 来自 {tmp_path}" in done.stderr


def test_a_router_of_another_project_is_told_though_nothing_can_be_imported_from_it(tmp_path: Path) -> None:
    (tmp_path / "router").mkdir()
    (tmp_path / "router" / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import service; service.main()", "--version"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"错误：router 来自 {tmp_path}，而 service 来自 {ROOT}。请")
