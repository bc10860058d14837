"""Whether tensors are those that a network, or whatever else is kept beside it, must have; without torch."""

from __future__ import annotations

from collections.abc import Mapping

from pgplay.policies.families.base import Shapes


def misfit(found: Mapping[str, tuple[int, ...]], expected: Shapes) -> str:
    """Return in words the first thing that is wrong with tensors of the shapes `found`; empty where nothing is."""
    for name, shape in expected.items():
        if name not in found:
            return f"it lacks {name}"
        if found[name] != shape:
            return f"{name} is {_in_words(found[name])}, not {_in_words(shape)}"
    extra = next((name for name in found if name not in expected), None)
    return "" if extra is None else f"it holds {extra}, which does not belong there"


def _in_words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a single number"
