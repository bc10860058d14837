"""A figure as a PDF of vectors with its fonts in it, for a paper; drawn by matplotlib, which only this module imports.

It is as wide as the text of a page, where its smallest letters have 7 points. The background is left out: the paper has
its own.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.errors import InputError
from pgplay.export.figure import PAPER, Caption, Figure, Point, Polygon, Polyline, Shape
from pgplay.export.printable_text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Page

POINTS_PER_PIXEL = 0.66
"""Of a figure that is 760 pixels wide: 7 inches, the text of a US letter page with margins of 0.75."""
_TRUE_TYPE = 42  # journals refuse matplotlib's usual Type 3 fonts
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}
_DASHES = (0, (4.0, 3.0))


def to_pdf(figure: Figure) -> bytes:
    """Return `figure` as the bytes of a PDF file; raises InputError where matplotlib is not installed."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure as Page
    except ModuleNotFoundError as error:
        raise InputError("export.no_matplotlib") from error
    points = POINTS_PER_PIXEL
    file = io.BytesIO()
    with rc_context({"pdf.fonttype": _TRUE_TYPE, "font.family": ["DejaVu Sans"]}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a sign that the font lacks is drawn as a box
        page = Page(figsize=(figure.width * points / 72, figure.height * points / 72), dpi=72)
        for order, shape in enumerate(figure.shapes):
            _draw(page, shape, figure.height, order)
        page.savefig(file, format="pdf", metadata={"Creator": "pgplay", "Producer": None, "CreationDate": None})
    return file.getvalue()


def _draw(page: Page, shape: Shape, height: float, order: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Polygon as Area
    from matplotlib.transforms import IdentityTransform

    options: dict[str, Any] = {"transform": IdentityTransform(), "zorder": order}
    match shape:
        case Polygon(corners, colour):
            if colour != PAPER:
                page.add_artist(Area(_placed(corners, height), facecolor=colour, linewidth=0, **options))
        case Polyline(corners, colour, width, dashed):
            style: Any = _DASHES if dashed else "solid"
            across, upwards = zip(*_placed(corners, height), strict=True)
            weight = width * POINTS_PER_PIXEL
            page.add_artist(Line2D(across, upwards, color=colour, linewidth=weight, linestyle=style, **options))
        case Caption(place, text, size, anchor, colour, bold):
            ((x, y),) = _placed([place], height)
            page.text(
                x,
                y,
                printable(text).replace("$", r"\$"),
                fontsize=size * POINTS_PER_PIXEL,
                color=colour,
                horizontalalignment=_ANCHORS[anchor],
                verticalalignment="baseline",
                fontweight="bold" if bold else "normal",
                **options,
            )


def _placed(points: Sequence[Point], height: float) -> list[Point]:
    """Return `points` of the figure, whose y goes down, on the page, in points from its lower left corner."""
    return [(x * POINTS_PER_PIXEL, (height - y) * POINTS_PER_PIXEL) for x, y in points]
