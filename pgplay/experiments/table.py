"""An experiment's table: one row of texts per recipe, the best first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pgplay.experiments.records import median_at_goal, median_reward
from pgplay.experiments.statistics.estimates import FEW, Interval
from pgplay.experiments.statistics.survival import SolveTime
from pgplay.experiments.summary import Measured, RecipeResult, Summary
from pgplay.experiments.yardstick import HELD_OUT
from pgplay.locale.quoting import percent


class ResultTable(NamedTuple):
    """The titles of the columns, and the rows; the first column is a recipe's label."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table_of(summary: Summary) -> ResultTable:
    """Return the table of `summary`: shares, medians and means with their intervals, or all values of few runs."""
    ranked = summary.ranked()
    all_solve = all(result.entry.config.goal.kind == "solved" for result in ranked)
    measure = [summary.yardstick.name] if summary.yardstick.kind == "metric" else []
    held_out = [name for name in HELD_OUT if name not in measure and any(name in result.held_out for result in ranked)]
    headers = ("recipe", "solved" if all_solve else "reached", "steps", "completions", "seconds")
    return ResultTable(
        (*headers, *measure, *held_out, "reward"), tuple(_row(result, held_out) for result in ranked)
    )


def _row(result: RecipeResult, held_out: Sequence[str]) -> tuple[str, ...]:
    seconds = median_at_goal(result, "seconds")
    return (
        result.entry.label,
        share_text(result),
        _steps(result),
        _completions(result),
        "" if seconds is None else f"{seconds:.1f}",
        *([] if result.measured is None else [_measured(result.measured)]),
        *(_number(result.held_out.get(name)) for name in held_out),
        _number(median_reward(result)),
    )


def share_text(result: RecipeResult) -> str:
    """Return how many runs reached the goal, with the interval of their share unless they are few."""
    share = f"{result.solved} of {len(result.ended)}"
    if result.solved_interval is None:
        return share
    low, high = map(percent, result.solved_interval)
    return f"{share} ({low.removesuffix('%')} to {high})"


def _steps(result: RecipeResult) -> str:
    config, steps = result.entry.config, median_at_goal(result, "steps")
    if steps is not None:
        return f"{steps:,.0f}"
    is_limit = config.steps is not None and result.ended and config.goal.kind != "never"
    return f">{config.steps:,}" if is_limit else ""


def _completions(result: RecipeResult) -> str:
    if result.entry.config.goal.kind == "never":
        completions = median_at_goal(result, "completions")
        return "" if completions is None else f"{completions:,.0f}"
    if not result.ended:
        return ""
    median, interval = result.time
    furthest = max(trial.time.completions for trial in result.ended)
    text = f">{furthest:,.0f}" if median is None else f"{median:,.0f}"
    if interval is not None:
        spread = _range(interval)
        return text if spread == text else f"{text} ({spread})"
    dots = ", ".join(map(_dot, sorted((trial.time for trial in result.ended), key=_by_completions)))
    return f"{text} (few: {dots})"


def _by_completions(time: SolveTime) -> tuple[bool, float]:
    return not time.solved, time.completions


def _dot(time: SolveTime) -> str:
    return f"{'' if time.solved else '>'}{time.completions:,.0f}"


def _range(interval: Interval) -> str:
    return f"{interval.low:,.0f} to {interval.high:,.0f}" if math.isfinite(interval.high) else f">{interval.low:,.0f}"


def _measured(measured: Measured) -> str:
    if measured.mean is None:
        return ""
    text = _number(measured.mean)
    if measured.interval is not None:
        return f"{text} ({_number(measured.interval.low)} to {_number(measured.interval.high)})"
    if len(measured.values) >= FEW:
        return text
    return f"{text} (few: {', '.join(map(_number, sorted(measured.values.values())))})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value + 0.0:.3f}"  # + 0.0: no minus sign before a zero
