"""Imports point one way: router <- models <- training <- service.py."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("router", "models", "training", "service")
HEAVY = {"flask", "sqlalchemy", "sklearn", "scipy", "jieba", "rjieba", "pandas", "joblib"}
OUTER = ("web", "storage", "readers")
CORE = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "router").rglob("*.py")
    if path.relative_to(ROOT).parts[1] not in OUTER
)
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
}


def sources() -> Iterator[tuple[str, str]]:
    """Yield each of our source files and each module it imports, wherever in the file."""
    for path in [*(p for layer in LAYERS[:3] for p in (ROOT / layer).rglob("*.py")), ROOT / "service.py"]:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} imports relatively"
                yield name, str(node.module)


IMPORTS = list(sources())


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


@pytest.mark.parametrize("module", ["router.policy", "router.pipeline", "router.rules.keyword"])
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


def test_every_module_can_be_imported_first() -> None:
    modules = sorted(
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for layer in LAYERS[:3]
        for p in (ROOT / layer).rglob("*.py")
    )
    code = """
import importlib, sys
ours = ("router", "models", "training", "service")
for name in sys.argv[1:]:
    for loaded in [m for m in sys.modules if m.partition(".")[0] in ours]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *modules, "service"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr


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
