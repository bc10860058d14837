"""Which stored runs count for a sweep: ended ones as they are, interrupted ones to be continued."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.summaries import RunSummary
from pgplay.worker.client.pool import OutcomeState, RunOutcome

ENDED = ("solved", "finished")
"""The states of runs that ended by themselves."""

FAILED = "failed"
_INTERRUPTED = ("paused", "interrupted")
_USUAL_SEED = RunConfig().seed

_USUAL_SECONDS = 5.0
"""The duration of a run where none is stored that would tell."""

RunKey = tuple[str, int]
"""Settings as JSON, without the seed, and the seed."""


class StoredRuns:
    """The stored runs that count for the sweep with the identity `sweep`, by their settings.

    They are its own and, with `takes_others`, others that did not fail. None counts that is a branch, was changed while
    it trained, or is TRL's.
    """

    def __init__(self, runs: Iterable[RunSummary], sweep: str, *, takes_others: bool) -> None:
        self.sweep = sweep
        self._runs: dict[RunKey, list[RunSummary]] = {}
        for run in sorted(runs, key=lambda run: run.created, reverse=True):
            if self._counts(run, takes_others):
                self._runs.setdefault(run_key(run.settings), []).append(run)

    def _counts(self, run: RunSummary, takes_others: bool) -> bool:
        if run.problem or run.parent or run.was_changed or run.trainer:
            return False
        return self._is_own(run) or (takes_others and run.state != FAILED)

    def _is_own(self, run: RunSummary) -> bool:
        return run.sweep == self.sweep

    def run_of(self, key: RunKey, *, has_python: bool) -> RunSummary | None:
        """Return the run that counts for the settings `key`, None if there is none.

        One that ended comes before one that is not done, and this before one that failed; then the sweep's own before
        others, and the newest first. Of settings `has_python`, only its own count: others may have had another text.
        """
        runs = [run for run in self._runs.get(key, ()) if self._is_own(run) or not has_python]
        return min(runs, key=lambda run: (_rank(run), not self._is_own(run)), default=None)


def _rank(run: RunSummary) -> int:
    if run.state in ENDED:
        return 0
    if run.state == FAILED:
        return 3
    return 2 if run.state in _INTERRUPTED and not can_continue(run) else 1


def can_continue(run: RunSummary) -> bool:
    """Whether the run was interrupted and has a checkpoint to continue from."""
    return run.state in _INTERRUPTED and run.checkpoint_step is not None


def usual_seconds(runs: Iterable[RunSummary]) -> float:
    """Return the median duration of those of `runs` that ended by themselves, at least a second."""
    seconds = [run.seconds for run in runs if run.state in ENDED]
    return max(1.0, statistics.median(seconds)) if seconds else _USUAL_SECONDS


def run_key(settings: Mapping[str, Any]) -> RunKey:
    """Return what tells runs of these `settings` from others: the settings without the seed, and the seed."""
    others = {name: value for name, value in settings.items() if name != "seed"}
    return json.dumps(others, sort_keys=True), settings.get("seed", _USUAL_SEED)


def stored_outcome(run: str) -> RunOutcome:
    """Return the outcome of the run called `run`, which ended by itself or failed; raises PgplayError."""
    with DatabaseReader.open(run) as store:
        progress = store.progress()
        metrics = store.row(progress.steps)
        # With another goal, a run of a single text is solved as well if its greedy completion is the target.
        solved = store.state == "solved" or (not store.config.task and metrics.get("exact_match") == 1.0)
        report = StepReport(progress.steps, progress.seconds, progress.completions, metrics, (), solved)
        state: OutcomeState = "solved" if store.state == "solved" else "failed" if store.state == FAILED else "finished"
        return RunOutcome(state, (store.message, {}), run, report)
