"""The app as its controllers see it: the state, the worker, the screens."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from textual.binding import Binding
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from pgplay.app.messages import Part
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.setup.form import Checked, Problem
from pgplay.config.run_config import RunConfig
from pgplay.experiments.sweep_library import SweepLibrary
from pgplay.library.policy_library import PolicyLibrary
from pgplay.locale.catalog import Coded
from pgplay.rewards.spec import Origin, RewardSpec
from pgplay.runs.run_library import RunLibrary
from pgplay.worker.protocol.commands import Command

Result = TypeVar("Result")

FillIn = Callable[[Coded, Callable[[], None]], Coroutine[Any, Any, Result]]
"""Fills the setup by a function; the text is what a question calls these settings, or their run, if a run is under
way."""


class SetupForm(Protocol):
    """The form with the settings."""

    typed: dict[str, str]
    preset: str

    def check_now(self) -> Checked:
        """Check the fields as they are, without waiting for a pause in typing."""

    async def check(self) -> Checked:
        """Check the fields as they are, once the large files that they name have been read."""

    def load(self, config: RunConfig, preset: str = "", *, origin: Origin | None = None, kept: bool = False) -> None:
        """Show another configuration; `origin` and `kept` describe its rewards."""

    def rewards(self, texts: Iterable[str]) -> tuple[RewardSpec, ...]:
        """Return the rewards that `texts` name, their files read now; raises InputError."""

    def load_preset(self, name: str) -> None:
        """Show the preset of that name."""

    def keep_preset(self) -> None:
        """Show the present preset in its field, where another one was chosen."""

    async def open_setting(self, name: str) -> None:
        """Put the cursor into the field of a setting."""

    def set_target(self, text: str) -> None:
        """Put `text` in the target's field."""

    def set_reward(self, spec: str) -> None:
        """Put `spec`, which the person wrote, in the reward's field."""

    def show_pending(self, names: list[str]) -> None:
        """Show which changes wait for the next start."""

    def put_back(self, texts: Mapping[str, str], refusal: Problem) -> None:
        """Show `texts` in the fields of a change that the worker refused, and why beside one of them."""

    def forget_refusal(self) -> None:
        """Remove the reason for a refused change."""


class MainPage(Protocol):
    """The main screen, also while another one covers it."""

    @property
    def setup(self) -> SetupForm:
        """The form with the settings."""

    @property
    def focused_metric(self) -> str | None:
        """The metric of the plot that has the focus, or else of the large plot; None if that is not a curve."""

    def post_message(self, message: Message) -> bool:
        """Report something to the screen."""

    def enlarge(self) -> None:
        """Give the whole screen to one panel, or undo that."""

    def leave_field(self) -> bool:
        """Leave the focused field; returns whether there was one."""

    def show_setup(self) -> None:
        """Show the setup where it is hidden."""

    def toggle_setup(self) -> None:
        """Show or hide the setup."""


class AppHost(Protocol):
    """The app as its controllers see it."""

    @property
    def state(self) -> AppState:
        """The one state."""

    @property
    def policy_library(self) -> PolicyLibrary:
        """The saved policies."""

    @property
    def run_library(self) -> RunLibrary:
        """The stored runs."""

    @property
    def sweep_library(self) -> SweepLibrary:
        """The stored sweeps."""

    @property
    def main(self) -> MainPage:
        """The main screen."""

    def send(self, command: Command) -> int:
        """Send a command to the worker now, or as soon as it is ready; returns its number, which the answer carries."""

    def forget(self, request: int) -> None:
        """Withdraw the command of that number if it was not sent yet."""

    def redraw(self, *parts: Part) -> None:
        """Show the state again, in `parts` of the main screen or in all of it."""

    def notify_user(self, message: str, *, severe: bool = False) -> None:
        """Show a short message over the screen."""

    def post_message(self, message: Message) -> bool:
        """Post a message to another controller."""

    def show(self, message: Message) -> None:
        """Pass `message` to the uppermost screen; the app handles it unless the screen stops it."""

    async def action_do(self, name: str) -> None:
        """Do the action of that name."""

    def perform(self, work: Coroutine[Any, Any, object]) -> object:
        """Run `work` in the background; it may ask the person or read a file."""

    def push_screen(self, screen: Screen[Any]) -> object:
        """Show a screen."""

    async def push_screen_wait(self, screen: Screen[Result]) -> Result:
        """Show a dialog and return its answer."""

    def pop_screen(self) -> object:
        """Leave the uppermost screen."""

    @property
    def screen_stack(self) -> Sequence[Screen[Any]]:
        """The screens, the uppermost one last."""

    async def read(self, read: Callable[[], Result], message: str, *, otherwise: str = "") -> Result | None:
        """Return what `read` returns from a thread of its own; None after an error, which has been shown."""


class ShellHost(AppHost, Protocol):
    """The app as the controller of help, looks and focus sees it."""

    theme: str

    @property
    def screen(self) -> Screen[Any]:
        """The uppermost screen."""

    @property
    def mouse_over(self) -> Widget | None:
        """The widget under the mouse."""

    def get_key_display(self, binding: Binding) -> str:
        """Return a key as a person reads it."""

    async def run_action(self, action: str, default_namespace: DOMNode | None = None) -> bool:
        """Do an action of Textual's."""

    def set_timer(self, delay: float, callback: Callable[[], object]) -> object:
        """Call `callback` once, after `delay` seconds."""

    def action_change_theme(self) -> None:
        """Ask for another theme."""

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the styles again."""

    def change_looks(self) -> None:
        """Redraw every screen with the present theme and character set."""
