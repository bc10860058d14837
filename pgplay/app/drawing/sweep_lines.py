"""A sweep as lines of text: for each recipe its dots on a shared axis, its seeds one by one, and its verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.style import Style
from rich.text import Text

from pgplay.app.drawing import number_format
from pgplay.app.drawing.terminal_text import fit, plain
from pgplay.experiments.figure import ResultLine, axis_of, line_of
from pgplay.experiments.summary import PairVerdict, RecipeResult, Summary
from pgplay.experiments.sweep_view import SeedRun, SeedState, SweepView
from pgplay.experiments.table import share_text
from pgplay.experiments.verdicts import unit_of, verdict_of
from pgplay.export import axes
from pgplay.locale.catalog import text_of

LINE_MARGIN = 2
"""Cells before each line: the cursor's mark and a space."""

SEED_SIGNS: dict[SeedState, tuple[str, str]] = {
    "reached": ("●", "reached"),
    "not reached": ("○", "missed"),
    "failed": ("✗", "failed"),
    "training": ("◐", "training"),
    "interrupted": ("‖", "muted"),
    "waiting": ("·", "muted"),
}
"""The sign of a seed in each state, and the name of its style."""

BAR, MEDIAN, DOT, BEYOND = "━", "┃", "●", "▸"

SweepStyles = Mapping[str, Style]


class DrawnRow(NamedTuple):
    """What is drawn of one recipe; `line` is None before its first run ended, and until statistics are there."""

    label: str
    facts: tuple[str, ...]
    """What is known in short, the longest wording first."""
    hacked: str
    seeds: tuple[SeedRun, ...]
    line: ResultLine | None
    verdict: str
    favours: PairVerdict | None
    """None for the first row, with which the others are compared, and before there are statistics."""


class DrawnSweep(NamedTuple):
    """What is drawn of a sweep: its rows in the order given, and the axis that they share."""

    rows: tuple[DrawnRow, ...]
    axis: axes.Axis | None
    unit: str


def drawn_sweep(view: SweepView, summary: Summary | None, hacked: Mapping[int, str], width: int) -> DrawnSweep:
    """Return what is drawn of `view` and its `summary` in `width` cells; `hacked` names rows with a hacked reward."""
    if summary is None:
        lines = [_line_before_statistics(view, seeds) for seeds in view.rows]
        rows = [
            DrawnRow(entry.label, (), "", seeds, line, "", None)
            for entry, seeds, line in zip(view.entries, view.rows, lines, strict=True)
        ]
        return _on_an_axis(rows, view, width)
    lines = [line_of(summary, result) if result.ended else None for result in summary.results]
    comparisons = {comparison.b: comparison for comparison in summary.comparisons}
    rows = []
    for place, (entry, seeds) in enumerate(zip(view.entries, view.rows, strict=True)):
        comparison = comparisons.get(place)
        result = summary.results[place]
        verdict = text_of(*verdict_of(summary, comparison)) if comparison is not None and result.ended else ""
        favours = comparison.verdict if comparison is not None else None
        facts = _facts(summary, result) if result.ended else ()
        rows.append(DrawnRow(entry.label, facts, hacked.get(place, ""), seeds, lines[place], verdict, favours))
    return _on_an_axis(rows, view, width)


def _on_an_axis(rows: Sequence[DrawnRow], view: SweepView, width: int) -> DrawnSweep:
    lines = [row.line for row in rows if row.line is not None]
    axis = axis_of(lines, max(2, min(8, width // 12))) if lines else None
    return DrawnSweep(tuple(rows), axis, unit_of(view.yardstick))


def _line_before_statistics(view: SweepView, seeds: Sequence[SeedRun]) -> ResultLine | None:
    """Return the dots of a row while the statistics are being computed, which takes seconds at first."""
    ended = [seed.trial for seed in seeds if seed.trial.ended]
    if not ended:
        return None
    if view.yardstick.kind == "completions":
        times = [trial.time for trial in ended]
        solved, unsolved = (
            tuple(float(time.completions) for time in times if time.solved is is_solved) for is_solved in (True, False)
        )
        return ResultLine(solved, unsolved, None, None)
    metrics = [trial.report.metrics for trial in ended if trial.report is not None]
    name = view.yardstick.metric
    return ResultLine(tuple(of_run[name] for of_run in metrics if name in of_run), (), None, None)


def _facts(summary: Summary, result: RecipeResult) -> tuple[str, ...]:
    """Return the share that reached the goal and the estimate, with intervals and without."""
    share, short_share = share_text(result), f"{result.solved} of {len(result.ended)}"
    if result.entry.config.goal.kind != "never":
        word = "solved" if result.entry.config.goal.kind == "solved" else "reached"
        share, short_share = f"{share} {word}", f"{short_share} {word}"
    else:
        share = short_share = f"{len(result.ended)} ended"
    line = line_of(summary, result)
    name = "median" if summary.yardstick.kind == "completions" else "mean"
    short = f"{name} {_value(summary, line.middle)}" if line.middle is not None else f"no {name} yet"
    if line.interval is not None:
        low, high = line.interval
        to = f" to {_value(summary, high)}" if math.isfinite(high) else " or more"
        full = f"{short} ({_value(summary, low)}{to})"
    else:
        full = f"{short} (few)" if line.middle is not None else short
    return f"{share} · {full}", f"{short_share} · {full}", f"{short_share} · {short}", short_share


def _value(summary: Summary, value: float) -> str:
    return f"{value:,.0f}" if summary.yardstick.kind == "completions" else number_format.number(round(value, 3))


def head_line(row: DrawnRow, width: int, styles: SweepStyles, *, is_selected: bool) -> Text:
    """Return the line of a row's label and facts; what does not fit is cut."""
    text = Text(no_wrap=True, end="").append("▸ " if is_selected else "  ", styles["cursor"])
    room = width - LINE_MARGIN
    hacked = " ▲ hacked" if row.hacked else ""
    beside = len(plain(row.label)) + len(hacked) + 2
    facts = next((fact for fact in row.facts if beside + len(fact) <= room), row.facts[-1] if row.facts else "")
    label = fit(plain(row.label), max(8, room - len(facts) - len(hacked) - (2 if facts else 0)))
    text.append(label, styles["label"]).append(hacked, styles["hacked"])
    if facts:
        text.append(" " * max(1, width - text.cell_len - len(facts))).append(facts, styles["facts"])
    text.truncate(width)
    return text


def strip_line(row: DrawnRow, axis: axes.Axis | None, columns: int, styles: SweepStyles) -> Text:
    """Return the row's runs on the axis: a dot each, a number where several fall on one cell, the interval as a bar."""
    text = Text(" " * LINE_MARGIN, no_wrap=True, end="")
    if row.line is None or axis is None:
        return text.append("" if any(seed.trial.ended for seed in row.seeds) else "no run has ended", styles["muted"])
    cells = [("┊", "grid") if column in _ticks(axis, columns) else (" ", "grid") for column in range(columns)]
    if row.line.interval is not None:
        low, high = (_column(axis, end, columns) for end in row.line.interval)
        for column in range(low, high + 1):
            cells[column] = (BAR, "bar")
    for values, sign, style in ((row.line.unsolved, BEYOND, "missed"), (row.line.dots, DOT, "dot")):
        for column, count in Counter(_column(axis, value, columns) for value in values).items():
            cells[column] = (sign if count == 1 else str(count) if count < 10 else "+", style)
    if row.line.middle is not None:
        column = _column(axis, row.line.middle, columns)
        sign, style = cells[column]
        cells[column] = (MEDIAN, "middle") if style in ("grid", "bar") else (sign, "middle-dot")
    for sign, style in cells:
        text.append(sign, styles[style])
    return text


def _ticks(axis: axes.Axis, columns: int) -> set[int]:
    return {_column(axis, tick, columns) for tick in axis.ticks}


def _column(axis: axes.Axis, value: float, columns: int) -> int:
    share = 1.0 if math.isinf(value) and value > 0 else axis.fraction(value)
    return round(share * (columns - 1))


def seed_lines(seeds: Sequence[SeedRun], width: int, styles: SweepStyles, selected: int | None) -> list[Text]:
    """Return the seeds' signs, as many a line as fit; the `selected` one is marked."""
    lines = []
    room = seeds_per_line(width)
    for start in range(0, len(seeds), room):
        text = Text(" " * LINE_MARGIN, no_wrap=True, end="")
        for place, seed in enumerate(seeds[start : start + room], start):
            sign, style = SEED_SIGNS[seed.state]
            text.append(sign, styles[style] + styles["chosen"] if place == selected else styles[style])
        lines.append(text)
    return lines


def seeds_per_line(width: int) -> int:
    """Return how many seeds fit on a line of `width` cells."""
    return max(1, width - 2 * LINE_MARGIN)


def count_of_states(seeds: Sequence[SeedRun]) -> str:
    """Return what the seeds do that have not ended: 2 training, 5 waiting; empty if all ended."""
    counts = Counter(seed.state for seed in seeds)
    return ", ".join(f"{counts[state]} {state}" for state in ("training", "waiting", "interrupted") if counts[state])


def verdict_line(row: DrawnRow, width: int, styles: SweepStyles) -> Text:
    """Return the row's verdict in words; the first row's line says what the others are compared with."""
    text = Text(" " * LINE_MARGIN, no_wrap=True, end="")
    words = row.verdict or ("the others are compared with this one" if row.favours is None and row.facts else "")
    style = row.favours if row.favours is not None and row.verdict else "muted"
    return text.append(fit(plain(words), width - LINE_MARGIN), styles[style])


def axis_text(drawn: DrawnSweep, columns: int) -> str:
    """Return the axis that all rows share, with its labels: two lines; empty before the first run ended."""
    if drawn.axis is None:
        return ""
    return axes.ruler(drawn.axis, axes.labels(drawn.axis), drawn.unit, 0, columns)
