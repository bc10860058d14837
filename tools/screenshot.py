"""Write the picture of the app that the README shows: python -m tools.screenshot.

The preset long-line is trained by the real worker, in a home of its own, and shown as it stands after fifty steps. The
seconds and characters a second in the picture are those of the machine that it is made on: let nothing else run there.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from pgplay.app.app import PgplayApp
from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "screenshot.svg"
PRESET = "long-line"
SIZE = (120, 36)
STEPS = 50


async def _until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    while not condition():
        await pilot.pause(0.02)


async def main() -> None:
    """Train, and write the picture."""
    app = PgplayApp(make_config(load_preset(PRESET).settings), PRESET)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: app.state.worker == "ready" and app.state.parameters is not None)
        await pilot.press("space")
        await _until(pilot, lambda: app.state.step >= STEPS and not app.redraw_is_due)
        PICTURE.write_text(app.export_screenshot(title="pgplay"), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["PGPLAY_HOME"] = home
        asyncio.run(main())
