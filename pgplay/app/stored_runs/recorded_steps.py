"""What can be looked at of a step: all of it where it was taken apart, else the few samples that the store keeps."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.learning.reports.step_detail import CompletionDetail, StepDetail
from pgplay.learning.reports.step_report import Sample
from pgplay.runs.run_library import RunLibrary


class RecordedStep(NamedTuple):
    """Completions of one step, in which `completions` were made; 0 where only the kept ones are known.

    Without their tokens where the step was not taken apart (`is_whole`).
    """

    step: int
    completions: int
    samples: tuple[CompletionDetail, ...]
    is_whole: bool

    @classmethod
    def at_anatomy(cls, anatomy: StepDetail) -> RecordedStep:
        """Return what an anatomy tells."""
        return cls(anatomy.step, anatomy.completions, anatomy.samples, True)

    @classmethod
    def at_samples(cls, step: int, samples: tuple[Sample, ...]) -> RecordedStep:
        """Return what a step's samples tell."""
        told = tuple(
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
        return cls(step, 0, told, False)


class RecordedSteps:
    """The steps that the store of `run` holds samples of."""

    def __init__(self, runs: RunLibrary, run: str) -> None:
        self._runs, self._run = runs, run

    def neighbour(self, step: int, way: int) -> RecordedStep | None:
        """Return the recorded step next to `step`, before it (`way` -1) or after it (1); None where there is none.

        Raises InputError for an unknown run and PgplayError for a damaged one.
        """
        with self._runs.open(self._run) as store:
            steps = sorted({*store.sampled_steps(), *store.anatomy_steps()})
            near = [one for one in steps if (one < step if way < 0 else one > step)]
            if not near:
                return None
            at = near[-1] if way < 0 else near[0]
            anatomy = store.anatomy(at)
            return RecordedStep.at_anatomy(anatomy) if anatomy else RecordedStep.at_samples(at, store.samples(at))
