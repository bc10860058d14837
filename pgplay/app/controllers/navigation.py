"""The five places of the app: going from one to another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pgplay.app.host import ShellHost
from pgplay.app.widgets.places import Places

Open = Callable[[], Coroutine[Any, Any, None] | None]
"""Opens one page over the main one."""


class NavigationController:
    """Opens the pages of a place; the key of the present place turns to its next page."""

    def __init__(self, host: ShellHost, pages: Mapping[str, tuple[Open, ...]]) -> None:
        """`pages`: each place's pages, by the names in PLACES; a place without pages is the main page."""
        self._host, self._pages = host, pages

    async def place_run(self) -> None:
        """Go to the main page."""
        await self._go("place_run")

    async def place_step(self) -> None:
        """Go to the newest recorded step, or from there to its completions token by token."""
        await self._go("place_step")

    async def place_map(self) -> None:
        """Go to the map of the policy, or from there to the prompts."""
        await self._go("place_map")

    async def place_compare(self) -> None:
        """Go to the runs side by side."""
        await self._go("place_compare")

    async def place_library(self) -> None:
        """Go to the stored runs, or from there to the saved policies."""
        await self._go("place_library")

    def go_home(self) -> None:
        """Close the pages over the main one."""
        while len(self._host.screen_stack) > 1:
            self._host.pop_screen()

    async def _go(self, place: str) -> None:
        present = self._host.screen.query(Places)
        pages = self._pages[place]
        page = present.first().page + 1 if present and present.first().place == place else 0
        self.go_home()
        if pages:
            work = pages[page % len(pages)]()
            if work is not None:
                await work
