"""The state of a run: its newest step with findings and forecast, updated a few times per second."""

from __future__ import annotations

import time

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.errors import coded
from pgplay.learning.learner import Learner
from pgplay.learning.reports.diagnosis import Diagnosis
from pgplay.learning.reports.one_prompt import OnePromptCheck, OnePromptVerdict
from pgplay.learning.reports.step_report import Finding, StepReport
from pgplay.worker.protocol.events import Snapshot
from pgplay.worker.session.forecast import Forecast
from pgplay.worker.session.preparation import goal_of
from pgplay.worker.session.stop_conditions import Ending

_INTERVAL = 0.25
"""Seconds between updates of findings and forecast, some fifty steps of a small model."""


_VERDICTS: dict[OnePromptVerdict, str] = {
    "learnt": "ending.one_prompt.learnt",
    "rising": "ending.one_prompt.rising",
    "risen": "ending.one_prompt.risen",
    "not_learnt": "ending.one_prompt.not_learnt",
}
"""The texts of the verdict on one prompt, by code."""


class Assessment:
    """Follows every step of a learner; a search's progress is that of its kept text, not of its trials."""

    def __init__(self, learner: Learner) -> None:
        self._diagnosis = Diagnosis(learner.plan.algorithm.kind)
        self._one_prompt = self._check_of(learner)
        self._begin(learner)

    @staticmethod
    def _check_of(learner: Learner) -> OnePromptCheck | None:
        """Return the check that one prompt can be learnt, for a run that is one."""
        plan = learner.plan
        return OnePromptCheck(has_target=plan.task.has_targets) if plan.written.prompts == 1 else None

    def _begin(self, learner: Learner) -> None:
        self._plan = learner.plan
        plan = learner.plan
        self._forecast = Forecast(
            goal_of(plan, learner.reward), credit=plan.config.credit, by_greedy=not plan.algorithm.trains_network
        )
        self._made_at = 0.0
        self._made: Snapshot | None = None

    def change(self, learner: Learner, *, rewards_changed: bool) -> None:
        """Adopt the learner's present plan; earlier steps still count unless the rewards' meaning has changed."""
        old, new = self._plan, learner.plan
        if rewards_changed or (old.task, old.algorithm.kind) != (new.task, new.algorithm.kind):
            self._diagnosis = Diagnosis(new.algorithm.kind)
            self._one_prompt = self._check_of(learner)
        self._begin(learner)

    def add(self, report: StepReport) -> None:
        """Add a step."""
        self._forecast.add(report)
        self._diagnosis.add(report)
        if self._one_prompt is not None:
            self._one_prompt.add(report)

    def findings(self) -> tuple[Finding, ...]:
        """Return the present findings; empty while all is well."""
        return self._diagnosis.findings()

    def judged(self, ending: Ending | None) -> Ending | None:
        """Return `ending`, of a run on one prompt with the verdict on its setup."""
        check = self._one_prompt
        if ending is None or check is None:
            return ending
        verdict: OnePromptVerdict | None = "learnt" if ending.cause == "goal" else check.verdict
        if verdict is None:
            return ending
        first, last = check.rewards
        return ending._replace(reason=coded(_VERDICTS[verdict], reason=ending.reason, first=first, last=last))

    def snapshot(self, report: StepReport, config: RunConfig) -> Snapshot:
        """Return the newest step, `report`, with findings and forecast at most a quarter second old.

        A step that solves the task updates them at once.
        """
        now = time.monotonic()
        if self._made is None or now - self._made_at >= _INTERVAL or report.solved:
            outlook = self._forecast.outlook(config)
            self._made_at = now
            self._made = Snapshot(
                report=report,
                rows=(),
                findings=self.findings(),
                progress=outlook.progress,
                seconds_left=outlook.seconds_left,
                characters_per_second=self._forecast.characters_per_second,
            )
        step, trace = report.step, report.trace
        rows, traces = ((step, report.metrics),), ((step, trace),) if trace else ()
        return msgspec.structs.replace(self._made, report=report, rows=rows, traces=traces)
