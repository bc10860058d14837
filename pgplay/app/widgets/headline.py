"""The headline: target, reward, model and algorithm on the left, the run's state on the right."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from pgplay.app.drawing.number_format import count, duration
from pgplay.app.drawing.terminal_text import fit, plain
from pgplay.app.state.app_state import AppState
from pgplay.config.engine import Engine
from pgplay.config.run_config import to_settings
from pgplay.learning.algorithms.table import trains_network
from pgplay.policies.families.catalogue import chosen_model

SHORTEST_TARGET = 16


class Headline(Widget):
    """The main settings of the run, or of the setup; then state, step and time."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "headline--name",
        "headline--choice",
        "headline--muted",
        "headline--now",
        "headline--done",
        "headline--wrong",
    }

    def __init__(self) -> None:
        super().__init__(id="headline")
        self._settings: dict[str, Any] = {}
        self._parameters: int | None = None
        self._device = "auto"
        self._state = AppState()

    def show(self, state: AppState, settings: dict[str, Any], parameters: int | None) -> None:
        """Show `state`, and `settings` until there is a run."""
        self._state, self._settings, self._parameters = state, settings, parameters
        if state.info is not None:
            self._settings = {**to_settings(state.info.config), "device": state.info.device}
            self._parameters = state.info.parameters
        self.refresh()

    def render(self) -> Text:
        """Return the line; on narrow screens the target is shortened first, then the model, then the numbers."""
        width = self.content_size.width
        right = self._right(width)
        settings = self._settings
        target = settings.get("target", "hello world")
        task = plain(settings.get("task") or target)
        details = [plain(str(settings.get("reward", "levenshtein")))]
        algorithm = str(settings.get("algorithm", "grpo"))
        if trains_network(algorithm):
            model = chosen_model(settings.get("model", "auto"), has_prompts=bool(settings.get("task")))
            details.append(model if self._parameters is None else f"{model} {count(self._parameters)}")
            details += [algorithm, str(settings.get("device", "auto"))]
        else:
            details.append(algorithm)
        left = Text(no_wrap=True, end="")
        place = place_in_words(self._state.engine)
        left.append(f"pgplay on {plain(place)}  " if place else "pgplay  ", self._style("name"))
        free = width - left.cell_len - right.cell_len - 2
        if not task:  # a text without a target is described by its reward
            task = fit(details.pop(0), max(SHORTEST_TARGET, free // 2))
        shortest = min(SHORTEST_TARGET, cell_len(task))
        while details and free - sum(cell_len(detail) + 3 for detail in details) < shortest:
            details.pop()
        room = max(0, free - sum(cell_len(detail) + 3 for detail in details))
        left.append(fit(task, room), self._style("choice"))
        for detail in details:
            left.append(" · ", self._style("muted"))
            left.append(detail)
        left.append(" " * max(2, width - left.cell_len - right.cell_len))
        left.append_text(right)
        left.truncate(max(0, width))
        return left

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"headline--{name}", partial=True)

    def _right(self, width: int) -> Text:
        state = self._state
        sign, word, kind = self._state_words()
        text = Text(end="").append(f"{sign} {word}", self._style(kind))
        if state.report is None or not state.has_run:
            return text
        numbers = [f"step {state.step:<4}"]
        if width >= 100:
            numbers.append(f"{count(state.report.completions):>4} completions")
        if state.run != "solved":
            numbers.append(f"{duration(state.report.seconds):>6}")
        if width >= 60:
            text.append("   " + "   ".join(numbers))
        return text

    def _state_words(self) -> tuple[str, str, str]:
        state = self._state
        if state.worker == "dead":
            return "✗", "worker gone", "wrong"
        if state.waiting:
            return "◌", "starting torch…" if state.worker == "starting" else "starting…", "now"
        if state.run == "idle":
            return ("○", "starting torch…", "muted") if state.worker == "starting" else ("○", "ready", "muted")
        seconds = duration(state.report.seconds) if state.report else ""
        return {
            "preparing": ("◌", "preparing", "now"),
            "training": ("●", "training", "now"),
            "paused": ("◫", "paused", "choice"),
            "solved": ("✓", f"solved in {seconds}", "done"),
            "finished": ("■", "stopped", "choice"),
            "failed": ("✗", "failed", "wrong"),
        }[state.run]


def place_in_words(engine: Engine) -> str:
    """Return where runs are trained in a few words, empty for one process of this machine."""
    kind, _, number = (engine.there if engine.host else str(engine)).partition(":")
    processes = f"{number} {'GPUs' if kind == 'gpus' else 'processes'}" if number not in ("", "1") else ""
    return ", ".join(filter(None, (engine.host, processes)))
