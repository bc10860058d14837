"""The card after a solved run: what was reached, and what to try next."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from pgplay.app.actions import ACTIONS, do
from pgplay.app.state.app_state import AppState
from pgplay.app.state.guide import solved_sentence, suggestions

_ROWS_FOR_LINES = 30
"""Rows of a terminal from which the card has a border and a line per suggestion."""

_KEYS = {action.name: action.key_display for action in ACTIONS}


class WhatNow(Static):
    """Three suggestions after a solved run, between the panels and the last lines."""

    def __init__(self) -> None:
        super().__init__(id="what-now", classes="panel")
        self.border_title = "What now?"
        self.border_subtitle = " escape closes "
        self._shown: object = None

    def show(self, state: AppState) -> None:
        """Show the card of the solved run, or hide it."""
        self.display = state.asks_what_now
        is_low = self.app.size.height < _ROWS_FOR_LINES
        content = (state.report, is_low)
        if not self.display or self._shown == content:
            return
        self._shown = content
        offers = suggestions(state)
        width = max(cell_len(offer.title) for offer in offers) + 2
        keys = [
            Content.from_markup(
                f"[@click={do(offer.action)}][$secondary b]$key[/] $title[/]",
                key=_KEYS[offer.action],
                title=offer.title if is_low else f"{offer.title:<{width}}{offer.more}",
            )
            for offer in offers
        ]
        if is_low:
            keys.append(Content.from_markup(f"[@click={do('unfocus')}][$secondary b]esc[/] closes[/]"))
        between = Content("   ") if is_low else Content("\n")
        self.update(Content("\n").join([Content(solved_sentence(state)), between.join(keys)]))
