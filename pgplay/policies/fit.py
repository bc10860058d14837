"""Compares stored tensors with the shapes that a network needs; without torch."""

from __future__ import annotations

from collections.abc import Mapping

from pgplay.locale.catalog import Coded
from pgplay.policies.families.base import Shapes


def misfit(stored: Mapping[str, tuple[int, ...]], expected: Shapes) -> Coded | None:
    """Return the code of the first difference between the `stored` and the `expected` shapes, or None."""
    for name, shape in expected.items():
        if name not in stored:
            return "damage.lacks", {"name": name}
        if stored[name] != shape:
            return "damage.shape", {"name": name, "shape": _sizes(stored[name]), "expected": _sizes(shape)}
    extra = next((name for name in stored if name not in expected), None)
    return None if extra is None else ("damage.extra", {"name": extra})


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "1"
