"""Reading a stored run, wherever it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol, Self

import msgspec

from pgplay.runs.stored_texts import words_of_stored

if TYPE_CHECKING:
    from pgplay.config.run_config import RunConfig
    from pgplay.learning.reports.step_detail import StepDetail
    from pgplay.learning.reports.step_report import Sample, Trace
    from pgplay.runs.curves import MetricCurves, Window

LAST_STEP = 2**63 - 1
"""The largest number that SQLite knows."""

StepNumber = Annotated[int, msgspec.Meta(ge=0)]


class RunEvent(NamedTuple):
    """Something that happened in a run after `step` steps: a change of settings, a branch, a warm start.

    `detail` is what the store keeps: the changed settings as a JSON object, or a text's code with its values.
    """

    step: StepNumber
    kind: str
    detail: str

    @property
    def words(self) -> str:
        """The detail for people; changed settings stay JSON."""
        return words_of_stored(self.detail)


class RunProgress(NamedTuple):
    """How far a run got; each reward is None before the first step."""

    steps: StepNumber
    seconds: float
    completions: int
    best_reward: float | None
    last_reward: float | None


class StoredScorer(NamedTuple):
    """A reward as the steps that it scored name it: the SHA-256 of its Python or of its formula, and its text."""

    hash: str
    text: str


class ScoredSince(NamedTuple):
    """A reward, and the first step that it scored; None where an earlier pgplay did not keep it."""

    step: StepNumber
    scorer: StoredScorer | None


class Parent(NamedTuple):
    """The run that another is a branch of, and the step of the branch's checkpoint."""

    run: str
    step: StepNumber


class RunReader(Protocol):
    """One stored run, perhaps still being trained; close it, or use it in a `with`.

    May be used from several threads. Every method raises PgplayError where the run can't be read.
    """

    name: str
    config: RunConfig

    @property
    def state(self) -> str:
        """The run's last state, else 'training'."""
        ...

    @property
    def message(self) -> str:
        """Why the run ended, or empty."""
        ...

    @property
    def created(self) -> str:
        """When the run was created: ISO 8601, UTC."""
        ...

    @property
    def note(self) -> str:
        """A person's note on the run, empty for none."""
        ...

    @property
    def trainer(self) -> str:
        """What trains the run and alone can resume it, such as TRL 1.16.0; empty for pgplay itself."""
        ...

    @property
    def parent(self) -> Parent | None:
        """The run that this one is a branch of; None for no branch."""
        ...

    def windows(self, after_step: int = 0, limit: int | None = None, until: int = LAST_STEP) -> Iterator[Window]:
        """Yield the metrics of the steps after `after_step` and up to `until`, oldest first, at most `limit`."""
        ...

    def curves(self, most: int, until: int = LAST_STEP) -> MetricCurves:
        """Return every metric up to the step `until` in at most `most` buckets."""
        ...

    def each_row(self, after_step: int = 0, limit: int | None = None) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield (step, metrics) of the steps after `after_step`, oldest first, at most `limit` of them."""
        ...

    def row(self, step: int) -> dict[str, float]:
        """Return the metrics of `step`, none where it was not made."""
        ...

    def scorers(self) -> list[ScoredSince]:
        """Return the rewards that scored the steps, in order; a new entry wherever another one took over."""
        ...

    def metrics(self) -> list[str]:
        """Return the name of every metric that a step reported, in order of first appearance."""
        ...

    def samples(self, step: int) -> tuple[Sample, ...]:
        """Return the samples of `step`, or of the nearest step before it that kept any; none where none did."""
        ...

    def sampled_steps(self) -> list[int]:
        """Return the steps whose samples are kept, in order."""
        ...

    def traces(self, after_step: int = 0) -> Iterator[tuple[int, Trace]]:
        """Yield (step, trace) of the steps after `after_step` that kept one, oldest first."""
        ...

    def step_detail(self, step: int) -> StepDetail | None:
        """Return the full record of `step`; None where there is none."""
        ...

    def detailed_steps(self) -> list[int]:
        """Return the steps that have a full record, in order."""
        ...

    def events(self) -> list[RunEvent]:
        """Return what happened, oldest first."""
        ...

    def checkpoints(self) -> list[int]:
        """Return the steps from which the run can be resumed, in order."""
        ...

    def progress(self) -> RunProgress:
        """Return how far the run got, without reading its history."""
        ...

    def check(self) -> None:
        """Read a little of everything; raises PgplayError where the run is damaged."""
        ...

    def close(self) -> None:
        """Close the run's store."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
