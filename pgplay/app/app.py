"""The app: it owns the worker and the state; screens show the state and post what the person wants."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import PurePath
from typing import Any, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import Worker

from pgplay.app import themes
from pgplay.app.actions import EVERYWHERE, bindings
from pgplay.app.command_queue import CommandQueue
from pgplay.app.controllers.assembly import Controllers
from pgplay.app.drawing.ascii import Ascii
from pgplay.app.drawing.steering import WITHOUT_STEERING
from pgplay.app.idle import SpareTime
from pgplay.app.layouts import HEIGHTS, WIDTHS, layouts_at
from pgplay.app.messages import (
    PARTS,
    BranchRun,
    CompareRuns,
    LooksChanged,
    NewSweep,
    OpenSweep,
    OpenTimeTravel,
    Part,
    PresetChosen,
    ResumeRun,
    RewardSaved,
    ScreenRequest,
    SetupChanged,
    SetupTyped,
    StateShown,
    WorkerEnded,
    WorkerEvent,
    WorkerExit,
    WorkerSpoke,
    WriteForPrompt,
)
from pgplay.app.notices import notify_user
from pgplay.app.pages import Pages
from pgplay.app.palette.entries import PaletteEntry
from pgplay.app.palette.provider import Everything
from pgplay.app.render_queue import RenderQueue
from pgplay.app.screens.main import MainScreen
from pgplay.app.state.app_state import AppState
from pgplay.app.state.saved_state import NOTHING, SavedUiState, described_problems
from pgplay.app.stored_runs.background_reading import Result, read_in_background
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.worker_link import LinkFactory, WorkerLink, real_worker
from pgplay.config.engine import LOCAL, Engine
from pgplay.config.run_config import RunConfig, to_settings
from pgplay.errors import PgplayError
from pgplay.experiments.sweep_library import LocalSweepLibrary, NoSweeps, SweepLibrary
from pgplay.library.policy_library import LocalPolicyLibrary, PolicyLibrary
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.run_library import LocalRunLibrary, RunLibrary
from pgplay.worker.client.far_libraries import NOT_THERE, FarPolicyLibrary, FarRunLibrary
from pgplay.worker.protocol.commands import Command
from pgplay.worker.protocol.events import Log, Ready, Snapshot

QUIT_SECONDS = 0.7
"""Seconds for the worker to write its checkpoint and exit before it is killed."""

_LOOK = 0.02
"""Seconds between looks at whether the screen that is being made is there."""

_LAST_SECONDS = 0.9
"""Seconds from a signal to end to the exit; a worker without its app writes its checkpoint and exits."""

STYLES: list[str | PurePath] = ["styles/app.tcss", "styles/main.tcss"]


class PgplayApp(Pages):
    """pgplay in the terminal."""

    TITLE = "pgplay"
    CSS_PATH = STYLES
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Everything}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(
        self,
        config: RunConfig,
        preset: str = "",
        *,
        brought: Sequence[RewardSpec] = (),
        connect: LinkFactory = real_worker,
        memory: SavedUiState = NOTHING,
        problems: Sequence[str] = (),
        is_first_run: bool = False,
        engine: Engine = LOCAL,
    ) -> None:
        """`brought` are the rewards of `config` that the person did not write; `connect` gives a worker on `engine`.

        `problems`: the parts of the saved state that were refused. `is_first_run`: whether it is the first start ever.
        """
        super().__init__()
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = memory.theme or themes.DARK.name
        self.stylesheet.set_variables(self.get_css_variables())
        self._main: MainScreen | None = None
        self.state = AppState(to_settings(config), None, memory.view(), memory.ascii, memory.speed, is_first_run)
        self.state.palette_uses.update(memory.uses)
        self.state.engine, host = engine, engine.host
        self.policy_library: PolicyLibrary = FarPolicyLibrary(host) if host else LocalPolicyLibrary()
        self.run_library: RunLibrary = FarRunLibrary(host) if host else LocalRunLibrary()
        self.sweep_library: SweepLibrary = NoSweeps() if host else LocalSweepLibrary()
        self._config, self._preset, self._brought = config, preset, brought
        self._draft, self._problems, self._connect = memory.typed, problems, connect
        self._worker: WorkerLink | None = None
        self._commands = CommandQueue(self.state, self._deliver, lambda: self.call_later(self.start_worker))
        self._redrawing = RenderQueue(self, self._show_state)
        self.controllers = Controllers(self)
        self._spare_time = SpareTime(self, self.run_library)
        self._is_quitting = False

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's driver; on Linux and macOS, the one that survives any input."""
        usual = super().get_driver_class()
        if sys.platform == "win32":
            return usual
        from pgplay.app.terminal import in_place_of

        return in_place_of(usual)

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen."""
        # Textual tells a screen its size after the first look at its styles, and then looks at all of them again.
        layouts = layouts_at(self.size)
        self._main = MainScreen(self.state, self._config, self._preset, self._brought, self._draft, layouts)
        return self._main

    @property
    def main(self) -> MainScreen:
        """The main screen, also while another one covers it."""
        assert self._main is not None
        return self._main

    def refresh_css(self, animate: bool = True) -> None:
        """Read the styles again for another theme; before the first screen they are up to date."""
        if self._main is not None:
            super().refresh_css(animate=animate)

    # The worker

    def on_mount(self) -> None:
        """Start the worker after the first frame, so that torch loads while the person looks."""
        if sys.platform != "win32":  # a signal ends the app as ctrl+q does
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._quit_at_signal, number)
        self.theme_changed_signal.subscribe(self, self.change_looks)
        self.call_after_refresh(self.start_worker)
        if self._problems:
            self.call_after_refresh(self.notify_user, described_problems(self._problems), severe=True)
        if not self.is_headless:
            self.call_after_refresh(self._spare_time.begin)

    def _quit_at_signal(self, number: int) -> None:
        """Quit as ctrl+q does; without a terminal, Textual would wait forever to write its output."""
        if not self.is_headless:
            last_resort = threading.Timer(_LAST_SECONDS, os._exit, (128 + number,))
            last_resort.daemon = True
            last_resort.start()
        self.call_later(self.action_quit)

    async def start_worker(self) -> None:
        """Start a worker, in place of one that has ended, unless the app quits."""
        if self._is_quitting:
            return
        self.state.worker = "starting"
        worker = self._connect(
            lambda event: self._post(WorkerSpoke(event)), lambda code, tail: self._post(WorkerEnded(code, tail))
        )
        self._worker = worker
        try:
            await worker.start()
        except (PgplayError, OSError) as error:
            self.state.lose_worker()
            self.notify_user(f"The worker cannot be started: {error}", severe=True)
        self.redraw()

    def _post(self, message: WorkerSpoke | WorkerEnded) -> None:
        if self.is_running:
            self.post_message(message)

    def _deliver(self, command: Command) -> None:
        if self._worker is not None:
            self._worker.send(command)

    def send(self, command: Command) -> int:
        """Send a command, if necessary once the worker is ready; returns its number, which the answer carries."""
        return self._commands.send(command)

    def forget(self, request: int) -> None:
        """Cancel the command of this number if it still waits for the worker."""
        self._commands.forget(request)

    @on(WorkerSpoke)
    def _worker_spoke(self, message: WorkerSpoke) -> None:
        self.state.apply(event := message.event)
        self.controllers.take(event)
        if isinstance(event, Snapshot | Log):
            self._redrawing.soon()
            return
        if isinstance(event, Ready):
            self._commands.flush()
        self.show(WorkerEvent(event))
        self.redraw()

    @on(WorkerEnded)
    def _worker_ended(self, message: WorkerEnded) -> None:
        self.state.lose_worker()
        self._commands.clear()
        self.show(WorkerExit(message.returncode, message.log_tail))
        self.redraw()

    # Messages that no screen handles

    def show(self, message: Message) -> None:
        """Pass `message` to the top screen; unless that stops it, the app handles it."""
        if not (self.screen_stack and self.screen.post_message(message)):
            self.post_message(message)

    @on(WorkerEvent)
    def _worker_event(self, message: WorkerEvent) -> None:
        self.controllers.worker_events.show(message.event)

    @on(WorkerExit)
    def _worker_exit(self, message: WorkerExit) -> None:
        self.controllers.worker_events.show_worker_exit(message.returncode, message.log_tail)

    @on(RewardSaved)
    def _reward_saved(self, message: RewardSaved) -> None:
        self.notify_user(message.report)

    # Drawing

    def redraw(self, *parts: Part) -> None:
        """Show the changed state in `parts` of the main screen, or in all."""
        self._redrawing.at_once(*parts)

    @property
    def redraw_is_due(self) -> bool:
        """Whether the state has changed since it was shown."""
        return self._redrawing.is_due

    def _show_state(self, part: Part) -> None:
        # Only the main screen is drawn in parts; a covered screen is drawn once it is on top again.
        if self.screen is self._main or part == PARTS[0]:
            self.screen.post_message(StateShown(part))

    def change_looks(self, _: Theme | None = None) -> None:
        """The theme or character set changed; redraw every screen."""
        for screen in self.screen_stack:
            screen.post_message(LooksChanged())

    async def action_quit(self) -> None:
        """Quit within a second: the worker writes its checkpoint, or is killed."""
        self._is_quitting = True
        if not self._is_made:
            self.set_timer(_LOOK, self.action_quit)
            return
        self._spare_time.end()
        self.controllers.shell.remember()
        self.controllers.sweeps.end()
        if self._worker is not None:
            await self._worker.close(QUIT_SECONDS)
        self.workers.cancel_group(self, "controllers")
        self._exit_once_made()

    def _exit_once_made(self) -> None:
        if self._is_made:
            self.exit(0)
        else:
            self.set_timer(_LOOK, self._exit_once_made)

    @property
    def _is_made(self) -> bool:
        """Whether the top screen has all its widgets; one that is taken down before that ends in a traceback."""
        return bool(self.screen_stack) and self.screen.is_mounted

    async def on_unmount(self) -> None:
        """End the worker however the app ends."""
        if self._worker is not None and self._worker.alive:
            await self._worker.close(QUIT_SECONDS)

    # The person

    async def on_event(self, event: events.Event) -> None:
        """Note that the person is active; while the app quits, keys and the mouse do nothing."""
        if isinstance(event, events.InputEvent):
            if self._is_quitting:
                return
            self._spare_time.disturb()
        await super().on_event(event)

    async def action_do(self, name: str) -> None:
        """Do the action `name` of the registry; every action runs through here."""
        if self._is_quitting:
            return
        if self.state.host and name in NOT_THERE:
            self.notify_user(str(PgplayError(NOT_THERE[name], host=self.state.host)))
            return
        work = self.controllers.do(name)
        if isinstance(work, Coroutine):
            self.perform(work)

    def perform(self, work: Coroutine[Any, Any, object]) -> Worker[object]:
        """Run `work`, which may ask the person or read a file, concurrently."""
        return self.run_worker(work, group="controllers")

    async def read(self, read: Callable[[], Result], message: str, *, otherwise: str = "") -> Result | None:
        """Return the result of `read`, run in a thread; None after an error, which is shown."""
        return await read_in_background(self, read, message, otherwise=otherwise)

    @on(SetupChanged)
    def _setup_changed(self, message: SetupChanged) -> None:
        if not self.screen_stack:  # the app is closing
            return
        self.state.take_setup(message.settings, message.parameters)
        self.controllers.changes.take_settings(message.settings)
        self.redraw()

    @on(SetupTyped)
    def _setup_typed(self) -> None:
        self.controllers.shell.keep_draft()

    @on(Plot.Pointed)
    def _pointed(self, message: Plot.Pointed) -> None:
        self.controllers.plots.point(message.step)

    @on(PresetChosen)
    @on(ResumeRun)
    @on(BranchRun)
    @on(OpenTimeTravel)
    @on(OpenSweep)
    @on(NewSweep)
    @on(CompareRuns)
    @on(WriteForPrompt)
    def _requested(self, message: ScreenRequest) -> None:
        self.perform(self.controllers.carry_out(message))

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's colours, with those that only pgplay's styles use, all of them legible."""
        self.theme_variables = themes.completed(self.current_theme, super().get_css_variables())
        return self.theme_variables

    def palette_entries(self, screen: Screen[Any]) -> Sequence[PaletteEntry]:
        """Return the palette's entries on `screen`."""
        return self.controllers.palette.entries(screen)

    @property
    def palette_uses(self) -> Mapping[str, int]:
        """The number of times each palette entry was chosen."""
        return self.state.palette_uses

    def choose_from_palette(self, entry: PaletteEntry) -> None:
        """Run `entry` of the palette."""
        self.controllers.palette.choose(entry)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow the run's keys on the main screen only."""
        return action != "do" or parameters[0] in EVERYWHERE or len(self.screen_stack) < 2

    def collect(self) -> None:
        """Free the memory of a closed page."""
        self._spare_time.collect()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters, the one that removes control characters, and the ASCII one if it is on."""
        return [*super().get_line_filters(), WITHOUT_STEERING, *([Ascii()] if self.state.ascii else [])]

    def notify_user(self, message: str, *, severe: bool = False) -> None:
        """Show a short message over the screen."""
        notify_user(self, message, severe=severe)
