"""The layouts of the screens, by the terminal's size; styles/main.tcss says what each looks like."""

from __future__ import annotations

from textual.geometry import Size

WIDTHS: list[tuple[int, str]] = [(0, "-tiny"), (60, "-narrow"), (100, "-normal"), (170, "-wide")]
HEIGHTS: list[tuple[int, str]] = [(0, "-flat"), (18, "-low"), (30, "-high"), (44, "-tall")]
"""The minimum columns and rows of each layout, as Textual's breakpoints."""


def layouts_at(size: Size) -> tuple[str, str]:
    """Return the CSS classes of a screen in a terminal of that `size`."""
    width, height = (
        max((least, name) for least, name in layouts if least <= cells)[1]
        for cells, layouts in ((size.width, WIDTHS), (size.height, HEIGHTS))
    )
    return width, height
