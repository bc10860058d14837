"""Guidance for a newcomer: the very first run begins in slow motion, and a solved run suggests what to try next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pgplay.app.state.app_state import AppState
from pgplay.locale.catalog import Values, text_of

FIRST_PACE = 0.25
"""The minimum seconds of a step while the first run is in slow motion."""

FIRST_STEPS = 8
"""Steps of the first run in slow motion."""

GOAL = 0.95
"""Mean reward up to which a solved run may continue."""


class Hint(NamedTuple):
    """A sentence, and a key that follows it."""

    message: str
    key: str = ""


class Suggestion(NamedTuple):
    """Something to try next: its action, a short title and a longer description."""

    action: str
    title: str
    more: str


NO_HINT = Hint("")


def first_hint(state: AppState) -> Hint:
    """Return what to look at in the very first run; empty in any other run, and once it has ended."""
    if not state.is_first_run:
        return NO_HINT
    if state.run == "idle":
        if state.settings is None:
            return NO_HINT
        return Hint(text_of("guide.first"), "" if state.waiting else "  space: start")
    if state.run != "training":
        return NO_HINT
    if state.tempo:
        has_target = state.info is None or any(state.info.targets)
        return Hint(text_of("guide.slow" if has_target else "guide.slow.no_target"), "  +: faster")
    return Hint(text_of("guide.fast"))


def solved_sentence(state: AppState) -> str:
    """Return what 'solved' means for this run."""
    metrics = state.report.metrics if state.report is not None else {}
    if state.info is None or "sampled_match" not in metrics:
        return text_of("guide.solved.search")
    count = state.info.batch_size
    values: Values = {"right": round(metrics["sampled_match"] * count), "count": count}
    if state.info.config.task and state.info.config.prompts != 1:
        return text_of("guide.solved.prompts", values)
    return text_of("guide.solved" if values["right"] else "guide.solved.none", values)


def suggestions(state: AppState) -> list[Suggestion]:
    """Return the three suggestions that fit a solved run best."""
    mean = state.report.metrics.get("reward_mean", GOAL) if state.report is not None else GOAL
    values: Values = {"goal": GOAL, "mean": mean}
    names = list(_fitting(state, mean))[:3]
    return [Suggestion(name, text_of(f"guide.try.{name}"), text_of(f"guide.try.{name}.more", values)) for name in names]


def _fitting(state: AppState, mean: float) -> Iterator[str]:
    if state.has_policy:
        yield "phases"
        if mean < GOAL:
            yield "go_until"
    yield "side_by_side"
    yield "edit_reward"
    yield "travel"
