"""What can be looked at of a step: all of it where it was taken apart, else the few samples that the store keeps."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.learning.anatomy import Anatomy, SampleAnatomy
from pgplay.learning.report import Sample
from pgplay.runs.reader import RunReader


class Looked(NamedTuple):
    """Completions of one step, in which `completions` were made; 0 where only the kept ones are known.

    Without their tokens where the step was not taken apart (`is_whole`).
    """

    step: int
    completions: int
    samples: tuple[SampleAnatomy, ...]
    is_whole: bool

    @classmethod
    def at_anatomy(cls, anatomy: Anatomy) -> Looked:
        """Return what an anatomy tells."""
        return cls(anatomy.step, anatomy.completions, anatomy.samples, True)

    @classmethod
    def at_samples(cls, step: int, samples: tuple[Sample, ...]) -> Looked:
        """Return what a step's samples tell."""
        told = tuple(
            SampleAnatomy(
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


class Recorded:
    """The steps that the store of `run` holds samples of."""

    def __init__(self, run: str) -> None:
        self._run = run

    def beside(self, step: int, way: int) -> Looked | None:
        """Return the recorded step next to `step`, before it (`way` -1) or after it (1); None where there is none.

        Raises InputError for an unknown run and PgplayError for a damaged one.
        """
        with RunReader.open(self._run) as store:
            steps = sorted({*store.sampled_steps(), *store.anatomy_steps()})
            near = [one for one in steps if (one < step if way < 0 else one > step)]
            if not near:
                return None
            at = near[-1] if way < 0 else near[0]
            anatomy = store.anatomy(at)
            return Looked.at_anatomy(anatomy) if anatomy else Looked.at_samples(at, store.samples(at))
