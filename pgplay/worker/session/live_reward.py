"""The reward of a running run: an edited or saved reward is tried before it is used.

A person's Python is kept as text, with the run and in its checkpoints; its file is checked for changes
between steps. The person's last action counts: a typed reward holds until the file is saved again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pgplay.learning.plan import Plan
from pgplay.learning.reports.step_report import StepReport
from pgplay.library.consents import remember_own
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import Reward, start_reward
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.checkpoint_content import RewardStamp
from pgplay.runs.reader import StoredScorer
from pgplay.runs.reward_file import RewardFile
from pgplay.worker.session.interface import OnLog

if TYPE_CHECKING:  # the learner brings torch, which the server's own module does not load
    from pgplay.learning.learner import Learner

Built = tuple[Reward, dict[str, Reward]]
"""A run's reward, and its measures by their texts."""

TRIED_PAIRS = 8
"""Targets that are scored to try a reward before there are samples."""


class LiveRewards:
    """Builds the reward and the measures of one run, at its beginning and whenever the person changes them.

    `rewards` are those of its config, the trained one first, with the Python that may run. `stamp` is that of the
    trained reward's file when it was read.
    """

    def __init__(self, rewards: Iterable[RewardSpec], on_log: OnLog, stamp: RewardStamp | None = None) -> None:
        self._on_log = on_log
        trained, *measures = rewards
        self._trained = trained
        self._measures = {spec.text: spec for spec in measures}
        self.file = RewardFile(trained, stamp)
        self._measure_files = {spec.text: RewardFile(spec) for spec in measures}
        self.failed_for: Sequence[Any] | None = None
        self.has_unstored_edit = False
        """Whether the trained reward's file was read again, and the run's store does not say so yet."""

    @property
    def scorer(self) -> StoredScorer:
        """The trained reward, as the steps that it scores name it."""
        return StoredScorer(self._trained.hash, self._trained.text)

    @property
    def source(self) -> str:
        """The Python of the trained reward, empty where it is a formula."""
        return self._trained.code

    @property
    def specs(self) -> tuple[RewardSpec, ...]:
        """The reward and the measures as they are now."""
        return self._trained, *self._measures.values()

    def build(self, undo: ExitStack) -> Built:
        """Return the reward and the measures by their specs; `undo` closes them. Raises InputError and RewardError."""
        measures = {text: self._start(spec, undo) for text, spec in self._measures.items()}
        return self._start(self._trained, undo), measures

    def build_saved(self, undo: ExitStack) -> Built:
        """Return them as `build` does, with the person's own Python read again if its file was saved."""
        trained = _as_saved(self._trained, self.file)
        measures = {text: _as_saved(spec, self._measure_files[text]) for text, spec in self._measures.items()}
        built = self._start(trained, undo), {text: self._start(spec, undo) for text, spec in measures.items()}
        self.has_unstored_edit |= trained.code != self._trained.code
        self._trained, self._measures = trained, measures
        return built

    def try_out(self, spec: RewardSpec, plan: Plan, report: StepReport | None, undo: ExitStack) -> Reward:
        """Return the reward of `spec` for a run of `plan`, after it has scored the samples of `report`.

        Without samples it scores some targets; the input for which a reward failed comes first. `undo` closes
        it. Raises InputError and RewardError.
        """
        reward = self._start(spec, undo)
        samples, pairs = report.samples if report else (), plan.task.training[:TRIED_PAIRS]
        triples = [Triple(sample.text, sample.target, sample.prompt, sample.columns) for sample in samples]
        triples = triples or [Triple(pair.target, pair.target, pair.prompt, pair.columns) for pair in pairs]
        if self.failed_for is not None:
            triples.insert(0, Triple(*self.failed_for))
        reward.score(*zip(*triples, strict=True))
        return reward

    def renew(self, learner: Learner) -> None:
        """Build all rewards of `learner` again; raises InputError and RewardError and then keeps the old ones."""
        with ExitStack() as undo:
            reward, measures = self.build_saved(undo)
            undo.pop_all()
        self.close(learner)
        learner.reward, learner.measures = reward, measures

    def close(self, learner: Learner) -> None:
        """Close all rewards of `learner`."""
        for reward in (learner.reward, *learner.measures.values()):
            reward.close()

    def take(self, spec: RewardSpec) -> None:
        """Train on `spec` from now on."""
        self._trained = spec
        self.file = RewardFile(spec)
        self.failed_for = None

    def saved(self) -> RewardSpec | None:
        """Return the reward with its file's new text if that has changed, else None; the file is checked when due."""
        text = self.file.saved_text() if self.file.is_due() else None
        return self._trained.with_code(text) if text is not None and text != self.source else None

    def _start(self, spec: RewardSpec, undo: ExitStack) -> Reward:
        """Start a reward; the person's own Python is remembered, so that the run resumes without a question."""
        reward = undo.enter_context(start_reward(spec, self._on_log))
        remember_own(spec)
        return reward


def _as_saved(spec: RewardSpec, file: RewardFile) -> RewardSpec:
    text = file.saved_text()
    return spec.with_code(text) if text is not None else spec
