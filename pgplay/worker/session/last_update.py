"""The last update of a run, repeated after its end and recorded in full.

Recording every step would cost several times its work, and which update was the last is known only afterwards. So the
state before a recent step is kept in memory; from there the steps up to the last update are repeated, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from pgplay.learning.learner import Learner, LearnerState
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import StepReport
from pgplay.learning.step_inspection import StepInspection
from pgplay.learning.trainer import Trainer
from pgplay.runs.store import RunStore

BETWEEN_SECONDS = 0.5
"""Seconds of training between two kept states; making the last update again takes at most twice as long, and its
recording."""

MOST_PARAMETERS = 2_000_000
"""Larger networks keep no state: two copies with the optimiser's averages take 24 bytes a parameter."""


class _Kept(NamedTuple):
    step: int
    seconds: float
    state: LearnerState


class LastUpdate:
    """Keeps the states before two recent steps of `learner`, and the reports of the steps since.

    Nothing of a search, nor of a network of more than MOST_PARAMETERS.
    """

    def __init__(self, learner: Learner, store: RunStore) -> None:
        self._trainer = learner if isinstance(learner, Trainer) else None
        self._store = store
        self._kept: list[_Kept] = []
        self._reports: dict[int, StepReport] = {}

    def step(self, make_step: Callable[[], StepReport]) -> StepReport:
        """Make a step by `make_step`, and keep what repeating it needs."""
        if self._trainer is None or self._trainer.plan.parameters > MOST_PARAMETERS:
            return make_step()
        self._keep_state(self._trainer)
        report = make_step()
        self._reports[report.step] = report
        return report

    def _keep_state(self, trainer: Trainer) -> None:
        """Keep the state if the newest kept one is old, and forget the one before the last."""
        now = time.monotonic()
        if not self._kept or now - self._kept[-1].seconds > BETWEEN_SECONDS:
            self._kept = [*self._kept[-1:], _Kept(trainer.counters.steps, now, trainer.state())]
            self._reports = {step: report for step, report in self._reports.items() if step > self._kept[0].step}

    def forget(self) -> None:
        """Forget everything: a setting has changed, so the kept steps cannot be repeated."""
        self._kept, self._reports = [], {}

    def detail(self) -> StepDetail | None:
        """Return the newest update in full, repeated or read from the store; None where none is known.

        The learner does not change; a repeated step is stored.
        """
        recorded = self._store.detailed_steps()
        if self._trainer is not None and (last := self._last_step(self._trainer)) not in recorded:
            detail = self._repeated(self._trainer, last)
            if detail is not None:
                self._store.keep_step_detail(detail)
                return detail
        return self._store.step_detail(recorded[-1]) if recorded else None

    def _last_step(self, trainer: Trainer) -> int:
        """Return the newest step that made an update; the step that finds a run solved makes none."""
        ends_solved = trainer.plan.config.until == "solved"
        return max((step for step, report in self._reports.items() if not (report.solved and ends_solved)), default=0)

    def _repeated(self, trainer: Trainer, last: int) -> StepDetail | None:
        """Return the step `last`, repeated; None if no state before it is kept, or if its samples differ.

        They may differ with a reward that is random.
        """
        earlier = next((earlier for earlier in reversed(self._kept) if earlier.step < last), None)
        if earlier is None:
            return None
        end, inspection = trainer.state(), StepInspection(trainer)
        try:
            trainer.restore(earlier.state)
            for _ in range(last - 1 - earlier.step):
                trainer.step()
            report = inspection.step()
        finally:
            trainer.restore(end)
        return inspection.detail if report.samples == self._reports[last].samples else None
