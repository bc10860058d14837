"""The filter of a list: words that a row must contain."""

from __future__ import annotations

from pgplay.app.widgets.text_fields import LineField

NO_ROW = "No row contains these words. Escape shows all."
"""The hint of a list whose filter admits no row."""


class FilterField(LineField):
    """A field that is hidden until it is opened; it ignores case."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, id="filter")
        self.display = False

    def open(self) -> None:
        """Show the field and focus it."""
        self.display = True
        self.focus()

    def close(self) -> bool:
        """Clear and hide the filter; returns whether there was one."""
        was_open = self.display
        if was_open:
            self.value, self.display = "", False
        return was_open

    def admits(self, text: str) -> bool:
        """Return whether `text` contains every word."""
        text = text.casefold()
        return all(word in text for word in self.value.casefold().split())
