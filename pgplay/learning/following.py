"""The work of every rank but the first: to make the steps that the first one makes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import torch

from pgplay.errors import LostRankError, PgplayError
from pgplay.learning.followers import END, LOAD, STEP, Loaded, Trained, received_tensors
from pgplay.learning.learner import LearnerState
from pgplay.learning.plan import Plan
from pgplay.learning.trainer import Trainer
from pgplay.policies.build import build_policy
from pgplay.policies.devices import resolve_device
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ProcessRanks
from pgplay.policies.spec import read_policy_spec
from pgplay.rewards.reward import build_reward


def policy_of(plan: Plan) -> Policy:
    """Return a fresh policy of `plan`."""
    return build_policy(plan.shape, resolve_device(plan.config.device), plan.config.seed)


def _load(ranks: ProcessRanks, loaded: Loaded) -> Policy:
    """Return the policy that is sharded, built when it is this rank's turn."""
    for turn in range(1, ranks.count):
        if turn == ranks.number:
            policy = build_policy(read_policy_spec(loaded.shape), resolve_device(loaded.device), loaded.seed, ranks)
        ranks.add([torch.zeros(1)])
    return policy


def _own_policy(trainer: Trainer | None, plan: Plan) -> Policy | None:
    """Return the trainer's policy if `plan` is for such a one, too."""
    if trainer is None or trainer.plan.shape != plan.shape or trainer.policy.network.is_sharded:
        return None
    return trainer.policy


def follow_first(ranks: ProcessRanks, make_policy: Callable[[Plan], Policy] = policy_of) -> None:
    """Make the first rank's steps with it until it ends; raises LostRankError if it is gone.

    `make_policy` returns the network whose weights the first rank sends. Texts are scored there alone, so the reward of
    the trainer here is asked for nothing.
    """
    trainer: Trainer | None = None
    sharded: Policy | None = None
    with build_reward("distinct") as unasked:
        while (message := ranks.hear()) != END:
            if message.startswith(LOAD):
                trainer = None
                sharded = _load(ranks, msgspec.msgpack.decode(message.removeprefix(LOAD), type=Loaded))
                continue
            if message != STEP:
                trained = msgspec.msgpack.decode(message, type=Trained)
                torch.set_num_threads(trained.threads)
                plan = trained.plan
                policy = sharded if trained.is_sharded else _own_policy(trainer, plan) or make_policy(plan)
                trainer = Trainer(plan, unasked, policy=policy, ranks=ranks)
                trainer.restore(LearnerState({**received_tensors(ranks, trained)}, trained.values))
                continue
            assert trainer is not None, "the first rank sends its trainer before a step"
            try:
                trainer.step()
            except LostRankError:
                raise
            except PgplayError:  # the first rank reports it
                continue
