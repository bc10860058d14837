"""The policy's map: the likely tokens at each position, and when each token of the target was learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from pgplay.app.actions import LOOKS
from pgplay.app.messages import StateShown
from pgplay.app.screens.dialogs.base import Keys
from pgplay.app.screens.step.polling import Polling
from pgplay.app.screens.step.zoomable import ENLARGE, Zoomable
from pgplay.app.state.app_state import AppState, waiting_for_policy
from pgplay.app.state.plot_view import PlotView
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.plots.heatmaps import NextTokens, RewardHistogram, TargetTokens
from pgplay.app.widgets.token_table import shown_token
from pgplay.learning.reports.step_detail import PolicyMap
from pgplay.learning.reports.step_report import MOST_POSITIONS


class MapScreen(Zoomable, Polling):
    """Follows the run; `ask` requests the present map from the worker."""

    ASK_SECONDS = 0.5
    """Seconds between requests: each costs the worker two short passes, about a tenth of a step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "next panel"),
        ENLARGE,
        Binding("z", "zoom", "zoom", show=False, id=f"{LOOKS}zoom", tooltip="Show the last steps, or the whole run."),
        Binding("escape,a", "back", "back", key_display="esc"),
    ]
    AUTO_FOCUS = "#next-tokens"

    def __init__(self, state: AppState, ask: Callable[[], None]) -> None:
        super().__init__(state, ask)
        self._view = PlotView()
        self._map: PolicyMap | None = None

    def compose(self) -> ComposeResult:
        """Compose the maps."""
        yield Places("place_map", 0)
        yield Static(id="map-title", classes="page-title")
        with Container(id="maps"):
            yield NextTokens()
            yield TargetTokens()
            yield RewardHistogram(id="rewards")
        yield Keys()

    @property
    def answered_step(self) -> int | None:
        """The step of the map."""
        return self._state.map.step if self._state.map is not None else None

    @on(StateShown)
    def _state_shown(self) -> None:
        """Show a map when it arrives; a timer shows the steps, which arrive faster than anyone can read."""
        if self._state.map is not self._map:
            self.show_answer()

    def show_answer(self) -> None:
        """Show the map and the traces of all steps."""
        state, present_map = self._state, self._state.map
        self._map = present_map
        title = f"The policy's map · step {state.step} · {waiting_for_policy(state) or state.run}"
        if present_map is not None and present_map.prompt:
            title += f" · prompt {present_map.prompt!r}"
        self.query_one("#map-title", Static).update(Text(title))
        self.query_one(NextTokens).show(present_map)
        self.query_one("#maps").set_class(present_map is not None and not present_map.has_target, "-no-target")
        self.query_one(TargetTokens).show(state.history, self._view, self._labels())
        self.query_one(RewardHistogram).show(state.history, self._view)

    def _labels(self) -> list[str]:
        """Return the target's tokens; with several targets, the position numbers."""
        info = self._state.info
        if info is None or self._map is None:
            return []
        longest = max(map(len, info.targets), default=0) + 1
        if len(info.targets) > 1:
            return [str(number) for number in range(1, min(longest, MOST_POSITIONS) + 1)]
        return [shown_token(text) for text in self._map.target]

    def action_zoom(self) -> None:
        """Show the last 1000, 200 or 50 steps, or the whole run."""
        self._view = self._view.zoomed(self._state.history.last_step)
        self.show_answer()
