"""The palette's way into Textual's command palette."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape
from textual.screen import Screen

from pgplay.app.palette.entries import PaletteEntry, find_matches, suggested


class Host(Protocol):
    """The app as the palette sees it."""

    def palette_entries(self, screen: Screen[Any]) -> Sequence[PaletteEntry]:
        """Return the palette's entries on `screen`."""

    @property
    def palette_uses(self) -> Mapping[str, int]:
        """How often each entry was chosen, by its key."""

    def choose_from_palette(self, entry: PaletteEntry) -> None:
        """Run `entry` and count its use."""


class Everything(Provider):
    """Offers every entry of the app; Textual lists hits by score."""

    async def startup(self) -> None:
        """Collect the entries once, for every query."""
        self._host = cast(Host, self.app)
        self._entries = self._host.palette_entries(self.screen)

    async def discover(self) -> Hits:
        """Offer the used entries, then the actions."""
        for entry in suggested(self._entries, self._host.palette_uses):
            yield DiscoveryHit(Text(entry.line), self._choose(entry), text=entry.line, help=escape(entry.help))

    async def search(self, query: str) -> Hits:
        """Offer the matching entries."""
        for score, entry in find_matches(query, self._entries, self._host.palette_uses):
            yield Hit(score, Text(entry.line), self._choose(entry), text=entry.line, help=escape(entry.help))

    def _choose(self, entry: PaletteEntry) -> partial[None]:
        return partial(self._host.choose_from_palette, entry)
