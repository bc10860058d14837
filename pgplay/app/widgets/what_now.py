"""The card after a solved run: what was reached, and what to try next."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from pgplay.app.actions import ACTIONS, do
from pgplay.app.state.app_state import AppState
from pgplay.app.state.guide import solved_sentence, suggestions

_ROWS_FOR_LINES = 30
"""Rows of a terminal from which the card has a border and a line for each suggestion; below, rows are for the plots."""

_KEYS = {action.name: action.key_display for action in ACTIONS}


class WhatNow(Static):
    """Three keys that fit a solved run; it lies between the panels and the last lines, and covers neither."""

    def __init__(self) -> None:
        super().__init__(id="what-now", classes="panel")
        self.border_title = "What now?"
        self.border_subtitle = " escape closes "
        self._shown: object = None

    def show(self, state: AppState) -> None:
        """Show the card of the solved run, or hide it."""
        self.display = state.asks_what_now
        is_low = self.app.size.height < _ROWS_FOR_LINES
        if not self.display or self._shown == (shown := (state.report, is_low)):
            return
        self._shown = shown
        tries = suggestions(state)
        width = max(cell_len(one.title) for one in tries) + 2
        keys = [
            Content.from_markup(
                f"[@click={do(one.action)}][$secondary b]$key[/] $title[/]",
                key=_KEYS[one.action],
                title=one.title if is_low else f"{one.title:<{width}}{one.more}",
            )
            for one in tries
        ]
        if is_low:
            keys.append(Content.from_markup(f"[@click={do('unfocus')}][$secondary b]esc[/] closes[/]"))
        between = Content("   ") if is_low else Content("\n")
        self.update(Content("\n").join([Content(solved_sentence(state)), between.join(keys)]))
