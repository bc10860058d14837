"""The main screen: the setup on the left, plots and samples beside it, status and keys below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.events import ScreenResume
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Static

from pgplay.app.actions import do
from pgplay.app.messages import PARTS, Part, StateShown
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.app.widgets.headline import Headline
from pgplay.app.widgets.key_bar import KeysLine
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.widgets.plots.grid import Curves
from pgplay.app.widgets.samples import Records, Samples
from pgplay.app.widgets.setup.panel import Setup
from pgplay.app.widgets.signals import Health
from pgplay.app.widgets.status import FindingLine, StatusLine
from pgplay.app.widgets.what_now import WhatNow
from pgplay.config.run_config import RunConfig, to_settings
from pgplay.model_places import is_pretrained
from pgplay.rewards.spec import RewardSpec

NO_NETWORK = "A search trains no network, so there is nothing to plot here."
START, PREPARING = "Press space to start.", "Preparing the first step."
LOOK_FIRST = "Press space to start, L for a first look."
FIX_FIRST, FIX_HIDDEN = "Fix the marked setting first.", "The setup has an error: t shows it."


class MainScreen(Screen[None]):
    """The setup, the plots, the samples and the state of the run."""

    AUTO_FOCUS = ""
    ALLOW_IN_MAXIMIZED_VIEW = "#places, #headline, #finding, #status, #keys"
    ESCAPE_TO_MINIMIZE = False  # the app's escape does this, after leaving a field

    def __init__(
        self,
        state: AppState,
        config: RunConfig,
        preset: str,
        brought: Sequence[RewardSpec] = (),
        draft: Mapping[str, str] | None = None,
        layouts: Iterable[str] = (),
    ) -> None:
        """`layouts` are the classes for the terminal's first size."""
        super().__init__(classes=" ".join(layouts))
        self._state = state
        self._config = config
        self._preset, self._brought, self._draft = preset, brought, draft

    def compose(self) -> ComposeResult:
        """Compose the panels."""
        yield Places("place_run", 0)
        yield Headline()
        with Horizontal(id="body"):
            yield Setup(self._config, self._preset, self._brought, self._draft)
            with Container(id="results"):
                yield Curves()
                with Vertical(id="texts"):
                    yield Samples()
                    yield Records()
                    yield Health()
        yield WhatNow()
        yield FindingLine()
        yield StatusLine()
        yield KeysLine()
        yield Static("This terminal is too small: make it at least 60 wide and 18 high.  ctrl+q quits", id="too-small")

    @property
    def setup(self) -> Setup:
        """The panel with the settings."""
        return self.query_one(Setup)

    @on(ScreenResume)
    def _resumed(self, event: ScreenResume) -> None:
        """Show the changes since the screen was covered."""
        if not self.stack_updates:  # the first time, each widget was styled when it was made
            event.refresh_styles = False
        self._show(*PARTS)

    @on(StateShown)
    def _state_shown(self, message: StateShown) -> None:
        self._show(message.part)

    @property
    def _start(self) -> str:
        """How to start, while there is no run."""
        if self._state.settings is None:
            return FIX_HIDDEN if self.has_class("-narrow") else FIX_FIRST
        model = (self._state.settings or to_settings(self._config)).get("model", self._config.model)
        return LOOK_FIRST if is_pretrained(model) else START

    def _show(self, *parts: Part) -> None:
        """Show the app's state in the panels of `parts`."""
        state = self._state
        if "large" in parts or "small" in parts:
            absent = "" if state.info is None or state.info.has_policy else NO_NETWORK
            call = PREPARING if state.is_beginning else START if state.has_run else self._start
            self.query_one(Curves).show(state.history, state.plots, absent, call, parts)
        if "texts" in parts:
            settings = state.settings or to_settings(self._config)
            self.query_one(Headline).show(state, settings, state.parameters)
            target = "" if settings.get("task") else settings.get("target", self._config.target)
            self.query_one(Samples).show(state, target)
            self.query_one(Records).show(state)
            self.query_one(Health).show(state)
            self.query_one(WhatNow).show(state)
            lesson = self.setup.query_one("#preset", Dropdown).description
            is_untold = self.has_class("-narrow") and state.can_start_other(settings)
            self.query_one(FindingLine).show(state, lesson if is_untold else "")
            self.query_one(KeysLine).show(state)
            self.query_one(StatusLine).show(state)
            self.setup.show(state)

    @property
    def focused_metric(self) -> str | None:
        """The metric of the focused plot, else of the large one; None if that is no curve."""
        focused = self.focused
        plot = focused if focused is not None and focused.has_class("plot") else self.query_one("#plot-1")
        return plot.metric if isinstance(plot, Plot) else None

    def enlarge(self) -> None:
        """Toggle the whole screen for the focused panel, or for the plots."""
        if self.maximized is not None:
            self.minimize()
            return
        ancestors = self.focused.ancestors_with_self if self.focused is not None else []
        panels = [node for node in ancestors if isinstance(node, Widget) and node.ALLOW_MAXIMIZE]
        self.maximize(panels[0] if panels else self.query_one("#curves"), container=False)

    def leave_field(self) -> bool:
        """Restore an enlarged panel; else leave the focused field, or close a setup that covers the plots.

        Returns whether there was anything to leave.
        """
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.set_focus(None)
        elif self.setup_covers:
            self.toggle_setup()
        else:
            return False
        return True

    def show_setup(self) -> None:
        """Show the setup if it is hidden."""
        if not self.setup.display:
            self.toggle_setup()

    def toggle_setup(self) -> None:
        """Show or hide the setup: beside the plots, or over them in a small terminal."""
        self.toggle_class("-setup-toggled")
        self.set_focus(None)

    @property
    def setup_covers(self) -> bool:
        """Whether the setup covers the plots, as in a small terminal."""
        return self.has_class("-narrow") and self.has_class("-setup-toggled")

    @on(Button.Pressed, "#start")
    async def _start_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.set_focus(None)
        await self.app.run_action(do("toggle_run"))
