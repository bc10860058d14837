"""Requests about a run's present policy between steps: its map, its texts, a copy in the library."""

from __future__ import annotations

from pgplay.config.run_config import RunConfig
from pgplay.learning.algorithms.table import no_policy
from pgplay.learning.evaluation.held_out import prompt_sheet
from pgplay.learning.learner import Learner
from pgplay.learning.reports.step_detail import PolicyMap
from pgplay.learning.reports.step_report import PromptSheet, StepReport
from pgplay.learning.step_inspection import policy_map
from pgplay.learning.trainer import Trainer
from pgplay.library.policies import save_policy
from pgplay.library.policy_card import PolicyCard
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.runs.checkpoint import pack
from pgplay.worker.protocol.commands import Write
from pgplay.worker.session.interface import Texts
from pgplay.worker.session.saved_policies import Writers, answer_write, card_of


class PolicyRequests:
    """The present policy of `learner`, as it is after the newest step; `report` is that step's, None before the first.

    Nothing here changes the run.
    """

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.report: StepReport | None = None

    @property
    def config(self) -> RunConfig:
        """The settings as they are now."""
        return self.learner.plan.written

    @property
    def step_count(self) -> int:
        """Steps made."""
        return self.learner.counters.steps

    def need_policy(self) -> Policy:
        """Return the present policy; raises InputError where the run trains none."""
        if self.learner.policy is None:
            raise no_policy(self.config.algorithm)
        return self.learner.policy

    def map(self) -> PolicyMap:
        """Return the map of the present policy for the first training prompt; raises InputError without a policy."""
        policy, plan = self.need_policy(), self.learner.plan
        return policy_map(policy, Density.of(plan.config), plan.task.training[0], self.step_count)

    def prompts(self) -> PromptSheet:
        """Return what the present policy would write for the task's prompts; raises InputError without a policy."""
        learner = self.learner
        return prompt_sheet(self.need_policy(), learner.reward, learner.plan.task, self.step_count)

    def save_policy(self, name: str, *, replace: bool = False) -> PolicyCard:
        """Save the present policy to the library and return its card.

        Raises InputError for a bad or taken name, and where there is no policy.
        """
        policy = self.need_policy()
        card = card_of(name, self.learner, self.report)
        return save_policy(card, pack(policy.saved_state()), replace)

    def write(self, command: Write) -> Texts:
        """Write with the present policy, as `saved_policies.answer_write` does; raises InputError without one."""
        policy, plan, learner = self.need_policy(), self.learner.plan, self.learner
        reference = learner.reference if isinstance(learner, Trainer) else None
        writers = Writers.of(policy, reference)
        return answer_write(command, writers, Density.of(plan.config), plan.task, learner.reward)
