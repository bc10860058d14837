"""Stored steps: the full record of a step if there is one, else its kept samples."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.learning.reports.step_detail import CompletionDetail, StepDetail
from pgplay.learning.reports.step_report import Sample
from pgplay.runs.run_library import RunLibrary


class RecordedStep(NamedTuple):
    """The stored completions of a step, in which `completions` were sampled (0: unknown).

    Only a full record (`is_whole`) has their tokens.
    """

    step: int
    completions: int
    samples: tuple[CompletionDetail, ...]
    is_whole: bool

    @classmethod
    def from_detail(cls, detail: StepDetail) -> RecordedStep:
        """Return the step of a full record."""
        return cls(detail.step, detail.completions, detail.samples, True)

    @classmethod
    def from_samples(cls, step: int, samples: tuple[Sample, ...]) -> RecordedStep:
        """Return the step with its kept samples only."""
        completions = tuple(
            CompletionDetail(
                prompt=sample.prompt,
                target=sample.target,
                text=sample.text,
                finished=sample.finished,
                reward=sample.reward,
                parts={},
                charge=0.0,
                baseline=None,
                deviation=None,
                tokens=(),
            )
            for sample in samples
        )
        return cls(step, 0, completions, False)


class RecordedSteps:
    """The steps of the stored `run` that have samples."""

    def __init__(self, runs: RunLibrary, run: str) -> None:
        self._runs, self._run = runs, run

    def newest_detail(self) -> StepDetail | None:
        """Return the newest step that was recorded in full; None without one.

        Raises InputError for an unknown run and PgplayError for a damaged one.
        """
        with self._runs.open(self._run) as store:
            steps = store.detailed_steps()
            return store.step_detail(steps[-1]) if steps else None

    def neighbour(self, step: int, direction: int) -> RecordedStep | None:
        """Return the recorded step next to `step`, before it (`direction` -1) or after it (1); None without one.

        Raises InputError for an unknown run and PgplayError for a damaged one.
        """
        with self._runs.open(self._run) as store:
            steps = sorted({*store.sampled_steps(), *store.detailed_steps()})
            near = [other for other in steps if (other < step if direction < 0 else other > step)]
            if not near:
                return None
            at = near[-1] if direction < 0 else near[0]
            detail = store.step_detail(at)
            return RecordedStep.from_detail(detail) if detail else RecordedStep.from_samples(at, store.samples(at))
