"""A public name is defined in one module only, so that a reader who meets it knows what it is."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pgplay

ROOT = Path(pgplay.__file__).parent
SHARED = {
    "main": "what runs a process: Python calls it so, and each process has its own",
}
"""Names that several modules may define, with the reason."""


def definitions(tree: ast.Module) -> Iterator[str]:
    """The public functions, classes, constants and type aliases that a module defines, except type variables."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[target], value=value):
                is_variable = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "TypeVar"
                if not is_variable:
                    yield from names_in(target)
            case ast.AnnAssign(target=target):
                yield from names_in(target)


def names_in(target: ast.expr) -> list[str]:
    """The names that an assignment binds."""
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def modules_by_name() -> dict[str, list[str]]:
    modules = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        for name in definitions(ast.parse(path.read_text(encoding="utf-8"))):
            if not name.startswith("_"):
                modules[name].append(path.relative_to(ROOT).as_posix())
    return modules


def test_a_public_name_is_defined_in_one_module() -> None:
    twins = {name: modules for name, modules in modules_by_name().items() if len(modules) > 1}
    assert not {name: modules for name, modules in twins.items() if name not in SHARED}
    assert set(SHARED) <= set(twins)
