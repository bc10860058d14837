"""What all tests of the app share: apps that start sooner, and draw only what a test looks at."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

ALLOCATIONS_BETWEEN_COLLECTIONS = 500_000
"""Each app makes hundreds of thousands of objects; by default a third of the time is garbage collection."""


@pytest.fixture(scope="package", autouse=True)
def apps_are_quick() -> Iterator[None]:
    """Parse each style sheet once a process, collect garbage less often, and draw nothing between two looks.

    Pictures and the strips that a test asks for are drawn as ever.
    """
    usual, draw, thresholds = Stylesheet._parse_rules, Compositor.render_update, gc.get_threshold()
    parsed: dict[object, list[RuleSet]] = {}

    def parse_once(sheet: Stylesheet, css: str, read_from: Any, *arguments: Any, **named: Any) -> list[RuleSet]:
        key = (css, read_from, arguments, tuple(named.items()), frozenset(sheet._variables.items()))
        if key not in parsed:
            parsed[key] = usual(sheet, css, read_from, *arguments, **named)
        return parsed[key]

    def draw_pictures_only(compositor: Compositor, full: bool = False, *arguments: Any, **named: Any) -> Any:
        compositor._dirty_regions.clear()
        return draw(compositor, full, *arguments, **named) if full else None

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(Stylesheet, "_parse_rules", parse_once)
        patches.setattr(RuleSet, "__hash__", object.__hash__)  # the same by identity, millions of times sooner
        patches.setattr(Compositor, "render_update", draw_pictures_only)
        gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, *thresholds[1:])
        yield
    gc.set_threshold(*thresholds)
