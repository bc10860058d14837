"""The session as the server sees it; `worker.session.session.Session` implements it, and tests have a small one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.first_look import FirstLook
from pgplay.learning.reports.step_detail import PolicyMap, StepDetail
from pgplay.learning.reports.step_report import PromptSheet, Sample
from pgplay.locale.catalog import Coded
from pgplay.rewards.probe.probe import Probe
from pgplay.rewards.spec import RewardSpec
from pgplay.worker.protocol.commands import Change, LookFirst, ProbeReward, Resume, Start, Write
from pgplay.worker.protocol.events import Snapshot
from pgplay.worker.protocol.records import Other, RunInfo
from pgplay.worker.session.stop_conditions import Ending

OnProgress = Callable[[Coded], None]
"""Called with the progress of a run's preparation; an exception ends the preparation."""

OnLog = Callable[[str], None]
"""Called with each line that a person's reward prints, from another thread."""


class Texts(NamedTuple):
    """Samples, the reward by which they were scored (empty where they were not), and the `other` policy's samples."""

    samples: tuple[Sample, ...]
    scored_by: str
    other: Other = ""
    other_samples: tuple[Sample, ...] = ()


def discard(message: object) -> None:
    """Ignore `message`."""


class RunSession(Protocol):
    """A run, one step at a time."""

    @property
    def run(self) -> str:
        """The run's name."""

    @property
    def config(self) -> RunConfig:
        """The run's configuration as it is now."""

    @property
    def step_count(self) -> int:
        """Steps made."""

    @property
    def checkpoint_step(self) -> int | None:
        """The step of the last checkpoint."""

    @property
    def is_kept(self) -> bool:
        """Whether the run can be resumed from its folder."""

    @property
    def is_damaged(self) -> bool:
        """Whether the run can only continue from its last checkpoint, as a step failed halfway."""

    def info(self) -> RunInfo:
        """Return the run's settings, model and task."""

    def step(self) -> object:
        """Make one step; raises any error of it."""

    def need_policy(self) -> object:
        """Return the present policy; raises InputError where the run trains none."""

    def inspected_step(self) -> StepDetail:
        """Make one step and return its full record; raises InputError where the run trains no network."""

    def last_update(self) -> StepDetail | None:
        """Return the full record of the newest update, without making one; None where none is known."""

    def map(self) -> PolicyMap:
        """Return the map of the present policy; raises InputError without one."""

    def prompts(self) -> PromptSheet:
        """Return greedy completions of the task's prompts; raises InputError without a policy."""

    def snapshot(self) -> Snapshot:
        """Return the newest step, with its own row only."""

    def should_stop(self) -> Ending | None:
        """Return why the run ends now, None while it continues."""

    def change(self, changes: Changes, rewards: Iterable[RewardSpec] = ()) -> None:
        """Change live settings."""

    def saved_reward(self) -> Change | None:
        """Return the change of reward if its file was saved, else None; raises InputError."""

    def renew_reward(self) -> bool:
        """Build the reward again; returns whether its text is another one."""

    def save_policy(self, name: str, *, replace: bool = False) -> object:
        """Save the present policy."""

    def write(self, command: Write) -> Texts:
        """Sample from the present policy."""

    def rest(self, state: str, reason: Coded | None = None) -> None:
        """Write a checkpoint and store the state; `step` continues."""

    def log_failure(self, details: str) -> None:
        """Write to the run's log."""

    def close(self, state: str) -> None:
        """Rest in `state` unless the run rests already, and release everything."""


class SessionFactory(NamedTuple):
    """Functions that make sessions, sample from saved policies, probe rewards, and preview what a run would begin with.

    `prepare` checks a command and returns a function that begins its run; `find` checks that a stored run can resume;
    both raise before the present run is touched. `branch` makes a new run from a checkpoint and returns its name.
    """

    prepare: Callable[[Start], Callable[[OnProgress], RunSession]]
    find: Callable[[str, Resume], object]
    branch: Callable[[str, int], str]
    resume: Callable[[str, Resume, OnProgress], RunSession]
    write: Callable[[Write], Texts]
    probe: Callable[[ProbeReward], Probe]
    look: Callable[[LookFirst], FirstLook]


class NotNeededError(Exception):
    """A later command has made the preparation of a run pointless."""
