"""A figure as a self-contained SVG document."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pgplay.export.figure import Caption, Figure, Point, Polygon, Polyline, Shape
from pgplay.export.printable_text import printable

_FAMILY = "system-ui, sans-serif"


def to_svg(figure: Figure) -> str:
    """Return `figure` as one SVG element, which is also a complete document."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{figure.width}" height="{figure.height}" '
        f'viewBox="0 0 {figure.width} {figure.height}" font-family="{_FAMILY}">'
    )
    return "\n".join([head, *map(_element, figure.shapes), "</svg>\n"])


def _element(shape: Shape) -> str:
    match shape:
        case Polygon(points, colour):
            return f'<polygon points="{_points(points)}" fill="{colour}"/>'
        case Polyline(points, colour, width, dashed):
            dash = ' stroke-dasharray="4 3"' if dashed else ""
            return (
                f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
                f' stroke-linejoin="round"{dash}/>'
            )
        case Caption((x, y), text, size, anchor, colour, bold):
            weight = ' font-weight="bold"' if bold else ""
            place = f'x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}"'
            return f'<text {place} fill="{colour}"{weight}>{escape(printable(text))}</text>'


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
