"""What all tests of the app share: apps that start and settle sooner than Textual's, and are otherwise the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from textual import _wait
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

ALLOCATIONS_BETWEEN_COLLECTIONS = 500_000
"""Each app makes objects by the hundred thousand; by Python's measure a third of the time goes into looking at them."""

SETTLING_SECONDS, IDLE_SECONDS = 0.004, 0.001
"""An app has settled that worked for less than the second in the first; Textual waits 0.02 s, twice for each key."""


@pytest.fixture(scope="package", autouse=True)
def apps_are_quick() -> Iterator[None]:
    """Parse each style sheet once a process, wait less for an idle app, and collect garbage less often."""
    usual, thresholds = Stylesheet._parse_rules, gc.get_threshold()
    parsed: dict[object, list[RuleSet]] = {}

    def parse_once(sheet: Stylesheet, css: str, read_from: Any, *arguments: Any, **named: Any) -> list[RuleSet]:
        key = (css, read_from, arguments, tuple(named.items()), frozenset(sheet._variables.items()))
        if key not in parsed:
            parsed[key] = usual(sheet, css, read_from, *arguments, **named)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(Stylesheet, "_parse_rules", parse_once)
        patches.setattr(_wait, "SLEEP_GRANULARITY", SETTLING_SECONDS)
        patches.setattr(_wait, "SLEEP_IDLE", IDLE_SECONDS)
        gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, *thresholds[1:])
        yield
    gc.set_threshold(*thresholds)
