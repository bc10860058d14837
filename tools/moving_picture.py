"""Write the moving picture that the README shows: python -m tools.moving_picture.

The preset long-line is trained by the real worker, in slow motion and in a home of its own, until it is solved; a frame
is taken every few steps. Needs Pillow (`pip install pillow`), rsvg-convert and the font DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from textual.pilot import Pilot

from pgplay.app.app import PgplayApp
from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "pgplay.gif"
PRESET = "long-line"
SIZE = (100, 30)
EVERY = 2
"""Steps from one frame to the next."""
FRAME_SECONDS, LAST_SECONDS = 0.12, 3.0
COLOURS = 40
WIDTH = 900  # pixels
MOST_BYTES = 2_000_000

_FONT = "DejaVu Sans Mono"
_CELL_IN_FONT = 0.602
"""The width of a cell of that font, as a share of its size; a screenshot's cells are 12.2 pixels wide."""


async def _until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    while not condition():
        await pilot.pause(0.01)


async def record() -> list[str]:
    """Train, and return the frames as SVG."""
    app = PgplayApp(make_config(load_preset(PRESET).settings), PRESET)
    frames = []
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: app.state.worker == "ready" and app.state.parameters is not None)
        frames.append(app.export_screenshot(title="pgplay"))
        await pilot.press("space", "minus")
        shown = 0
        while app.state.run != "solved":
            await pilot.pause(0.01)
            if app.state.step >= shown + EVERY:
                shown = app.state.step
                frames.append(app.export_screenshot(title="pgplay"))
        await pilot.pause(0.5)
        frames.append(app.export_screenshot(title="pgplay"))
    return frames


def drawn(svg: str) -> Image.Image:
    """Return a frame as pixels."""
    svg = svg.replace("Fira Code", _FONT).replace("font-size: 20px", f"font-size: {12.2 / _CELL_IN_FONT:.2f}px")
    command = ["rsvg-convert", "--width", str(WIDTH), "--format", "png"]
    png = subprocess.run(command, input=svg.encode(), capture_output=True, check=True).stdout
    return Image.open(io.BytesIO(png)).convert("RGB")


def write_gif(frames: list[Image.Image], path: Path) -> None:
    """Write `frames` as one GIF that repeats, all with one palette."""
    palette = frames[-1].quantize(COLOURS)
    reduced = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [round(1000 * FRAME_SECONDS)] * (len(frames) - 1) + [round(1000 * LAST_SECONDS)]
    reduced[0].save(path, save_all=True, append_images=reduced[1:], duration=durations, loop=0, optimize=True)


def main() -> None:
    """Train, and write the picture."""
    write_gif([drawn(svg) for svg in asyncio.run(record())], PICTURE)
    size = PICTURE.stat().st_size
    print(f"{PICTURE.name}: {size:,} bytes")
    assert size < MOST_BYTES, "a README's picture is to load quickly"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["PGPLAY_HOME"] = home
        main()
