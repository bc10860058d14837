"""The task's prompts: each with its present greedy completion and reward; one can be watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.messages import LooksChanged, StateShown, WriteForPrompt
from pgplay.app.screens.dialogs.base import FILTER, LEAVE, Keys
from pgplay.app.screens.filtering import Filtering
from pgplay.app.screens.step.polling import Polling
from pgplay.app.state.app_state import AppState, waiting_for_policy
from pgplay.app.widgets.data_tables import chosen_key
from pgplay.app.widgets.filter_field import FilterField
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.learning.reports.step_report import PromptSheet, Sample

_MOST_POINTS = 120
BARS = "▁▂▃▄▅▆▇█"
SIDES = {"training": "training", "held_out": "held out"}
_SIDE_WIDTH, _REWARD_WIDTH = 8, 6


class _Row(NamedTuple):
    side: str
    sample: Sample


class PromptsScreen(Polling, Filtering):
    """Follows the run; `ask` requests the prompts' completions from the worker."""

    ASK_SECONDS = 1.0
    """Seconds between requests: each writes up to 200 texts, which takes about as long as a step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,w", "write", "sample", key_display="enter"),
        Binding("o", "order", "worst first / task order"),
        FILTER,
        LEAVE,
    ]
    AUTO_FOCUS = "#prompts"
    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES

    def __init__(self, state: AppState, ask: Callable[[], None]) -> None:
        super().__init__(state, ask)
        self._sheet: PromptSheet | None = None
        self._rows: dict[str, _Row] = {}
        self._watched: dict[str, list[float]] = {}
        self._worst_first = False

    def compose(self) -> ComposeResult:
        """Compose the list and, below it, the prompt under the cursor."""
        yield Places("place_map", 1)
        yield Static(id="prompts-title", classes="page-title")
        yield DataTable(id="prompts", cursor_type="row", cursor_foreground_priority="renderable")
        yield FilterField("Filter: words that a prompt or its completion contains")
        yield Static(id="watched")
        yield Keys()

    def on_resize(self) -> None:
        """Fit the columns to the width."""
        self._list()

    @property
    def answered_step(self) -> int | None:
        """The step of the list."""
        return self._sheet.step if self._sheet is not None else None

    @on(StateShown)
    def show_answer(self) -> None:
        """Update the list if there is a new answer."""
        sheet = self._state.prompts
        self.query_one("#prompts-title", Static).update(Text(self._title(sheet)))
        if sheet is self._sheet:
            return
        self._sheet = sheet
        if sheet is None:  # another run has begun, with its own prompts
            self._rows, self._watched = {}, {}
            self._list()
            return
        rows = [_Row(side, sample) for side in SIDES for sample in getattr(sheet, side)]
        self._rows = {f"{row.side}\n{row.sample.prompt}": row for row in rows}
        for key, row in self._rows.items():
            self._watched[key] = [*self._watched.get(key, [])[-_MOST_POINTS:], row.sample.reward]
        self._list()

    def _title(self, sheet: PromptSheet | None) -> str:
        if sheet is None:
            return f"Prompts · {waiting_for_policy(self._state) or 'the policy is writing for each prompt…'}"
        parts = [f"Prompts · step {sheet.step}"]
        for side, label in SIDES.items():
            rewards = [sample.reward for sample in getattr(sheet, side)]
            if rewards:
                mean = number_format.reward(sum(rewards) / len(rewards)).strip()
                parts.append(f"{len(rewards)} {label}, mean reward {mean}")
        return " · ".join(parts)

    @on(LooksChanged)
    def _list(self) -> None:
        """Refill the table, keeping the cursor."""
        table = self.query_one("#prompts", DataTable)
        selected, cursor_row = self._selected, table.cursor_row
        free = max(16, self.app.size.width - _SIDE_WIDTH - _REWARD_WIDTH - 12)
        longest = max((len(row.sample.prompt) for row in self._rows.values()), default=0)
        prompt_width = min(max(6, longest), free // 2)
        table.clear(columns=True)
        for title, width in (
            *(("", _SIDE_WIDTH), ("reward", _REWARD_WIDTH), ("prompt", prompt_width)),
            ("greedy completion", free - prompt_width),
        ):
            table.add_column(title, width=width)
        keys = [key for key, row in self._rows.items() if self._fits(row)]
        if self._worst_first:
            keys.sort(key=lambda key: self._rows[key].sample.reward)
        styles = component_styles(self)
        for key in keys:
            side, sample = self._rows[key]
            side_style = "" if side == "training" else styles["now"]
            table.add_row(
                Text(SIDES[side], side_style),
                number_format.reward(sample.reward),
                self._prompt(sample, prompt_width),
                coloured(sample.text, sample.target, styles, sample.tokens),
                key=key,
            )
        if keys:
            table.move_cursor(row=keys.index(selected) if selected in keys else min(max(cursor_row, 0), len(keys) - 1))
        self._show_watched()

    def _fits(self, row: _Row) -> bool:
        """Return whether the filter admits a row."""
        return self.query_one(FilterField).admits(f"{SIDES[row.side]} {row.sample.prompt} {row.sample.text}")

    @on(Input.Changed, "#filter")
    def _filter_typed(self) -> None:
        self._list()

    def _prompt(self, sample: Sample, width: int | None = None) -> Text:
        if sample.prompt:
            return terminal_text(sample.prompt, width=width)
        return Text("(none)", component_styles(self)["muted"])

    @property
    def _selected(self) -> str:
        return chosen_key(self.query_one("#prompts", DataTable)) or ""

    @on(DataTable.RowHighlighted)
    def _show_watched(self) -> None:
        row = self._rows.get(self._selected)
        if row is None:
            self.query_one("#watched", Static).update("")
            return
        side, sample = row
        styles = component_styles(self)
        text = Text(f"{SIDES[side]} prompt  ", styles["muted"])
        text.append_text(self._prompt(sample))
        if sample.target:
            text.append("   right answer  ", styles["muted"]).append_text(terminal_text(sample.target))
        if self._sheet is not None and (rendered := self._sheet.rendered.get(sample.prompt)):
            text.append("\nas the model reads it  ", styles["muted"]).append_text(terminal_text(rendered))
        text.append("\nits reward since you opened this screen  ", styles["muted"])
        text.append(_bars(self._watched[self._selected][-max(10, self.app.size.width - 40) :]), styles["now"])
        self.query_one("#watched", Static).update(text)

    @on(DataTable.RowSelected)
    def action_write(self) -> None:
        """Sample for the prompt under the cursor."""
        row = self._rows.get(self._selected)
        if row is not None:
            self.post_message(WriteForPrompt(row.sample.prompt))

    def action_order(self) -> None:
        """Sort by reward, worst first, or in the task's order."""
        self._worst_first = not self._worst_first
        self._list()


def _bars(rewards: list[float]) -> str:
    """Return one bar per reward, scaled from 0 (or the lowest, if negative) to 1 (or the highest)."""
    low, high = min(0.0, *rewards), max(1.0, *rewards)
    return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in rewards)
