"""The lines below the panels: a finding; progress, speed and shares of time."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from pgplay.app.actions import ACTIONS
from pgplay.app.drawing.number_format import count, share
from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.state.app_state import STAGES, AppState, words_of_change
from pgplay.app.state.guide import first_hint
from pgplay.app.state.pace import describe_pace
from pgplay.learning.reports.one_prompt import NOTHING_LEARNT
from pgplay.locale.catalog import finding_advice, finding_message, sentences_of
from pgplay.locale.quoting import about_time, time_range
from pgplay.worker.protocol.records import SecondsLeft

_EIGHTHS = " ▏▎▍▌▋▊▉"
LONGEST_BAR = 40
WORDS_WIDTH, NARROW_WORDS_WIDTH = 27, 20
_WIDTH_FOR_RANGE = 100
"""Cells from which the range of the time left is shown."""
_WIDTH_FOR_SPEED = 168
"""Cells from which the speed is always shown."""


MOST_LINES = 2
"""Maximum lines of a finding, as in styles/main.tcss."""
_LONGEST_WORD = 14
"""Cells that wrapping may lose at the end of a line."""
_ALL_OF_IT = "  i: full text"
_ONE_PROMPT = next(action.key for action in ACTIONS if action.name == "overfit")


class FindingLine(Widget):
    """The newest finding with advice, or a hint in the first run; else hidden."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"finding--message", "finding--advice"}

    def __init__(self) -> None:
        super().__init__(id="finding")
        self._shown = (False, "", "", "")

    def show(self, state: AppState, lesson: str = "") -> None:
        """Show the newest finding, a hint, the run's notes, or the reason for its state.

        A `lesson`, the sentence of a preset that can be started now, takes precedence.
        """
        message, advice, keys = "", "", ""
        if lesson:
            message, keys = lesson, "  space: start"
        elif state.verdict:
            message, keys = state.verdict[:1].upper() + state.verdict[1:], f"  {_ONE_PROMPT}: all prompts"
        elif state.findings:
            newest = state.findings[0]
            message, advice = finding_message(newest.kind, newest.values), finding_advice(newest.kind, newest.values)
            if newest.settings:
                keys += f"  !: {words_of_change(newest.settings)}"
            if newest.kind in NOTHING_LEARNT and state.can_check_one_prompt:
                keys += f"  {_ONE_PROMPT}: try one prompt"
            if len(state.findings) > 1:
                keys += f"  i: {len(state.findings) - 1} more"
        elif (hint := first_hint(state)).message:
            message, keys = hint
        elif state.info is not None and state.info.notes and not state.asks_what_now:
            message = " ".join(sentences_of(state.info.notes))
        elif state.run == "preparing" or (state.run == "finished" and state.cause != "stopped"):
            message = state.message
        is_warning = bool(state.findings) and not lesson and not state.verdict
        content = (is_warning, message, advice, keys)
        if content != self._shown:  # the height may change and move everything above
            self._shown = content
            self.display = bool(message)
            self.set_class(is_warning, "-warning")
            self.set_class(bool(lesson), "-lesson")
            self.refresh(layout=True)

    def render(self) -> Text:
        """Return the line; a long one loses text, not keys."""
        is_warning, message, advice, keys = self._shown
        text = Text.assemble(
            ("▲ " if is_warning else "ⓘ ", ""),
            terminal_text(message, self.get_component_rich_style("finding--message", partial=True)),
            "  ",
            terminal_text(advice, self.get_component_rich_style("finding--advice", partial=True)),
            end="",
        )
        room = MOST_LINES * self.content_size.width - _LONGEST_WORD - cell_len(keys)
        if (is_warning or keys) and not self.has_class("-lesson") and text.cell_len > room > 0:
            keys = keys if "  i: " in keys else keys + _ALL_OF_IT
            text.truncate(room - len(_ALL_OF_IT), overflow="ellipsis")
        return text.append(keys)


class StatusLine(Widget):
    """A bar with the predicted time left; on request or with room, tokens per second and the stages' shares."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--bar", "status--rest", "status--muted"}

    def __init__(self) -> None:
        super().__init__(id="status")
        self._state = AppState()

    def show(self, state: AppState) -> None:
        """Show `state`."""
        self._state = state
        self.refresh()

    def render(self) -> Text:
        """Return the line; the bar fills the space beside the numbers."""
        width, state = self.content_size.width, self._state
        muted = self.get_component_rich_style("status--muted", partial=True)
        numbers = self._numbers(width)
        outlook = f"{self._outlook(width):<{WORDS_WIDTH if width >= _WIDTH_FOR_RANGE else NARROW_WORDS_WIDTH}}"
        free = width - len(outlook) - len(numbers) - 8
        bar_width = max(0, min(LONGEST_BAR, free))
        text = Text(no_wrap=True, end="")
        if bar_width >= 8:
            text.append_text(self._bar(bar_width, 1.0 if state.run == "solved" else state.progress or 0.0))
            text.append("  ")
        text.append(outlook)
        text.append(" " * max(2, width - text.cell_len - len(numbers)))
        text.append(numbers, muted)
        text.truncate(max(0, width))
        return text

    def _bar(self, width: int, progress: float) -> Text:
        eighths = round(min(1.0, max(0.0, progress)) * width * 8)
        filled = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
        bar = Text("▕", style=self.get_component_rich_style("status--muted", partial=True), end="")
        bar.append(filled, self.get_component_rich_style("status--bar", partial=True))
        bar.append(" " * (width - len(filled)), self.get_component_rich_style("status--rest", partial=True))
        bar.append("▏")
        return bar

    def _outlook(self, width: int) -> str:
        state = self._state
        if state.waiting:
            return "starting…"
        if state.run == "solved":
            return "solved · ^s saves it" if state.unsaved else "solved"
        if state.run == "training" and state.tempo:
            return describe_pace(state.tempo)
        if state.run == "training" and state.seconds_left is not None:
            return _to_go(state.seconds_left, has_room=width >= _WIDTH_FOR_RANGE)
        if state.run == "training":
            return "time left unknown"
        return {
            "paused": "paused",
            "finished": "stopped",
            "preparing": "preparing…",
            "failed": "stopped by an error",
        }.get(state.run, "space starts the run")

    def _numbers(self, width: int) -> str:
        state = self._state
        if state.report is None or not (state.shows_speed or width >= _WIDTH_FOR_SPEED):
            return ""
        parts = [f"{count(state.characters_per_second):>4} tokens/s"]
        if width >= 76 and state.stage_shares is not None:
            shares = zip(STAGES, state.stage_shares, strict=True)
            parts += [f"{stage} {share(part)}" for stage, part in shares if width >= 100 or stage != "score"]
        return "   ".join(parts[:1]) + ("   " + "  ".join(parts[1:]) if parts[1:] else "")


def _to_go(left: SecondsLeft, *, has_room: bool) -> str:
    """Return the time left in words; with its range if that is wider than a second and `has_room`."""
    likely = f"{about_time(left.likely)} to go"
    return f"{likely} ({time_range(left.fewest, left.most)})" if has_room and left.most - left.fewest > 1 else likely
