"""Preparing a run from its config: plan, policy, rewards, warm start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import torch

from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, RewardError, coded
from pgplay.learning.inputs import Inputs
from pgplay.learning.memory import refuse_without_memory, sharded_over
from pgplay.learning.plan import Plan, make_plan
from pgplay.learning.sharing import refuse_unshared_by
from pgplay.learning.trainer import Trainer
from pgplay.policies.density import Density
from pgplay.policies.devices import resolve_device
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.rewards.reward import Reward, build_reward
from pgplay.rewards.spec import RewardSpec, resolve, with_consent
from pgplay.runs.stored_rewards import stored_rewards
from pgplay.worker.protocol.commands import Resume
from pgplay.worker.session.saved_policies import NamedPolicies, read_named

PAIRS_FOR_GOAL = 64
"""Targets that are scored to find the reward of a solved run."""


class Prepared(NamedTuple):
    """What a run begins with, checked; nothing of it has been started or stored.

    `policy` is the saved policy that the run starts from, `reference` the one that its KL divergence is measured to;
    None where the run makes its own.
    """

    plan: Plan
    rewards: tuple[RewardSpec, ...]
    policy: Policy | None
    reference: Policy | None
    device: torch.device


def prepare(
    config: RunConfig, inputs: Inputs, rewards: Iterable[RewardSpec] = (), ranks: Ranks = ALONE
) -> Prepared:
    """Return what a run of `config` begins with whose steps `ranks` share.

    `rewards` are those that the config names, at least each that is Python: only what the person wrote or allowed
    runs. Raises InputError and PgplayError.
    """
    plan, saved, device = plan_run(config, inputs, ranks)
    if saved.reference is not None and saved.reference.policy.tokenizer.fingerprint != plan.tokenizer.fingerprint:
        alphabet = saved.reference.policy.shape.alphabet
        raise InputError("reference.alphabet", field="reference", reference=config.reference, alphabet=alphabet)
    specs = with_consent(resolve((config.reward, *config.measure), rewards), ())
    policy, reference = (None if saved_policy is None else saved_policy.policy for saved_policy in saved)
    return Prepared(plan, specs, policy, reference, device)


def check_resume(run: str, command: Resume) -> None:
    """Refuse an unknown run, and one whose Python was not allowed; raises InputError and PgplayError.

    A damaged run is refused when it is resumed.
    """
    with_consent(stored_rewards(run, command.at), command.rewards)


def warm_torch() -> None:
    """Make one hidden step: the first one loads parts of torch, which takes a second or more."""
    config = make_config({"model": "gru-nano", "target": "a", "batch_size": 2, "device": "cpu"})
    with build_reward(config.reward) as reward:
        Trainer(make_plan(config, Inputs()), reward).step()


class PlannedRun(NamedTuple):
    """The plan of a new run, the saved policies that its config names, and its device."""

    plan: Plan
    saved: NamedPolicies
    device: torch.device


def plan_run(config: RunConfig, inputs: Inputs, ranks: Ranks = ALONE) -> PlannedRun:
    """Return the plan of a new run of `config`, shared by `ranks`, which may start from a saved policy.

    Raises InputError, also for what the ranks cannot share and what the device has no memory for, and PgplayError
    for a damaged policy.
    """
    device = resolve_device(config.device)
    start, reference = read_named(config)
    if start is not None:
        config = msgspec.structs.replace(config, model=start.card.model)
    plan = make_plan(config, inputs, None if start is None else start.card.shape)
    refuse_unshared_by(ranks, plan, device.type)
    refuse_without_memory(plan, device, ranks)
    shared = sharded_over(plan, device, ranks)
    if shared is not None and reference is not None:
        raise InputError("engine.reference", field="reference", reference=config.reference)
    saved = NamedPolicies(*(stored and stored.load(device, shared) for stored in (start, reference)))
    if saved.start is None or saved.start.density == Density.of(config):
        return PlannedRun(plan, saved, device)
    trained, present = saved.start.density.description, Density.of(config).description
    note = coded("note.other_density", policy=saved.start.card.name, trained=trained, present=present)
    return PlannedRun(plan._replace(notes=(*plan.notes, note)), saved, device)


def goal_of(plan: Plan, reward: Reward) -> float | None:
    """Return the mean reward of the exact targets; None without targets, or if only Python could compute it."""
    if not plan.task.has_targets:
        return None
    values = []
    for pair in plan.task.training[:PAIRS_FOR_GOAL]:
        try:
            value = reward.best(pair.target, pair.prompt)
        except RewardError:  # a formula without a value there: the run itself will say so
            return None
        if value is None:
            return None
        values.append(value)
    return sum(values) / len(values)


def changed_plan(old: Plan, changes: Changes) -> Plan:
    """Return the plan of a run that continues with other live settings; raises InputError if it cannot."""
    config = make_config(changes.by_name(), old.written)
    plan = make_plan(config, Inputs(old.task if config.task else None), old.shape)
    if plan.algorithm.trains_network != old.algorithm.trains_network:
        raise InputError("change.kind", field="algorithm", old=old.config.algorithm, new=config.algorithm)
    return plan
