"""The setup panel: task, reward, model, algorithm, further settings, and the start button."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Button, Collapsible, Input, Label, Static, TextArea

from pgplay.app.actions import do
from pgplay.app.drawing.terminal_text import for_field, plain, terminal_text
from pgplay.app.messages import PresetChosen, SetupChanged, SetupTyped
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.dropdown import Dropdown, Entry
from pgplay.app.widgets.setup import choices, form
from pgplay.app.widgets.setup.checking import Checking
from pgplay.app.widgets.setup.field_row import FieldName, Setting
from pgplay.app.widgets.setup.folds import Fold, MoreSettings
from pgplay.app.widgets.setup.model_choice import ModelChoice
from pgplay.app.widgets.setup.notes import SetupNote, show_problem
from pgplay.app.widgets.setup.reward_origins import RewardOrigins
from pgplay.app.widgets.text_fields import LineField, TextField
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import PgplayError
from pgplay.locale.catalog import sentences_of
from pgplay.rewards.spec import Origin, RewardSpec

_TYPING_PAUSE = 0.15
"""Seconds without typing before the setup is checked."""

ROOMY_WIDTH, ROOMY_HEIGHT = 170, 44
"""The terminal size from which folds start unfolded."""


class Setup(Vertical):
    """The panel on the left; posts SetupChanged with the checked settings."""

    BORDER_TITLE = "Setup"

    def __init__(
        self,
        config: RunConfig,
        preset: str = "",
        brought: Iterable[RewardSpec] = (),
        draft: Mapping[str, str] | None = None,
    ) -> None:
        """`brought` are the rewards that the person did not write; the texts of `draft` replace those of `config`."""
        super().__init__(id="setup")
        self.typed = form.typed_from(config) | dict(draft or {})
        self.preset, self._own_reward = preset, False
        self._origins = RewardOrigins(brought)
        self._pause: Timer | None = None
        self._refusal: form.Problem | None = None
        """The worker's refusal of the newest change, until another change."""
        self._checking = Checking(self, self._show_check, self._show_reading)

    def compose(self) -> ComposeResult:
        """Compose the panel."""
        with VerticalScroll(id="fields", can_focus=False):
            with Horizontal(classes="row"):
                preset = Dropdown([Entry(self.preset, self.preset)], self.preset, id="preset", prompt="your own")
                yield FieldName("Preset", preset)
                yield preset
            yield Static(id="preset-note", classes="note")
            yield from self._row("Task", Dropdown(choices.tasks(self.typed["task"]), self.typed["task"], id="task"))
            yield Static(id="task-note", classes="note")
            target = TextField(
                self.typed["target"], id="target", compact=True, show_line_numbers=False, highlight_cursor_line=False
            )
            from_file = f"[@click={do('target_from_file')}]from a file…[/]  [b]f[/b]"
            with Horizontal(classes="row", id="target-row"):
                yield FieldName("Target", target)
                yield Label(from_file, id="from-file", classes="hint")
            yield target
            yield Static(id="target-problem", classes="problem")
            reward = for_field(self.typed["reward"])
            own_reward = LineField(reward, id="own-reward", placeholder="0.8*levenshtein + 0.2*prefix")
            rewards = Dropdown(choices.rewards(), self._reward_choice(), id="reward")
            yield from self._row("Reward", rewards, own_reward)
            yield Static(id="reward-note", classes="note")
            yield from self._row("Model", ModelChoice(self.typed))
            yield from self._row("Algorithm", Dropdown(choices.algorithms(), self.typed["algorithm"], id="algorithm"))
            yield Static(id="algorithm-note", classes="note")
            devices = choices.devices((), self.typed["device"])
            yield from self._row("Device", Dropdown(devices, self.typed["device"], id="device"))
            yield MoreSettings(lambda: self.typed)
        yield SetupNote(id="setup-note")
        yield Button("Start  (space)", id="start", variant="primary")

    def _row(self, label: str, control: Dropdown, *below: LineField) -> ComposeResult:
        with Horizontal(classes="row", id=f"{control.id}-row"):
            yield FieldName(label, control)
            yield control
        yield from below
        yield Static(id=f"{control.id}-problem", classes="problem")

    def on_mount(self) -> None:
        """Show the notes of the choices; presets are read after the first frame."""
        self._show_notes()
        self.call_after_refresh(self._fill_lists)

    def _fill_lists(self) -> None:
        self.query_one("#preset", Dropdown).show_entries(choices.presets(self.preset), self.preset)
        self._show_notes()
        self.check_now()
        if self._is_roomy:
            more = self.query_one(MoreSettings)
            more.unfolds_all, more.collapsed = True, False

    @property
    def _is_roomy(self) -> bool:
        return self.app.size.width >= ROOMY_WIDTH and self.app.size.height >= ROOMY_HEIGHT

    def _reward_choice(self) -> str:
        spec = self.typed["reward"]
        return spec if any(spec == entry.value for entry in choices.rewards()) else choices.OWN_REWARD

    # Called by the app

    def load(self, config: RunConfig, preset: str = "", *, origin: Origin | None = None, kept: bool = False) -> None:
        """Show another configuration; `origin` is where it came from, None for the person's own.

        `kept` is as in RewardSpec.
        """
        self._origins.note(RewardSpec(text, origin=origin, kept=kept) for text in (config.reward, *config.measure))
        self.typed, self.preset, self._own_reward, self._refusal = form.typed_from(config), preset, False, None
        self.query_one("#preset", Dropdown).choose(preset)
        self._show_typed()
        self.check_now()

    def put_back(self, texts: Mapping[str, str], refusal: form.Problem) -> None:
        """Show `texts` in the fields of a refused change, with the refusal beside one of them."""
        self.typed |= texts
        self._own_reward = self._own_reward and "reward" not in texts
        self._refusal = refusal
        self._show_typed()
        self.check_now()

    def forget_refusal(self) -> None:
        """Clear the refusal of a change."""
        if self._refusal is not None:
            self._refusal = None
            self.check_now()

    def _show_typed(self) -> None:
        """Show `typed` in every field that the person did not type in."""
        target = self.query_one("#target", TextArea)
        if target.text != self.typed["target"]:
            with target.prevent(TextArea.Changed):
                target.text = self.typed["target"]
        for name in ("model", "algorithm", "device"):
            self.query_one(f"#{name}", Dropdown).choose(self.typed[name])
        self.query_one("#reward", Dropdown).choose(self._reward_choice())
        reward_field = self.query_one("#own-reward", Input)
        with reward_field.prevent(Input.Changed):
            reward_field.value = for_field(self.typed["reward"])
        for setting in self.query(Setting):
            setting.show_value(self.typed[setting.field.name])
        self._show_notes()

    def rewards(self, texts: Iterable[str]) -> tuple[RewardSpec, ...]:
        """Return the rewards named by `texts` in this setup, with their origins; reads their files now.

        Raises InputError if one cannot be read.
        """
        return self._origins.read(texts)

    def set_target(self, text: str) -> None:
        """Put `text` into the target's field as if typed; it replaces a task and its split."""
        for name in ("task", "held_out", "prompts"):
            self._edit(name, "")
        self.query_one("#target", TextArea).text = text

    def set_reward(self, spec: str) -> None:
        """Put `spec`, which the person wrote, into the reward's field."""
        self._origins.forget(spec)
        if spec == self.typed["reward"]:
            self.check_now()
            return
        self.typed["reward"], self._own_reward, self.preset, self._refusal = spec, False, "", None
        self.query_one("#preset", Dropdown).choose("")
        self.query_one("#reward", Dropdown).show_entries(choices.rewards(), self._reward_choice())
        reward_field = self.query_one("#own-reward", Input)
        with reward_field.prevent(Input.Changed):
            reward_field.value = for_field(spec)
        self._show_notes()
        self.check_now()

    def show(self, state: AppState) -> None:
        """Show what depends on the worker: the devices and the button's label."""
        if state.devices:
            device = self.typed["device"]
            self.query_one("#device", Dropdown).show_entries(choices.devices(state.devices, device), device)
        button = self.query_one("#start", Button)
        labels = {"training": "Pause", "preparing": "Pause", "paused": "Resume"}
        start = "Start again" if state.run in ("solved", "finished", "failed") else "Start"
        label = "Starting…" if state.waiting else labels.get(state.run, start)
        label_with_key = f"{label}  (space)"
        if str(button.label) != label_with_key:
            button.label = Text(label_with_key)
        button.set_class(state.is_going, "-going")

    def show_pending(self, names: list[str]) -> None:
        """Show the settings whose changes wait for the next start."""
        self.query_one(SetupNote).show_pending(names)

    # The person's actions

    @on(TextArea.Changed, "#target")
    def _target_typed(self, event: TextArea.Changed) -> None:
        if event.text_area.text != self.typed["target"]:
            self._edit("target", event.text_area.text, typing=True)

    @on(Input.Changed, "#own-reward")
    def _reward_typed(self, event: Input.Changed) -> None:
        if self._own_reward and event.value != for_field(self.typed["reward"]):
            self._edit("reward", event.value, typing=True)

    @on(Setting.Edited)
    def _setting_edited(self, event: Setting.Edited) -> None:
        self._edit(event.name, event.text, typing=event.typing, by_field=True)

    @on(Dropdown.Changed)
    def _chosen(self, event: Dropdown.Changed) -> None:
        name, value = event.dropdown.id, event.value
        if name is None or value is None:
            return
        if name == "preset":
            if value != self.preset:
                self.post_message(PresetChosen(value))
        elif name == "reward":
            self._own_reward = value == choices.OWN_REWARD
            # Only a person's choice moves the focus, not a value that a preset fills in.
            if self._own_reward and self._reward_choice() != choices.OWN_REWARD:
                self.query_one("#own-reward", Input).focus()
            self._edit("reward", value or self.typed["reward"])
        elif value == choices.OWN_TASK:
            self.query_one("#task", Dropdown).choose(self.typed["task"])
            self.run_worker(self.open_setting("task"))
        else:
            self._edit(name, value)

    @on(Collapsible.Expanded)
    async def _unfolded(self, event: Collapsible.Expanded) -> None:
        assert isinstance(event.collapsible, Fold)
        if await event.collapsible.fill():
            self.check_now()
        if not self._is_roomy:
            event.collapsible.scroll_visible(top=True)

    async def open_setting(self, name: str) -> None:
        """Unfold the section of the field `name`, and focus the field."""
        if name in form.MAIN_FIELDS:
            self.query_one(f"#{name}").focus()
        else:
            await self.query_one(MoreSettings).open(fields()[name])
            self.check_now()

    def keep_preset(self) -> None:
        """Show the present preset in its field, where another one was chosen."""
        self.query_one("#preset", Dropdown).choose(self.preset)

    def load_preset(self, name: str) -> None:
        """Load the preset called `name`."""
        from pgplay.config import presets
        from pgplay.rewards.python.source import with_rewards_beside

        if name == self.preset:
            return
        try:
            preset = presets.load_preset(name)
            config = make_config(with_rewards_beside(preset.settings, preset.path))
            self.load(config, name, origin=Origin("preset", name))
        except PgplayError as error:
            self.app.notify(plain(str(error), lines=True), title="Preset", severity="error", markup=False)

    def _edit(self, name: str, text: str, *, typing: bool = False, by_field: bool = False) -> None:
        if self.typed[name] == text:
            self._show_notes()
            return
        self.typed[name], self._refusal = text, None
        if not by_field:  # it may hold further letters by now
            for setting in self.query(f"#setting-{name}").results(Setting):
                setting.show_value(text)
        self.preset = ""
        self.query_one("#preset", Dropdown).choose("")
        self._show_notes()
        self.post_message(SetupTyped())
        self._end_pause()
        self._pause = self.set_timer(_TYPING_PAUSE if typing else 0.001, self.check_now)

    # Notes beside the fields

    def _show_notes(self) -> None:
        is_typed = self._own_reward or self._reward_choice() == choices.OWN_REWARD
        self.query_one("#own-reward", Input).display = is_typed
        self.query_one("#task", Dropdown).show_entries(choices.tasks(self.typed["task"]), self.typed["task"])
        for identifier in ("target-row", "target"):
            self.query_one(f"#{identifier}").display = not self.typed["task"]
        for name in ("preset", "task", "reward", "algorithm"):
            chosen = self.query_one(f"#{name}", Dropdown).description
            description = choices.reward_definition(self.typed["reward"]) if name == "reward" else chosen
            note = self.query_one(f"#{name}-note", Static)
            note.display = bool(description)
            note.update(terminal_text(description))

    def check_now(self) -> form.Checked:
        """Check the setup now, without waiting for a pause in typing.

        Files are not read here; until they have been read, that is the problem.
        """
        self._end_pause()
        return self._checking.now(self.typed)

    async def check(self) -> form.Checked:
        """Return the present setup, checked, once its files have been read."""
        self._end_pause()
        return await self._checking.complete(self.typed)

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def _show_reading(self) -> None:
        self.query_one(SetupNote).show_check("", "reading…")

    def _show_check(self, checked: form.Checked) -> None:
        self.query_one(ModelChoice).show_models(self.typed, checked.vocabulary)
        problem = checked.problem or self._refusal
        show_problem(self, problem)
        self.query_one("#start", Button).disabled = checked.problem is not None
        notes = " ".join(sentences_of(checked.notes))
        self.query_one(SetupNote).show_check("" if problem is None else problem.message, notes)
        changed = form.changed_names(self.typed)
        for setting in self.query(Setting):
            setting.show_default(checked.defaults.get(setting.field.name))
            setting.mark(changed=setting.field.name in changed)
        for name in (*form.MAIN_FIELDS, "task"):
            self.query_one(f"#{name}-row FieldName", FieldName).mark(changed=name in changed)
        for fold in self.query(Fold):
            fold.show_changed(changed)
        config = checked.config
        self.post_message(SetupChanged(None if config is None else to_settings(config), checked.parameters))
