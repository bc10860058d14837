"""Screens whose list can be filtered by words."""

from __future__ import annotations

from textual import on
from textual.screen import Screen
from textual.widgets import DataTable, Input

from pgplay.app.widgets.filter_field import FilterField


class Filtering(Screen[None]):
    """Has one table and one FilterField; the screen itself decides which rows the field admits."""

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one(DataTable).focus()

    def action_filter(self) -> None:
        """Type words that the rows are to contain."""
        self.query_one(FilterField).open()

    def action_leave(self) -> None:
        """Take the filter away, or else leave the screen."""
        if self.query_one(FilterField).close():
            self.query_one(DataTable).focus()
        else:
            self.dismiss()
