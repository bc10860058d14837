"""What a reward will do to a run before it begins: the untrained policy writes, `rewards.probe` looks."""

from __future__ import annotations

from pgplay.config import RunConfig, make_config
from pgplay.policies.density import Density
from pgplay.policies.devices import resolve_device
from pgplay.policies.policy import Policy
from pgplay.rewards.probe import Probe, probe
from pgplay.rewards.records import Triple
from pgplay.rewards.scoring import Reward, build_reward
from pgplay.worker.interfaces import OnLog
from pgplay.worker.preparation import plan_and_policy
from pgplay.worker.protocol import ProbeReward
from pgplay.worker.saved_policies import draw_texts

COMPLETIONS = 256
"""So many completions are looked at, in whole groups, and at least two of those."""


def probe_reward(config: RunConfig, reward: Reward) -> Probe:
    """Return what `reward` makes of the completions that a run of `config` begins with, and of the texts around them.

    A saved policy that the run would start from writes in place of an untrained one. Raises InputError for a config
    that no run could begin with, and RewardError where the reward fails.
    """
    plan, policy = plan_and_policy(config)
    if policy is None:
        policy = Policy(plan.shape, resolve_device(config.device), config.seed)
    groups = max(2, -(-COMPLETIONS // plan.group_size))
    prompted = [plan.task.training[number % len(plan.task.training)] for number in range(groups)]
    pairs = [pair for pair in prompted for _ in range(plan.group_size)]
    density = Density(config.temperature, config.top_k, config.top_p, config.min_p)
    completions = draw_texts(policy, [pair.prompt for pair in pairs], density, config.seed)
    written = [Triple(one.text, pair.target, pair.prompt) for one, pair in zip(completions, pairs, strict=True)]
    return probe(
        reward,
        written,
        alphabet=plan.shape.alphabet,
        max_length=plan.shape.max_length,
        group_size=plan.group_size,
        seed=config.seed,
    )


def answer_probe(command: ProbeReward, on_log: OnLog) -> Probe:
    """Return what `probe_reward` finds for `command`; raises what it does."""
    config = make_config(command.settings)
    with build_reward(config.reward, source=command.reward_source or None, on_log=on_log) as reward:
        return probe_reward(config, reward)
