"""Protocols, docs/plugins.md and the example plugin say the same."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from router import decision, interfaces, proposal
from router.events import decision_event, verdict_event
from router.plugins import GROUPS
from tests.foreign import ROOT

EXAMPLE = ROOT / "tests" / "plugins" / "fenban-example"
DOCS = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
POINTS: dict[str, dict[str, str]] = PROJECT["entry-points"]
METHODS = [
    (group, name)
    for group, protocol in GROUPS.items()
    for name, member in inspect.getmembers(protocol, inspect.isroutine)
    if not name.startswith("_")
]

Shape = list[tuple[str, str, str | None, str]]
"""Of each parameter: name, kind, default and annotation; and what is returned, as the last."""


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language, without the indent of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", DOCS, flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


def definitions() -> Iterator[ast.ClassDef | ast.FunctionDef]:
    for block in blocks("python"):
        yield from (
            node for node in ast.parse(block).body if isinstance(node, ast.ClassDef | ast.FunctionDef)
        )


DEFINED = list(definitions())
CLASSES = {node.name: node for node in DEFINED if isinstance(node, ast.ClassDef)}


def method(of: ast.ClassDef, name: str) -> ast.FunctionDef:
    (found,) = [node for node in of.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return found


def documented(function: ast.FunctionDef) -> Shape:
    """Return the shape that a block of the docs tells, without self or cls."""
    arguments = function.args
    placed = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(placed) - len(arguments.defaults)) + list(arguments.defaults)
    shape: Shape = [
        ("POSITIONAL_OR_KEYWORD", *told(one, default)) for one, default in zip(placed, defaults, strict=True)
    ][1:]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    shape += [("KEYWORD_ONLY", *told(one, default)) for one, default in keywords]
    return [*shape, ("", "return", None, ast.unparse(function.returns) if function.returns else "")]


def told(one: ast.arg, default: ast.expr | None) -> tuple[str, str | None, str]:
    annotation = ast.unparse(one.annotation) if one.annotation else ""
    return one.arg, ast.unparse(default) if default else None, annotation


def real(function: Any) -> Shape:
    """Return the shape of a method of a protocol."""
    signature = inspect.signature(function)
    shape: Shape = [
        (p.kind.name, p.name, None if p.default is p.empty else repr(p.default), str(p.annotation))
        for p in signature.parameters.values()
        if p.name != "self"
    ]
    return [*shape, ("", "return", None, str(signature.return_annotation))]


def example_class(group: str) -> type[Any]:
    """Import the example's plugin of a group from the tree."""
    (target,) = POINTS[f"fenban.{group}"].values()
    module, _, name = target.partition(":")
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


@pytest.fixture
def example_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))


def without_docstring(node: ast.ClassDef) -> str:
    is_docstring = isinstance(node.body[0], ast.Expr)
    node.body = node.body[1:] if is_docstring else node.body
    return ast.dump(node)


@pytest.mark.parametrize(("group", "name"), METHODS)
def test_the_docs_show_every_method_with_its_exact_signature(group: str, name: str) -> None:
    protocol = GROUPS[group]
    assert documented(method(CLASSES[protocol.__name__], name)) == real(getattr(protocol, name))


@pytest.mark.parametrize("group", GROUPS)
def test_the_docs_show_a_protocol_with_its_attributes_and_no_method_more(group: str) -> None:
    protocol, shown = GROUPS[group], CLASSES[GROUPS[group].__name__]
    names = [node.name for node in shown.body if isinstance(node, ast.FunctionDef)]
    assert sorted(names) == sorted(name for of, name in METHODS if of == group)
    assert fields_shown(shown) == {name: str(kind) for name, kind in attributes(protocol).items()}
    made_for_class = {node.name for node in shown.body if getattr(node, "decorator_list", [])}
    assert made_for_class == {n for n in names if inspect.ismethod(getattr(protocol, n))}


def attributes(of: type[Any]) -> dict[str, Any]:
    return dict(vars(of).get("__annotations__", {}))


def fields_shown(shown: ast.ClassDef) -> dict[str, str]:
    pairs = [node for node in shown.body if isinstance(node, ast.AnnAssign)]
    return {ast.unparse(node.target): ast.unparse(node.annotation) for node in pairs}


@pytest.mark.parametrize("group", GROUPS)
def test_the_docs_name_every_group_with_its_own_part(group: str) -> None:
    assert f"`fenban.{group}`" in DOCS
    assert f"\n## {GROUPS[group].__name__}\n" in DOCS


@pytest.mark.parametrize(
    "name", ["Proposal", "Candidate", "Evidence", "Vote", "ReadProblem", "ReadNote", "Event"]
)
def test_the_docs_show_every_value_with_its_exact_fields(name: str) -> None:
    (home,) = [m for m in (interfaces, decision, proposal) if getattr(m, name, None) and name in m.__all__]
    source = ast.parse(textwrap.dedent(inspect.getsource(getattr(home, name)))).body[0]
    assert isinstance(source, ast.ClassDef)
    kept = [ast.unparse(node) for node in source.body if isinstance(node, ast.AnnAssign)]
    assert [ast.unparse(node) for node in CLASSES[name].body] == kept


def test_the_example_has_a_plugin_of_every_group() -> None:
    assert set(POINTS) == {f"fenban.{group}" for group in GROUPS}


@pytest.mark.usefixtures("example_on_path")
@pytest.mark.parametrize(("group", "name"), METHODS)
def test_the_example_has_every_method_with_the_same_arguments(group: str, name: str) -> None:
    given, wanted = real(getattr(example_class(group), name)), real(getattr(GROUPS[group], name))
    assert given[:-1] == wanted[:-1]  # what it returns may be narrower than the protocol says


@pytest.mark.parametrize(("group", "name"), METHODS)
def test_every_method_of_the_example_is_called_by_its_tests(group: str, name: str) -> None:
    tests = ast.parse((EXAMPLE / "test_fenban_example.py").read_text(encoding="utf-8"))
    called = {
        node.func.attr
        for node in ast.walk(tests)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert name in called


def test_what_the_docs_quote_is_the_example_as_it_is() -> None:
    sources = [path.read_text(encoding="utf-8") for path in EXAMPLE.rglob("*.py")]
    own = {node.name: node for s in sources for node in ast.parse(s).body if isinstance(node, ast.ClassDef)}
    quoted = [node for name, node in CLASSES.items() if name in own]
    assert [node.name for node in quoted] == ["PostalDistrictRule"]
    for node in quoted:
        assert without_docstring(node) == without_docstring(own[node.name])
    functions = [block for block in blocks("python") if not block.startswith("class ")]
    assert len(functions) == 2
    for block in functions:
        assert any(block in source or textwrap.indent(block, "    ") in source for source in sources)


def test_the_entry_point_in_the_docs_is_the_example_s() -> None:
    shown = [tomllib.loads(block) for block in blocks("toml")]
    (points,) = [one["project"]["entry-points"] for one in shown if "project" in one]
    assert points == {"fenban.rules": POINTS["fenban.rules"]}
    assert f"`fenban-example {PROJECT['version']}`" in DOCS


@pytest.mark.parametrize("made", [decision_event, verdict_event])
def test_the_docs_name_every_part_of_an_event(made: Any) -> None:
    names = {
        "decision_id", "revision", "previous_decision", "created_at", "status", "probability", "decided_by",
        "set", "lead", "topic", "co_sections", "flags", "reasons", "deadlines", "versions",
        "verdict_id", "made_by", "kind", "section", "returned_by", "returned_on",
    }  # fmt: skip
    full: dict[str, Any] = dict.fromkeys(names, "x") | {"lead": {}, "topic": {}}
    full |= {name: [] for name in ("co_sections", "flags", "reasons")}
    event = made(full) if made is decision_event else made("028", full)
    (row,) = [line for line in DOCS.splitlines() if line.startswith(f"| `{event.kind}` |")]
    assert set(re.findall(r"`(\w+)`", row)) == {event.kind, *event.payload}
