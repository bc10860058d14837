"""Samples: the greedy completion, the best sampled one, and some across the step's rewards."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.terminal_text import LENGTH_LIMIT, as_title, fit, plain, terminal_text
from pgplay.app.state.app_state import AppState
from pgplay.learning.reports.step_report import Role, Sample, StepReport

ROLES: tuple[Role, ...] = ("greedy", "best", "top", "upper", "middle", "lower", "bottom")
_LAST: dict[Role, int] = {"greedy": 0, "best": 1, "top": 2, "bottom": 3, "middle": 4, "upper": 5, "lower": 6}
"""The order in which rows are kept if not all fit."""

_TITLES: dict[Role, str] = {"best": "best sampled"}
"""Roles with another name on the screen."""

_LEGEND = " [$success]right[/]  [$error u]wrong[/]  [$warning s]extra[/]  [$muted]· missing[/]"
LIMIT_LEGEND = f"  [$muted]{LENGTH_LIMIT} cut at the limit[/]"
_NO_SAMPLES = "Samples appear here, each character coloured by comparison with the target."
_ROLE_WIDTH, _REWARD_WIDTH = 13, 6


class Samples(Widget, can_focus=True):
    """Rows of role, reward and text in fixed columns."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "samples--right",
        "samples--wrong",
        "samples--extra",
        "samples--missing",
        "samples--role",
        "samples--now",
        "samples--muted",
    }

    def __init__(self) -> None:
        super().__init__(id="samples", classes="panel")
        self.border_title = "Samples"
        self._samples: tuple[Sample, ...] = ()
        self._report: StepReport | None = None
        self._targets: tuple[str, ...] = ()

    def show(self, state: AppState, target: str) -> None:
        """Show the newest samples, redrawn only if they changed.

        `target` is used until the run reports its own; empty if there is no single target.
        """
        report = state.report
        targets = state.info.targets if state.info is not None else (target,)
        if report is self._report and targets == self._targets:
            return
        self._report, self._targets = report, targets
        self._samples = report.samples if report is not None else ()
        if report is None or state.info is None:
            self.border_title, self.border_subtitle = "Samples", ""
        else:
            batch = state.info.batch_size
            distinct = report.metrics.get("unique_completions")
            title = f"Samples · {batch} this step"
            if distinct is not None:
                title += f" · {distinct:.0f} distinct"
            for name, value in report.metrics.items():
                if name.startswith("measure:"):
                    title += f" · {name.removeprefix('measure:')} {number_format.reward(value).strip()}"
            self.border_title = as_title(title)
            has_target = any(sample.target for sample in self._samples)
            is_cut = any(not sample.finished for sample in self._samples)
            self.border_subtitle = (
                (_LEGEND if has_target else "")
                + (LIMIT_LEGEND if is_cut else "")
                + (" " if has_target or is_cut else "")
            )
        self.refresh()

    def render(self) -> Text:
        """Return as many rows as fit; if there is room, long texts wrap to a second line."""
        width, height = self.content_size.width, self.content_size.height
        if width < 20 or height < 1:
            return Text()
        styles = component_styles(self)
        if not self._samples:
            return self._empty(width, height, styles)
        samples = self._chosen(height)
        roomy = height >= len(samples) + 3
        rows = height - (2 if roomy else 0)
        lines: list[Text] = []
        if roomy and self._one_target:
            lines += [self._target_line(width, styles), Text()]
        for number, sample in enumerate(samples):
            free = rows - (len(lines) - (2 if roomy else 0)) - (len(samples) - number - 1)
            lines += self._lines_of(sample, width, max(1, min(free, rows // len(samples))), styles)
        return Text("\n", no_wrap=True, end="").join(lines[:height])

    @property
    def _one_target(self) -> bool:
        return len(self._targets) == 1 and self._targets[0] != ""

    def _chosen(self, height: int) -> list[Sample]:
        by_role: dict[Role, Sample] = {}
        for sample in self._samples:
            by_role.setdefault(sample.role, sample)
        roles = sorted(by_role, key=lambda role: _LAST[role])[:height]
        return [by_role[role] for role in ROLES if role in roles]

    def _target_line(self, width: int, styles: dict[str, Style]) -> Text:
        line = Text(no_wrap=True, end="").append(f"{'target':<{_ROLE_WIDTH}}{'':{_REWARD_WIDTH}}  ", styles["muted"])
        target = fit(plain(self._targets[0]), max(0, width - line.cell_len))
        return line.append(target, styles["now"])

    def _lines_of(self, sample: Sample, width: int, lines: int, styles: dict[str, Style]) -> list[Text]:
        note = f"  step {sample.step}" if sample.role == "best" else ""
        head = Text(no_wrap=True, end="").append(
            f"{_TITLES.get(sample.role, sample.role):<{_ROLE_WIDTH}}", styles["role"]
        )
        head.append(number_format.reward(sample.reward), styles["now"] if sample.role in ("greedy", "best") else "")
        head.append("  ")
        margin = head.cell_len
        text = coloured(sample.text, sample.target, styles, sample.tokens)
        if sample.prompt:
            text = Text.assemble(terminal_text(sample.prompt, styles["muted"]), (" → ", styles["muted"]), text, end="")
        if not text.plain:
            text = Text("nothing: it stopped at once", style=styles["muted"], end="")
        limit = "" if sample.finished else LENGTH_LIMIT
        room = max(1, width - margin - cell_len(note + limit))
        pieces = cut_into(text, room, lines)
        pieces[-1].append(limit, styles["muted"])
        result = []
        for number, piece in enumerate(pieces):
            line = Text(no_wrap=True, end="")
            line.append_text(head if number == 0 else Text(" " * margin))
            line.append_text(piece)
            if note and number == 0:
                line.append(" " * (width - line.cell_len - cell_len(note)))
                line.append(note, styles["muted"])
            result.append(line)
        return result

    def _empty(self, width: int, height: int, styles: dict[str, Style]) -> Text:
        lines = []
        if height >= 3 and self._one_target:
            lines = [self._target_line(width, styles), Text()]
        lines += list(Text(_NO_SAMPLES, style=styles["muted"]).wrap(self.app.console, width))
        return Text("\n", end="").join(lines[:height])


class Records(Widget, can_focus=True):
    """The history of the best sampled completion: each new best one, newest first."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES

    def __init__(self) -> None:
        super().__init__(id="records", classes="panel")
        self.border_title = "Best sampled, step by step"
        self._records: list[Sample] = []

    def show(self, state: AppState) -> None:
        """Show the records; redraws only for a new one."""
        if state.records is not self._records or not state.records:
            self._records = state.records
            self.refresh()

    def render(self) -> Text:
        """Return one line per record, as many as fit."""
        width, height = self.content_size.width, self.content_size.height
        styles = component_styles(self)
        if not self._records:
            return Text("Each completion that beats the best one before appears here.", style=styles["muted"])
        lines = []
        for sample in self._records[: -height - 1 : -1]:
            line = Text(no_wrap=True, end="").append(f"step {sample.step:<7}", styles["muted"])
            line.append(number_format.reward(sample.reward)).append("  ")
            text = coloured(sample.text, sample.target, styles, sample.tokens)
            line.append_text(cut_into(text, max(1, width - line.cell_len), 1)[0])
            lines.append(line)
        return Text("\n", end="").join(lines)


def component_styles(widget: Widget) -> dict[str, Style]:
    """Return the styles of marks and columns in the current theme."""
    names = ("right", "wrong", "extra", "missing", "role", "now", "muted")
    return {name: widget.get_component_rich_style(f"samples--{name}", partial=True) for name in names}


def cut_into(text: Text, width: int, lines: int) -> list[Text]:
    """Return `text` as at most `lines` pieces of at most `width` cells; an ellipsis marks a cut."""
    if text.cell_len <= width:
        return [text]
    pieces: list[Text] = []
    remainder = text
    while remainder.plain and len(pieces) < lines:
        end = len(fit(remainder.plain, width + 1)) - 1 if cell_len(remainder.plain) > width else len(remainder.plain)
        is_cut = len(pieces) == lines - 1 and end < len(remainder.plain)
        piece = remainder[: max(1, end - 1 if is_cut else end)]
        if is_cut:
            piece.append("…")
        pieces.append(piece)
        remainder = remainder[max(1, end) :]
    return pieces
