"""The store of a run that TRL trains: a row for each step that its trainer logs, with the completions until then."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from statistics import fmean

from msgspec.structs import replace

from pgplay.errors import coded
from pgplay.learning.algorithms.table import algorithm_row
from pgplay.learning.reports.diagnosis import Diagnosis
from pgplay.learning.reports.samples import quantile_rows, reward_statistics, sample_of
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.learning.reports.step_trace import trace_of
from pgplay.locale.catalog import Coded
from pgplay.runs.store import RunStore
from pgplay.trl.completions import RewardedBatch

_OF_COMPLETIONS = ("reward", "length", "stop_rate", "tied_groups", "unique_completions", "part:", "measure:")
"""How the names of metrics begin that stay as they are while a trainer updates on the same completions."""
_OF_PGPLAY = ("mismatch",)
"""Findings that mean a fault in pgplay; between TRL's sampler and its training, differences are normal."""


class TrlRecorder:
    """Writes what a trainer logs into `store`; a step is one of TRL, an update.

    What it logs at one step, as about an evaluation, becomes one row, which is stored by `flush`. A row that cannot be
    stored is tried again with the next one.
    """

    def __init__(self, store: RunStore) -> None:
        progress = store.progress()
        self.store = store
        self._began = time.monotonic() - progress.seconds
        self._completions = progress.completions
        self._group_size = store.config.group_size or 1
        self._diagnosis = Diagnosis(algorithm_row(store.config.algorithm).kind)
        self._found: set[str] = set()
        self._batches: list[RewardedBatch] = []
        self._carried: dict[str, float] = {}
        self._best: Sample | None = None
        self._step, self._metrics = 0, dict[str, float]()
        self._unrecorded: deque[StepReport] = deque()

    def add(self, batch: RewardedBatch) -> None:
        """Add a batch of completions, on which the next logged step trains."""
        self._batches.append(batch)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Add `metrics` of `step`; raises PgplayError where an earlier step cannot be stored."""
        if step != self._step:
            self.flush()
        self._step = step
        self._metrics |= metrics

    def flush(self) -> None:
        """Store what was logged; raises PgplayError where that fails."""
        if self._metrics:
            self._unrecorded.append(self._report())
            self._metrics = {}
        while self._unrecorded:
            self.store.record(self._unrecorded[0])
            report = self._unrecorded.popleft()
            self._note_findings(report)

    def finish(self, state: str, reason: Coded) -> None:
        """Store what is left and how the run ended, and close the store; raises PgplayError where that fails."""
        try:
            self.flush()
            self.store.finish(state, reason)
        finally:
            self.store.close()

    def _report(self) -> StepReport:
        batches, self._batches = self._batches, []
        of_batches = self._statistics(batches) if batches else {}
        metrics = {**self._carried, **of_batches, **self._metrics}
        self._carried = {name: value for name, value in metrics.items() if name.startswith(_OF_COMPLETIONS)}
        self._completions += sum(len(batch.rewards) for batch in batches)
        rewards = [reward for batch in batches for reward in batch.rewards if math.isfinite(reward)]
        return StepReport(
            step=self._step,
            seconds=time.monotonic() - self._began,
            completions=self._completions,
            metrics=metrics,
            samples=self._samples(batches[-1]) if rewards else (),
            solved=False,
            trace=trace_of(rewards) if rewards else None,
        )

    def _statistics(self, batches: list[RewardedBatch]) -> dict[str, float]:
        rewards = [reward for batch in batches for reward in batch.rewards if math.isfinite(reward)]
        texts = {(pair.prompt, each.text) for batch in batches for pair, each in zip(*batch[:2], strict=True)}
        lengths = [length for batch in batches for length in batch.lengths]
        statistics = {
            "unique_completions": float(len(texts)),
            "characters": float(sum(lengths)),
            "length": fmean(lengths),
            "stop_rate": fmean(each.finished for batch in batches for each in batch.completions),
        }
        return statistics | (reward_statistics(rewards, self._group_size) if len(rewards) > 1 else {})

    def _samples(self, batch: RewardedBatch) -> tuple[Sample, ...]:
        """Return samples from across the rewards of `batch`, and the best one so far."""
        known = [row for row, reward in enumerate(batch.rewards) if math.isfinite(reward)]
        quantiles = quantile_rows([batch.rewards[row] for row in known]) if known else []
        samples = [
            sample_of(role, batch.pairs[row], batch.completions[row], batch.rewards[row], self._step)
            for role, place in quantiles
            for row in [known[place]]
        ]
        if samples and (self._best is None or samples[0].reward > self._best.reward):
            self._best = replace(samples[0], role="best")
        return tuple([self._best, *samples] if self._best is not None else samples)

    def _note_findings(self, report: StepReport) -> None:
        """Store each finding as it appears; they need the rewards of single completions."""
        if "reward_max" not in report.metrics:
            return
        self._diagnosis.add(report)
        findings = {each.kind: each for each in self._diagnosis.findings() if each.kind not in _OF_PGPLAY}
        for kind, finding in findings.items():
            if kind not in self._found:
                self.store.event(report.step, "finding", coded(f"finding.{kind}", **finding.values))
        self._found = set(findings)
