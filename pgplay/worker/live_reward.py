"""The reward of a run that goes on: typed anew or saved anew, it is tried before it is taken.

A person's Python is kept as text, with the run and in its checkpoints; the file that it came from is looked at between
steps. Whatever the person did last counts: what they typed stands until the file is saved again.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from pgplay.config import RunConfig
from pgplay.learning.plan import Plan
from pgplay.learning.report import StepReport
from pgplay.rewards.python_reward import find_python, is_python, read_python
from pgplay.rewards.scoring import Reward, build_reward
from pgplay.worker.interfaces import OnLog

if TYPE_CHECKING:  # the learner brings torch, which the server's own module does not load
    from pgplay.learning.learner import Learner

LOOK_INTERVAL = 0.5
"""Seconds between two looks at a reward's file: a look costs some 10 µs."""

TRIED_PAIRS = 8
"""So many targets are scored to try a reward before there are samples."""


class Stamp(NamedTuple):
    """By what a saved file differs from the one that was seen before."""

    modified: int
    size: int


class RewardFile:
    """The file of a person's Python, as it was last seen; of any other reward there is none to see."""

    def __init__(self, spec: str, stamp: Stamp | None = None) -> None:
        """`stamp` is that of the file whose text is known; without one, the file as it is now is known."""
        self._spec = spec
        self._is_python = is_python(spec)
        self._next_look = 0.0
        self.stamp = stamp or self._stamp()

    def saved_text(self) -> str | None:
        """Return the file's text where it was saved since it was last seen; raises InputError where it is no text.

        A file that is away or empty is being written: it is looked at again later.
        """
        stamp = self._stamp()
        if stamp is None or stamp == self.stamp or not stamp.size:
            return None
        self.stamp = stamp
        return read_python(self._spec).text

    def is_due(self) -> bool:
        """Whether it is time for another look: twice a second at most."""
        now = time.monotonic()
        if not self._is_python or now < self._next_look:
            return False
        self._next_look = now + LOOK_INTERVAL
        return True

    def _stamp(self) -> Stamp | None:
        if not self._is_python:
            return None
        try:
            status = os.stat(find_python(self._spec))
        except OSError:
            return None
        return Stamp(status.st_mtime_ns, status.st_size)


class LiveRewards:
    """Builds the reward and the measures of one run, at its beginning and whenever the person changes them.

    `source` is the Python of the trained reward where the file that its spec names does not count, or not yet.
    """

    def __init__(self, spec: str, on_log: OnLog, source: str = "", stamp: Stamp | None = None) -> None:
        self._on_log = on_log
        self.source = source
        self.file = RewardFile(spec, stamp)
        self.failed_for: tuple[str, str, str] | None = None

    def build(self, config: RunConfig, undo: ExitStack) -> tuple[Reward, dict[str, Reward]]:
        """Return the reward and the measures by their specs; `undo` closes them.

        Python that was saved since it was last seen is taken. Raises InputError and RewardError.
        """
        source = self.file.saved_text() or self.source
        reward = undo.enter_context(build_reward(config.reward, source=source or None, on_log=self._on_log))
        measures = {spec: undo.enter_context(build_reward(spec, on_log=self._on_log)) for spec in config.measure}
        self.source = reward.source
        return reward, measures

    def try_out(self, plan: Plan, source: str, report: StepReport | None, undo: ExitStack) -> Reward:
        """Return the reward of `plan`, by `source` where it is not empty, once it has scored the samples of `report`.

        Without samples it has to score some targets, and the text for which a reward failed comes first. `undo` closes
        it. Raises InputError and RewardError.
        """
        reward = undo.enter_context(build_reward(plan.config.reward, source=source or None, on_log=self._on_log))
        triples = [(sample.text, sample.target, sample.prompt) for sample in report.samples] if report else []
        triples = triples or [(pair.target, pair.target, pair.prompt) for pair in plan.task.training[:TRIED_PAIRS]]
        if self.failed_for is not None:
            triples.insert(0, self.failed_for)
        reward.score(*zip(*triples, strict=True))
        return reward

    def renew(self, learner: Learner) -> None:
        """Build all rewards of `learner` again; raises InputError and RewardError, and then the old ones stay."""
        with ExitStack() as undo:
            reward, measures = self.build(learner.plan.config, undo)
            undo.pop_all()
        self.close(learner)
        learner.reward, learner.measures = reward, measures

    def close(self, learner: Learner) -> None:
        """Let go of all rewards of `learner`."""
        for reward in (learner.reward, *learner.measures.values()):
            reward.close()

    def take(self, reward: Reward) -> None:
        """Take note that `reward` is trained from now on."""
        self.source = reward.source
        self.file = RewardFile(reward.spec)
        self.failed_for = None

    def saved_source(self) -> str:
        """Return the text of the reward's file where it was saved and says something else now; looked at when due."""
        text = self.file.saved_text() if self.file.is_due() else None
        return text if text is not None and text != self.source else ""
