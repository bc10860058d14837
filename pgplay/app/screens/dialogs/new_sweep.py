"""What a new sweep trains: rewards, algorithms, the values of a setting, and seeds; says how many runs that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from pgplay.app.background import in_daemon_thread
from pgplay.app.drawing import number_format
from pgplay.app.drawing.terminal_text import as_title, terminal_text
from pgplay.app.screens.dialogs.base import Dialog
from pgplay.app.widgets.text_fields import LineField
from pgplay.config.run_config import RunConfig, to_settings
from pgplay.errors import InputError, PgplayError
from pgplay.experiments.grid import SWEEP_SEEDS, GridAxis, axis_of_values, grid_size
from pgplay.experiments.recipes import grid_configs, read_seeds
from pgplay.experiments.trials import jobs_of_cores

_FIELDS = (
    ("rewards", "Rewards", "several between commas: levenshtein, prefix"),
    ("algorithms", "Algorithms", "several between commas: grpo, rloo"),
    ("setting", "A setting", "optional: lr=0.01, 0.03"),
    ("seeds", "Seeds", "a number (10), a range (0-9) or a list (0,3,7)"),
)


class SweepChoice(NamedTuple):
    """The configs of a sweep's rows, and the seeds that each is trained with."""

    configs: tuple[RunConfig, ...]
    seeds: tuple[int, ...]


class _Typed(NamedTuple):
    axes: tuple[GridAxis, ...]
    seeds: tuple[int, ...]

    @property
    def runs(self) -> int:
        return grid_size(self.axes) * len(self.seeds)


class SweepDialog(Dialog[SweepChoice | None]):
    """Asks what to vary of `config`; a run takes about `usual_seconds`, which is asked for in a thread."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Cancel")]
    AUTO_FOCUS = "#swept-rewards"

    def __init__(self, config: RunConfig, usual_seconds: Callable[[], float]) -> None:
        super().__init__()
        self._config, self._usual_seconds = config, usual_seconds
        self._each: float | None = None

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        values = {"rewards": self._config.reward, "algorithms": self._config.algorithm, "seeds": str(SWEEP_SEEDS)}
        with Vertical(id="new-sweep", classes="dialog") as dialog:
            dialog.border_title = as_title("Sweep: this setup, varied, with several seeds")
            for name, title, about in _FIELDS:
                with Horizontal(classes="row"):
                    yield Static(title, classes="name")
                    yield LineField(values.get(name, ""), placeholder=about, id=f"swept-{name}")
            yield Static(id="sweep-size", classes="words")
            yield Static(classes="problem")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no")
                yield Button("Start", id="yes", variant="primary")

    async def on_mount(self) -> None:
        """Show the size, and look up how long runs take."""
        self._show_size()
        self._each = await in_daemon_thread(self._usual_seconds)
        self._show_size()

    @on(Input.Changed)
    def _show_size(self) -> None:
        """Show how many runs are asked for and about how long they take, or what is wrong."""
        problem, size = "", ""
        try:
            typed = self._typed()
        except PgplayError as error:
            problem = str(error)
        else:
            jobs = jobs_of_cores([self._config])
            rows = grid_size(typed.axes)
            size = f"{rows:,} rows × {len(typed.seeds):,} seeds = {typed.runs:,} runs, {min(jobs, typed.runs)} at once"
            if self._each is not None:
                seconds = typed.runs * self._each / min(jobs, typed.runs)
                size += f": about {number_format.duration(seconds)}, if each takes {number_format.duration(self._each)}"
        self.query_one("#sweep-size", Static).update(Text(size))
        self._show_problem(problem)

    def _show_problem(self, problem: str) -> None:
        static = self.query_one(".problem", Static)
        static.update(terminal_text(problem, lines=True))
        static.set_class(bool(problem), "-shown")

    def _typed(self) -> _Typed:
        """Return what is typed; raises InputError."""
        texts = {name: self.query_one(f"#swept-{name}", Input).value.strip() for name, _, _ in _FIELDS}
        axes = [
            axis_of_values(name, texts[field])
            for name, field in (("reward", "rewards"), ("algorithm", "algorithms"))
            if texts[field]
        ]
        if texts["setting"]:
            name, equals, values = (part.strip() for part in texts["setting"].partition("="))
            if not equals or not values:
                raise InputError("sweep.setting", text=texts["setting"])
            axes.append(axis_of_values(name.replace("-", "_"), values))
        if grid_size(axes) < 2:
            raise InputError("sweep.one_row")
        return _Typed(tuple(axes), tuple(read_seeds(texts["seeds"])))

    @on(Button.Pressed, "#no")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    @work(exclusive=True)
    async def _answered(self) -> None:
        """Check every row, which may read large files, and answer with them."""
        try:
            typed = self._typed()
            settings = to_settings(self._config)
            configs = await in_daemon_thread(lambda: grid_configs(settings, typed.axes))
        except PgplayError as error:
            self._show_problem(str(error))
        else:
            self.dismiss(SweepChoice(tuple(configs), typed.seeds))
