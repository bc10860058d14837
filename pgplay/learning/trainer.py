"""The trainer: one step is sample, score, advantages, loss; then one or more updates and a report.

Left out on purpose: when to stop and where to store (worker.session), threads and processes (worker.server).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import torch
from torch import Tensor, nn

from pgplay.errors import PgplayError
from pgplay.learning.batch_builder import BatchBuilder
from pgplay.learning.evaluation.greedy import all_exact, greedy_texts
from pgplay.learning.evaluation.held_out import held_out_evaluation
from pgplay.learning.followers import Followers
from pgplay.learning.learner import LearnerState
from pgplay.learning.objective.batch import Batch, Modules
from pgplay.learning.objective.control_variate import ControlVariate
from pgplay.learning.objective.control_variate_shapes import describing_texts
from pgplay.learning.objective.optimisers import make_optimiser
from pgplay.learning.objective.records import CarriedState, UpdateInputs, Updater, UpdateRecord, UpdateResult
from pgplay.learning.objective.update import update_policy
from pgplay.learning.plan import Plan
from pgplay.learning.prompt_order import next_prompts
from pgplay.learning.reports.samples import quantile_samples, reward_statistics, sample_of
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.learning.reports.step_trace import trace_of
from pgplay.learning.reward_scale import RewardScale, widened
from pgplay.learning.sampling import sample_step
from pgplay.learning.schedules.collapse_recovery import is_collapsed, shrink_and_perturb
from pgplay.learning.scoring import Scored, score_step
from pgplay.learning.training_state import GREEDY_CHECK_INTERVAL, Counters, by_part, copied
from pgplay.policies.build import build_policy, stored_reference
from pgplay.policies.cuda_graphs import EAGER, GraphCache
from pgplay.policies.density import Density
from pgplay.policies.devices import resolve_device
from pgplay.policies.families.base import Capability
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.rollout import Completion
from pgplay.policies.spec import read_policy_spec
from pgplay.rewards.ranges import Range
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair

MEASURED_PROMPTS = 8
"""Most greedy completions and cross-entropies per step."""
DIAGNOSIS_INTERVAL = 25
"""Steps between measurements that need further passes through the network."""


class StepRecord(NamedTuple):
    """Everything one step went through: its P prompts, its B rewards' parts and measures by name and their scale."""

    pairs: Sequence[Pair]
    values: Mapping[str, Sequence[float]]
    scale: RewardScale
    update: UpdateRecord


class Trainer:
    """Trains one policy on one task; the numbers depend on the plan with its seed, the reward and the device."""

    def __init__(
        self,
        plan: Plan,
        reward: Reward,
        measures: Mapping[str, Reward] | None = None,
        policy: Policy | None = None,
        reference: Policy | None = None,
        graphs: GraphCache | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        self.plan = plan
        self.reward = reward
        self.measures = dict(measures or {})
        self.policy = policy or build_policy(plan.shape, resolve_device(plan.config.device), plan.config.seed)
        self.device = self.policy.device
        self.reference = reference
        self._best_policy: dict[str, Tensor] = {}
        self.critic = nn.Linear(self.policy.network.width, 1).to(self.device)
        nn.init.zeros_(self.critic.weight)
        nn.init.zeros_(self.critic.bias)
        # Prompts are drawn on the CPU, so that their order is the same on every device.
        self.prompt_generator = torch.Generator().manual_seed(plan.config.seed)
        self.generator = torch.Generator(self.device).manual_seed(plan.config.seed)
        self.counters = Counters(entropy_weight=plan.config.entropy)
        self._followers = Followers(ranks)
        can_record = plan.spec.can(Capability.CUDA_GRAPHS) and ranks.count == 1
        self._graphs = graphs or (GraphCache.on(self.device) if can_record else EAGER)
        self.new_optimiser()
        self._new_variate()
        if plan.config.kl and reference is None:
            self.keep_reference()

    @property
    def density(self) -> Density:
        """The density used for sampling and in the loss."""
        return Density.of(self.plan.config)

    def keep_reference(self) -> None:
        """Freeze a copy of the current policy as the reference of the KL divergence."""
        self._forget()
        self.reference = self.policy.reference()

    def step(self) -> StepReport:
        """Make one step.

        Raises RewardError, and then nothing has changed; and PgplayError if learning diverged: the policy is then as
        it was before the failed update. If the run ends once solved, the step that finds the task solved makes no
        update, so that the policy that solved it is kept. The ranks, if there are several, make the step together.
        """
        with self._followers.step(self.plan, self.policy, self.state) as ranks:
            return self._step(ranks)[0]

    def recorded_step(self) -> tuple[StepReport, StepRecord]:
        """Make one step as `step` does, in this process alone, and return its record too."""
        self._forget()
        report, record = self._step(ALONE, record=True)
        assert record is not None
        return report, record

    def _step(self, ranks: Ranks, *, record: bool = False) -> tuple[StepReport, StepRecord | None]:
        began = time.perf_counter()
        chance = self.generator.get_state(), self.prompt_generator.get_state(), list(self.counters.waiting)
        pairs = self._next_pairs()
        answered = [pair for pair in pairs for _ in range(self.plan.config.group_size)]
        measured = pairs if self.plan.config.baseline == "greedy" else pairs[:MEASURED_PROMPTS]
        rollout = sample_step(self.plan, self.policy, pairs, measured, self.generator, self._graphs, ranks)
        written = self.policy.completions(rollout)  # waits for the device, so that its sampling is timed as sampling
        sampled = time.perf_counter()
        try:
            scored, reward_range = ranks.from_first(
                lambda: (self._score(written, answered, measured), self.reward.range), tuple[Scored, Range]
            )
            if self.plan.config.replay:
                self.counters.remember(answered, scored.completions, scored.rewards)
            scale = self._scale_of(scored.rewards, reward_range)
            builder = BatchBuilder(self.plan, self.policy, self.reward, self._graphs, ranks)
            batch = builder.build(rollout, pairs, measured, scored, self.counters.best_texts, scale)
        except PgplayError:
            self.generator.set_state(chance[0])
            self.prompt_generator.set_state(chance[1])
            self.counters.waiting = chance[2]
            raise
        score_ended = time.perf_counter()
        solved = self._is_solved(scored, measured, ranks)
        # Dense credit compares no completion with its group: only a whole step of equal rewards is without signal.
        compared = len(scored.rewards) if self.plan.config.credit == "dense" else self.plan.config.group_size
        metrics = reward_statistics(scored.rewards, compared) | scored.series
        used = {"entropy_weight": self.counters.entropy_weight, "lr": self.lr}
        update_metrics, result = self._update(batch, solved=solved, record=record)
        metrics |= update_metrics | used
        self.counters.count(self.plan, metrics, scored.rewards, scale, solved=solved)
        metrics |= self._recover(metrics) | self._evaluate_held_out(ranks)
        samples = self._samples(answered, measured, scored)
        ended = time.perf_counter()
        self.counters.seconds += ended - began
        metrics |= {
            "seconds_sample": sampled - began,
            "seconds_score": score_ended - sampled,
            "seconds_learn": ended - score_ended,
        }
        report = StepReport(
            step=self.counters.steps,
            seconds=self.counters.seconds,
            completions=self.counters.completions,
            metrics={name: value for name, value in metrics.items() if math.isfinite(value)},
            samples=samples,
            solved=solved,
            trace=trace_of(scored.rewards, result.target_losses, batch.measured.mask if batch.measured else None),
        )
        return report, StepRecord(pairs, scored.values, scale, result.record) if result.record else None

    @property
    def lr(self) -> float:
        """The learning rate of the next update."""
        return self.plan.config.lr if self.counters.lr is None else self.counters.lr

    @property
    def carried(self) -> CarriedState:
        """The state that the next update carries over from earlier steps."""
        counters = self.counters
        average = 0.0 if counters.moving_average is None else counters.moving_average - counters.origin
        return CarriedState(self.lr, counters.entropy_weight, average, counters.divergence_level)

    def _update(self, batch: Batch, *, solved: bool, record: bool) -> tuple[dict[str, float], UpdateResult]:
        """Update the policy from `batch` and return the update's metrics and result."""
        counters = self.counters
        modules = Modules(self.policy, self.critic, self.reference, self.variate)
        inputs = UpdateInputs(
            batch,
            self.carried,
            update=not (solved and self.plan.config.until == "solved"),
            diagnose=counters.steps % DIAGNOSIS_INTERVAL == 0,
            record=record,
        )
        return update_policy(inputs, Updater(self.plan, modules, self.optimiser, self.density, self._graphs))

    def _score(self, written: Sequence[Completion], answered: Sequence[Pair], measured: Sequence[Pair]) -> Scored:
        has_targets = self.plan.task.has_targets
        return score_step(written, answered, measured, self.reward, self.measures, has_targets=has_targets)

    def _scale_of(self, rewards: Sequence[float], reward_range: Range) -> RewardScale:
        """Return the scale for a step's `rewards`, which are in the `reward_range`.

        Where their range is unknown, that of earlier steps counts, as the step's own would bias its update; only the
        first has no other. The origin stays, and is 0 without a baseline: the distance from 0 is then
        part of the algorithm.
        """
        counters = self.counters
        scale = RewardScale.of(reward_range, counters.seen or widened(None, rewards))
        if counters.seen is None:
            counters.origin = 0.0 if self.plan.config.baseline in ("none", "critic") else scale.origin
        return scale._replace(origin=counters.origin)

    def greedy_texts(self, pairs: Sequence[Pair]) -> list[str]:
        """Return the greedy completion for each of `pairs`."""
        return greedy_texts(self.policy, pairs)

    def change(self, plan: Plan, reward: Reward | None = None) -> None:
        """Continue with another `plan` of the same network, and with another `reward` if given."""
        self._forget()
        if reward is not None or plan.task != self.plan.task:
            self.reward = reward or self.reward
            self.counters.best, self.counters.best_texts = None, {}
            self.counters.seen = None
        if plan.task != self.plan.task:
            self.counters.waiting = []
        if plan.lr_choices != self.plan.lr_choices:
            self.counters.lr = None
        if plan.entropy_choices != self.plan.entropy_choices:
            self.counters.entropy_weight = plan.config.entropy
        has_same_optimiser = plan.config.optimizer == self.plan.config.optimizer
        if reward is not None or plan.advantage_choices != self.plan.advantage_choices:
            self.plan = plan
            self._new_variate()
        self.plan = plan
        if not has_same_optimiser:
            self.new_optimiser()
        if plan.config.kl and self.reference is None:
            self.keep_reference()

    def return_to_best(self) -> bool:
        """Restore the policy that did best on held-out prompts; return whether early stopping has kept one."""
        has_best = self.plan.config.patience is not None and bool(self._best_policy)
        if has_best:
            self._forget()
            self.policy.load_state(self._best_policy)
        return has_best

    def state(self) -> LearnerState:
        """Return a copy of everything the next step depends on."""
        parts = {
            "policy": self.policy.saved_state(),
            "critic": self.critic.state_dict(),
            "reference": self.reference.saved_state() if self.reference else {},
            "best_policy": self._best_policy,
            "optimiser": self.optimiser.state(),
            "variate": self.variate.state() if self.variate is not None else {},
            "generator": {"": self.generator.get_state()},
            "prompt_generator": {"": self.prompt_generator.get_state()},
        }
        reference = msgspec.to_builtins(self.reference.shape) if self.reference else None
        return LearnerState(copied(parts), {"counters": msgspec.to_builtins(self.counters), "reference": reference})

    def restore(self, state: LearnerState) -> None:
        """Restore a `state`; the next step is then bit for bit the one that would have followed it."""
        self._forget()
        parts = by_part(state.tensors)
        self.policy.load_state(parts["policy"])
        self.critic.load_state_dict(parts["critic"])
        if state.values["reference"] is not None:
            spec = read_policy_spec(state.values["reference"])
            self.reference = stored_reference(self.policy, spec, parts["reference"])
        self._best_policy = {name: tensor.to(self.device) for name, tensor in parts["best_policy"].items()}
        self.optimiser.load_state(parts["optimiser"])
        if self.variate is not None and "variate" in parts:  # a run of an older pgplay has none
            self.variate.load_state(parts["variate"])
        self.generator.set_state(parts["generator"][""])
        self.prompt_generator.set_state(parts["prompt_generator"][""])
        self.counters = msgspec.convert(state.values["counters"], Counters)

    def new_optimiser(self) -> None:
        """Reset the optimiser: it forgets its moments, if it has any."""
        self._forget()
        parameters = [*self.policy.trainable_parameters(), *self.critic.parameters()]
        self.optimiser = make_optimiser(self.plan.config.optimizer, parameters)

    def _forget(self) -> None:
        """Forget what recordings and other ranks know of this trainer, which changes between two steps."""
        self._graphs.forget()
        self._followers.forget()

    def _new_variate(self) -> None:
        self.variate = None
        if self.plan.uses_control_variate:
            width, tokenizer = self.policy.network.width, self.policy.tokenizer
            texts = describing_texts(tokenizer)
            self.variate = ControlVariate(width, tokenizer.vocabulary_size, self.device, texts)

    def _next_pairs(self, count: int | None = None) -> list[Pair]:
        """Return the next `count` prompts, by default one per group of the batch."""
        training = self.plan.task.training
        prompt_count = count or self.plan.config.batch_size // self.plan.config.group_size
        numbers, self.counters.waiting = next_prompts(
            self.counters.waiting, prompt_count, len(training), self.prompt_generator
        )
        return [training[number] for number in numbers]

    def _is_solved(self, scored: Scored, measured: list[Pair], ranks: Ranks) -> bool:
        """Whether greedy decoding writes every training target exactly."""
        if scored.series.get("exact_match", 0.0) < 1.0:
            return False
        training = self.plan.task.training
        if len(measured) == len(training):
            return True
        if self.counters.steps - self.counters.checked_at < GREEDY_CHECK_INTERVAL:
            return False
        self.counters.checked_at = self.counters.steps
        return ranks.from_first(lambda: all_exact(self.policy, training), bool)

    def _recover(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Reset a collapsed policy if the plan says so, and return the number of resets as a metric."""
        if not self.plan.recovers:
            return {}
        if is_collapsed(metrics):
            shrink_and_perturb(self.policy, self.plan.config.seed)
            self.counters.recoveries += 1
        return {"recoveries": float(self.counters.recoveries)}

    def _evaluate_held_out(self, ranks: Ranks) -> dict[str, float]:
        """Return the metrics of held-out prompts when they are due, and keep the best policy."""
        config, counters = self.plan.config, self.counters
        if not self.plan.task.held_out or counters.steps % config.held_out_every:
            return {}
        metrics = ranks.from_first(
            lambda: held_out_evaluation(self.policy, self.reward, self.plan.task), dict[str, float]
        )
        if config.patience is None:
            return metrics
        if counters.early_stop.note(counters.steps, metrics["held_out_reward"]):
            self._best_policy = {name: tensor.clone() for name, tensor in self.policy.saved_state().items()}
        return metrics | {"held_out_waited": float(counters.early_stop.waited)}

    def _samples(self, answered: list[Pair], measured: list[Pair], scored: Scored) -> tuple[Sample, ...]:
        telling = quantile_samples(answered, scored.completions, scored.rewards, self.counters.steps)
        if self.counters.best is None or telling[0].reward > self.counters.best.reward:
            self.counters.best = msgspec.structs.replace(telling[0], role="best")
        greedy = sample_of("greedy", measured[0], scored.greedy[0], scored.greedy_rewards[0], self.counters.steps)
        return (greedy, self.counters.best, *telling)
