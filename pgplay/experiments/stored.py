"""Runs of an earlier experiment: ended ones count again, interrupted ones continue from their checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pgplay.config.run_config import RunConfig, to_settings
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.summaries import RunSummary, list_runs
from pgplay.worker.client.pool import RunOutcome

_ENDED = ("solved", "finished")
_INTERRUPTED = ("paused", "interrupted")


class StoredRuns:
    """The stored runs by their settings, as they are now; none that is a branch or was changed while it ran.

    Every method raises PgplayError for a run that cannot be read.
    """

    def __init__(self) -> None:
        self._runs: dict[str, list[RunSummary]] = {}
        for run in list_runs():
            if not run.problem and not run.parent:
                self._runs.setdefault(_key(run.settings), []).append(run)

    def outcome(self, config: RunConfig) -> RunOutcome | None:
        """Return the outcome of the newest run of `config` that ended by itself, None if there is none."""
        for run in self._runs.get(_key(to_settings(config)), ()):
            if run.state in _ENDED:
                with DatabaseReader.open(run.name) as store:
                    if not _was_changed(store):
                        return _outcome(store)
        return None

    def to_continue(self, config: RunConfig) -> str:
        """Return the name of the newest run of `config` that was interrupted, empty if there is none."""
        for run in self._runs.get(_key(to_settings(config)), ()):
            if run.state in _INTERRUPTED and run.checkpoint_step is not None:
                with DatabaseReader.open(run.name) as store:
                    if not _was_changed(store):
                        return run.name
        return ""


def _key(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True)


def _was_changed(store: DatabaseReader) -> bool:
    return any(event.kind == "change" for event in store.events())


def _outcome(store: DatabaseReader) -> RunOutcome:
    progress = store.progress()
    metrics = store.row(progress.steps)
    # With another goal, a run of a single text is solved as well if its greedy completion is the target.
    solved = store.state == "solved" or (not store.config.task and metrics.get("exact_match") == 1.0)
    report = StepReport(progress.steps, progress.seconds, progress.completions, metrics, (), solved)
    return RunOutcome("solved" if store.state == "solved" else "finished", (store.message, {}), store.name, report)
