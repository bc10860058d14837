"""Compares stored tensors with the shapes that a network needs; without torch."""

from __future__ import annotations

from collections.abc import Mapping

from pgplay.policies.families.base import Shapes


def misfit(stored: Mapping[str, tuple[int, ...]], expected: Shapes) -> str:
    """Return the first difference between the `stored` and the `expected` shapes; empty if there is none."""
    for name, shape in expected.items():
        if name not in stored:
            return f"it lacks {name}"
        if stored[name] != shape:
            return f"{name} is {_format_shape(stored[name])}, not {_format_shape(shape)}"
    extra = next((name for name in stored if name not in expected), None)
    return "" if extra is None else f"it has {extra}, which does not belong there"


def _format_shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single number"
