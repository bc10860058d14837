"""The filter of a list: words that a row must contain."""

from __future__ import annotations

from pgplay.app.widgets.text_fields import LineField

NO_ROW = "No row contains these words. Escape shows all."
"""What a page says of a list whose filter admits nothing."""


class FilterField(LineField):
    """Hidden until it is opened; capitals make no difference."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, id="filter")
        self.display = False

    def open(self) -> None:
        """Show the field, to type in."""
        self.display = True
        self.focus()

    def close(self) -> bool:
        """Take the filter away; returns whether there was one."""
        was_open = self.display
        if was_open:
            self.value, self.display = "", False
        return was_open

    def admits(self, text: str) -> bool:
        """Return whether `text` contains every word."""
        text = text.casefold()
        return all(word in text for word in self.value.casefold().split())
