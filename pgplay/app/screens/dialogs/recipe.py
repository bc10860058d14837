"""The recipe: all settings as one short line and as a command, to copy, save and paste."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.state.app_state import AppState
from pgplay.app.state.metric_history import Mark
from pgplay.app.widgets.text_fields import LineField
from pgplay.config.recipe import from_recipe, to_command, to_recipe
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import PgplayError
from pgplay.files.atomic import check_destination, write_atomically
from pgplay.paths import expand_home

_REDRAW_SECONDS = 0.5
MOST_CHANGES = 3
BROKEN = "The setup has errors; see the marked fields."


class RecipeScreen(Dialog[RunConfig | None]):
    """Follows the settings; returns the config of a pasted recipe, if any."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,y", "dismiss(None)", "Close"),
        ("c", "copy('recipe')", "Copy"),
        ("p", "copy('command')", "Copy the command"),
        ("f", "save", "Save to a file"),
    ]
    AUTO_FOCUS = "#copy-recipe"
    PASTE_INTO = "#pasted"

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._texts = {"recipe": "", "command": ""}

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="recipe-dialog", classes="dialog -choose") as dialog:
            dialog.border_title = "Recipe"
            dialog.border_subtitle = CLOSES
            yield Label("Settings that differ from the defaults, as one line:", classes="muted")
            yield Static(id="recipe", classes="words")
            yield Label("The same without a screen:", classes="muted")
            yield Static(id="command", classes="words")
            yield Static(id="changed", classes="muted")
            yield Label("Paste a recipe and press Enter to load it:", classes="muted")
            yield LineField(id="pasted", placeholder='target="good morning" algorithm=rloo')
            yield Static(classes="problem")
            with Horizontal(classes="buttons"):
                yield Button("Copy (c)", id="copy-recipe", variant="primary")
                yield Button("Command (p)", id="copy-command")
                yield Button("Save (f)", id="save")

    def on_mount(self) -> None:
        """Show the recipe, and update it when the settings change."""
        self._show()
        self.set_interval(_REDRAW_SECONDS, self._show)

    def _show(self) -> None:
        settings = self._state.settings
        config = make_config(settings) if settings is not None else None
        self._texts = {
            "recipe": to_recipe(config) if config is not None else "",
            "command": to_command(config) if config is not None else "",
        }
        for name, text in self._texts.items():
            line = text if config is not None else BROKEN
            self.query_one(f"#{name}", Static).update(terminal_text(line or "(all defaults)", "bold"))
        changes = self.query_one("#changed", Static)
        changes.update(terminal_text(live_changes_of(self._state.history.marks)))
        changes.display = bool(self._state.history.marks)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_copy((event.button.id or "").removeprefix("copy-"))

    def action_copy(self, what: str) -> None:
        """Copy the recipe or the command to the terminal's clipboard."""
        self.app.copy_to_clipboard(self._texts[what])
        report = f"Copied the {what} to the terminal's clipboard. If that does not work, save it to a file."
        self.app.notify(report, markup=False)

    @work
    async def action_save(self) -> None:
        """Save the recipe to a file."""

        def write(answer: str) -> None:
            path = expand_home(answer)
            check_destination(path)
            write_atomically(path, f"{self._texts['recipe']}\n".encode())

        question = "Save the recipe to which file?"
        dialog = AskDialog("Save the recipe", question, "recipe.txt", yes="Save", check=write)
        answer = await self.app.push_screen_wait(dialog)
        if answer is not None:
            self.app.notify(f'Saved. pgplay --recipe "$(cat {answer})" opens it again.', markup=False)

    @on(Input.Submitted, "#pasted")
    def _pasted(self, event: Input.Submitted) -> None:
        problem = self.query_one(".problem", Static)
        try:
            config = from_recipe(event.value)
        except PgplayError as error:
            problem.update(terminal_text(str(error), lines=True))
            problem.add_class("-shown")
            return
        self.dismiss(config)


def live_changes_of(marks: Sequence[Mark]) -> str:
    """Return the newest changes of settings during the run, in words: a recipe cannot hold them."""
    changes = ", ".join(f"{mark.words} after step {mark.step}" for mark in marks[-MOST_CHANGES:])
    return f"Changed during the run: {changes}. A run of this recipe starts with these settings."
