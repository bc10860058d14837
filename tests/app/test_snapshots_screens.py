"""Snapshots of every screen that the other snapshot files leave out, in a small and in a usual terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from tests.app.fake_worker import Bench
from tests.app.screens import OPENINGS, go_to, prepare

ELSEWHERE = {"main", "phases", "microscope", "map"}
CHANGING = {"help", "code", "document"}
"""Screens with text from elsewhere in this repository, which no snapshot should repeat."""
QUESTIONS = {"save", "delete", "choose", "write-for-a-prompt"}
"""Small dialogs, which look the same in any terminal."""
SMALL, USUAL = (80, 24), (120, 36)
NAMES = [name for name in OPENINGS if name not in ELSEWHERE | CHANGING]
PICTURES = [*((name, SMALL) for name in NAMES), *((name, USUAL) for name in NAMES if name not in QUESTIONS)]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("name", "size"), PICTURES, ids=[f"{name}-{width}" for name, (width, _) in PICTURES])
def test_screen(name: str, size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench()

    async def look(pilot: Pilot[int]) -> None:
        await prepare(bench, pilot)
        screen = await go_to(name, bench, pilot)
        for field in screen.query("Input, TextArea"):
            field.cursor_blink = False  # type: ignore[attr-defined]
            if isinstance(field, TextArea):  # in either phase of its blinking
                field.show_cursor = False
        await pilot.pause()

    assert snap_compare(bench.app, terminal_size=size, run_before=look)
