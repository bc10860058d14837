"""A figure as a PNG picture, drawn by Pillow, which only this module imports.

Chosen against matplotlib (40 MB with what it needs), against converters from SVG (they need cairo or a browser, and
take their fonts from the system) and against a rasteriser of our own: Pillow comes as one wheel with a font in it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgplay.errors import InputError
from pgplay.export.figure import Caption, Figure, Point, Polygon, Polyline, Shape
from pgplay.export.printable_text import printable

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SCALE = 2
"""Picture pixels per figure pixel, for high-density screens."""
_OVERSAMPLING = 2
"""Supersampling factor: lines are drawn larger and scaled down, which smooths their edges."""
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
_DASH, _GAP = 4.0, 3.0


def to_png(figure: Figure) -> bytes:
    """Return `figure` as the bytes of a PNG file; raises InputError where Pillow is not installed."""
    try:
        from PIL import Image, ImageDraw
    except ModuleNotFoundError as error:
        raise InputError("export.no_pillow") from error
    size = SCALE * _OVERSAMPLING
    large = Image.new("RGB", (figure.width * size, figure.height * size), "white")
    pen = ImageDraw.Draw(large)
    for shape in figure.shapes:
        _draw(pen, shape, size)
    small = large.resize((figure.width * SCALE, figure.height * SCALE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(pen: ImageDraw, shape: Shape, size: int) -> None:
    match shape:
        case Polygon(points, colour):
            pen.polygon(_scaled(points, size), fill=colour)
        case Polyline(points, colour, width, dashed):
            for part in _dashes(points) if dashed else [points]:
                pen.line(_scaled(part, size), fill=colour, width=round(width * size), joint="curve")
        case Caption((x, y), text, font_size, anchor, colour, bold):
            from PIL import ImageFont

            font = ImageFont.load_default(font_size * size)
            pen.text(
                (x * size, y * size),
                printable(text),
                fill=colour,
                font=font,
                anchor=_ANCHORS[anchor],
                stroke_width=size // 4 if bold else 0,
            )


def _scaled(points: Sequence[Point], size: int) -> list[Point]:
    return [(x * size, y * size) for x, y in points]


def _dashes(points: Sequence[Point]) -> list[list[Point]]:
    """Return the dashes of an upright or level line from its first point to its last."""
    (x, y), (to_x, to_y) = points[0], points[-1]
    length = abs(to_x - x) + abs(to_y - y)
    parts, at = [], 0.0
    while at < length:
        end = min(at + _DASH, length)
        ends = [(x + (to_x - x) * along / length, y + (to_y - y) * along / length) for along in (at, end)]
        parts.append(ends)
        at = end + _GAP
    return parts
