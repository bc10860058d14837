"""Screens with a list that can be filtered."""

from __future__ import annotations

from textual import on
from textual.screen import Screen
from textual.widgets import DataTable, Input

from pgplay.app.widgets.filter_field import FilterField


class Filtering(Screen[None]):
    """A screen with one table and one FilterField; subclasses show the rows that the field admits."""

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one(DataTable).focus()

    def action_filter(self) -> None:
        """Open the filter's field."""
        self.query_one(FilterField).open()

    def action_leave(self) -> None:
        """Close the filter; without one, leave the screen."""
        if self.query_one(FilterField).close():
            self.query_one(DataTable).focus()
        else:
            self.dismiss()
