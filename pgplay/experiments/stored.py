"""Runs of an earlier experiment: ended ones count again, interrupted ones continue from their checkpoint."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from pgplay.config.run_config import RunConfig, to_settings
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.summaries import RunSummary, list_runs
from pgplay.worker.client.pool import RunOutcome

ENDED = ("solved", "finished")
"""The states of runs that ended by themselves."""

_INTERRUPTED = ("paused", "interrupted")
_USUAL_SEED = RunConfig().seed

_USUAL_SECONDS = 5.0
"""The duration of a run where none is stored that would tell."""

RunKey = tuple[str, int]
"""Settings as JSON, without the seed, and the seed."""


class StoredRuns:
    """The stored runs by their settings, as they are now; none that is a branch, was changed while it ran, or is TRL's.

    With the identity of a `sweep`, its own runs come first. Every method raises PgplayError for a run that cannot be
    read.
    """

    def __init__(self, sweep: str = "") -> None:
        self._sweep = sweep
        self._runs: dict[RunKey, list[RunSummary]] = {}
        for run in sorted(list_runs(), key=self._is_anothers):
            if not run.problem and not run.parent and not run.trainer:
                self._runs.setdefault(run_key(run.settings), []).append(run)

    def _is_anothers(self, run: RunSummary) -> bool:
        return not self._sweep or run.sweep != self._sweep

    def outcome(self, config: RunConfig, *, own: bool = False) -> RunOutcome | None:
        """Return the outcome of the newest run of `config` that ended by itself, None if there is none.

        With `own`, only a run of the sweep counts.
        """
        for run in self._of(config, own):
            if run.state in ENDED:
                with DatabaseReader.open(run.name) as store:
                    if not was_changed(store):
                        return stored_outcome(store)
        return None

    def to_continue(self, config: RunConfig, *, own: bool = False) -> str:
        """Return the name of the newest run of `config` that was interrupted, empty if there is none.

        With `own`, only a run of the sweep counts.
        """
        for run in self._of(config, own):
            if run.state in _INTERRUPTED and run.checkpoint_step is not None:
                with DatabaseReader.open(run.name) as store:
                    if not was_changed(store):
                        return run.name
        return ""

    def _of(self, config: RunConfig, own: bool) -> list[RunSummary]:
        runs = self._runs.get(run_key(to_settings(config)), [])
        return [run for run in runs if not (own and self._is_anothers(run))]


def usual_seconds(runs: Iterable[RunSummary]) -> float:
    """Return the median duration of those of `runs` that ended by themselves, at least a second."""
    seconds = [run.seconds for run in runs if run.state in ENDED]
    return max(1.0, statistics.median(seconds)) if seconds else _USUAL_SECONDS


def run_key(settings: Mapping[str, Any]) -> RunKey:
    """Return what tells runs of these `settings` from others: the settings without the seed, and the seed."""
    others = {name: value for name, value in settings.items() if name != "seed"}
    return json.dumps(others, sort_keys=True), settings.get("seed", _USUAL_SEED)


def was_changed(store: DatabaseReader) -> bool:
    """Whether a setting was changed while the run trained, so that it is no run of its first settings."""
    return any(event.kind == "change" for event in store.events())


def stored_outcome(store: DatabaseReader) -> RunOutcome:
    """Return the outcome of a run that ended by itself."""
    progress = store.progress()
    metrics = store.row(progress.steps)
    # With another goal, a run of a single text is solved as well if its greedy completion is the target.
    solved = store.state == "solved" or (not store.config.task and metrics.get("exact_match") == 1.0)
    report = StepReport(progress.steps, progress.seconds, progress.completions, metrics, (), solved)
    return RunOutcome("solved" if store.state == "solved" else "finished", (store.message, {}), store.name, report)
