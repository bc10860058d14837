"""Probing a reward before training, on completions of the untrained policy."""

from __future__ import annotations

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.config.warm_start import Steps
from pgplay.learning.inputs import read_inputs
from pgplay.learning.plan import Plan
from pgplay.learning.trainer import Trainer
from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.rewards.probe.probe import Probe, measure_reward
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import Reward, build_reward
from pgplay.rewards.spec import resolve
from pgplay.worker.protocol.commands import ProbeReward
from pgplay.worker.session.interface import OnLog, OnProgress, discard
from pgplay.worker.session.preparation import plan_run
from pgplay.worker.session.saved_policies import draw_texts
from pgplay.worker.session.warm_start import start_warm

LEAST_COMPLETIONS = 256
"""The least number of completions to probe, in whole groups, at least two."""


_warmed: dict[RunConfig, Policy] = {}
"""The newest warm-started policy, by the settings it depends on: probing several rewards warms up once."""


def probe_reward(config: RunConfig, reward: Reward, on_progress: OnProgress = discard) -> Probe:
    """Return the probe of `reward` on the completions that a run of `config` begins with, and on texts around them.

    The run's saved policy or warm start is used; `on_progress` gets the progress of a warm start. Raises InputError for
    a config that no run can begin with, and RewardError if the reward fails.
    """
    plan, policy = beginning(config, on_progress)
    groups = max(2, -(-LEAST_COMPLETIONS // plan.config.group_size))
    prompted = [plan.task.training[number % len(plan.task.training)] for number in range(groups)]
    pairs = [pair for pair in prompted for _ in range(plan.config.group_size)]
    density = Density.of(config)
    completions = draw_texts(policy, [pair.prompt for pair in pairs], density, config.seed)
    written = [
        Triple(completion.text, pair.target, pair.prompt, pair.columns)
        for completion, pair in zip(completions, pairs, strict=True)
    ]
    return measure_reward(
        reward,
        written,
        alphabet=plan.shape.alphabet,
        max_length=plan.shape.max_length,
        group_size=plan.config.group_size,
        pairs=[pair for pair in prompted if pair.others],
        seed=config.seed,
    )


def beginning(config: RunConfig, on_progress: OnProgress = discard) -> tuple[Plan, Policy]:
    """Return the plan of a run of `config` and the policy that it begins with, warm or saved if it asks so.

    Raises InputError for a config that no run could begin with.
    """
    plan, saved, device = plan_run(config, read_inputs(config))
    if isinstance(config.starts_from, Steps):
        return plan, _start_warm(plan, on_progress)
    if saved.start is not None:
        return plan, saved.start.policy
    return plan, build_policy(plan.shape, device, config.seed)


def _start_warm(plan: Plan, on_progress: OnProgress) -> Policy:
    key = msgspec.structs.replace(plan.written, reward="distinct", measure=())
    if key not in _warmed:
        _warmed.clear()
        with build_reward("distinct") as unasked:
            trainer = Trainer(plan, unasked)
        start_warm(trainer, on_progress)
        _warmed[key] = trainer.policy
    return _warmed[key]


def answer_probe(command: ProbeReward, on_log: OnLog) -> Probe:
    """Return the probe for `command`; raises as `probe_reward` does."""
    (spec,) = resolve([command.config.reward], command.rewards)
    with build_reward(spec, on_log=on_log) as reward:
        return probe_reward(command.config, reward)
