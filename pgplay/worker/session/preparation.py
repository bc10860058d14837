"""From a config to what a session trains with: plan, policy, rewards, warm start."""

from __future__ import annotations

from typing import Any

import msgspec

from pgplay.config.run_config import RunConfig, fields, make_config
from pgplay.config.warm_start import PolicyNamed
from pgplay.errors import InputError, RewardError, about
from pgplay.learning.plan import Plan, make_plan
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.library.policies import find_policy
from pgplay.policies.density import Density
from pgplay.policies.devices import resolve_device
from pgplay.policies.policy import Policy
from pgplay.rewards.reward import Reward, build_reward
from pgplay.rewards.spec import resolve, with_consent
from pgplay.runs.stored_rewards import stored_rewards
from pgplay.worker.protocol.messages import Resume, Start
from pgplay.worker.session.interface import OnProgress
from pgplay.worker.session.saved_policies import load_saved_policy

PAIRS_FOR_GOAL = 64
"""So many targets are scored to learn what a solved run's reward is."""


def check_start(command: Start) -> None:
    """Refuse invalid configs before anything is built or stopped; raises InputError and PgplayError."""
    config = command.config
    plan_and_policy(config)
    resolve_device(config.device)
    if config.reference != "start":
        with about("reference"):
            find_policy(config.reference)
    with_consent(resolve((config.reward, *config.measure), command.rewards), ())


def check_resume(run: str, command: Resume) -> None:
    """Refuse a stored `run` that there is not, or whose Python nobody has allowed; raises InputError and PgplayError.

    What of the run is damaged is said by bringing it back.
    """
    with_consent(stored_rewards(run, command.at), command.rewards)


def warm_torch() -> None:
    """Make one hidden step: the first one loads parts of torch, which takes a second or more."""
    config = make_config({"model": "gru-nano", "target": "a", "batch_size": 2, "device": "cpu"})
    with build_reward(config.reward) as reward:
        Trainer(make_plan(config), reward).step()


def plan_and_policy(config: RunConfig) -> tuple[Plan, Policy | None]:
    """Return the plan, and the saved policy to start from where warm_start names one."""
    if not isinstance(config.starts_from, PolicyNamed):
        return make_plan(config), None
    name = config.starts_from.name
    with about("warm_start"):
        saved = load_saved_policy(name, config.device)
    config = msgspec.structs.replace(config, model=saved.card.model)
    plan = make_plan(config, None, saved.policy.shape)
    return plan._replace(notes=(*plan.notes, *_other_density(name, saved.density, config))), saved.policy


def _other_density(name: str, trained: Density, config: RunConfig) -> tuple[str, ...]:
    """Return in a sentence that the policy `name` was trained by another density than `config` samples; or nothing."""
    present = Density.of(config)
    if trained == present:
        return ()
    return (f"{name} was trained at {trained.description}; this run samples at {present.description}.",)


def load_reference(plan: Plan) -> Policy | None:
    """Return the saved policy that is the plan's reference, None for the policy as it starts.

    Raises InputError for an unknown one, and where its alphabet is another: its probabilities can't be compared.
    """
    name = plan.config.reference
    if name == "start":
        return None
    with about("reference"):
        reference = load_saved_policy(name, plan.config.device).policy
    if reference.shape.alphabet != plan.shape.alphabet:
        raise InputError(
            f"The reference '{name}' has another alphabet than the policy.",
            f"Give the policy its alphabet: {reference.shape.alphabet!r}, or start from it.",
            field="reference",
        )
    return reference


def start_warm(trainer: Trainer, on_progress: OnProgress) -> str:
    """Make the warm start that the trainer's plan asks for, told as it goes; returns in words how it ended.

    The policy as it then is becomes the reference, where no other is named: how far a run leads away from it is told
    even where it is not charged. Empty, and nothing done, where no warm start is asked for.
    """
    config = trainer.plan.config
    start = config.starts_from
    if start is None:
        return ""
    if isinstance(start, PolicyNamed):
        ended = f"from the policy {start.name}"
    else:
        wanted = start.number

        def tell(step: int, loss: float, held_out: float | None) -> None:
            beside = "" if held_out is None else f", held out (median) {held_out:.2f}"
            on_progress(f"warm start: step {step} of {wanted}, cross-entropy {loss:.2f}{beside} nats")

        steps, reached = warm_up(trainer, wanted, tell)
        beside = "" if reached is None else f", to a median of {reached:.3f} nats on what was held out"
        ended = f"{steps} steps{beside}"
    if config.reference == "start":
        trainer.keep_reference()
    return ended


def goal_of(plan: Plan, reward: Reward) -> float | None:
    """Return the mean reward of writing every target exactly, None where it can't be told without running Python.

    Where there is no target there is no such goal.
    """
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


def changed_plan(old: Plan, settings: dict[str, Any]) -> Plan:
    """Return the plan of a run that goes on by other live `settings`; raises InputError where it can't."""
    known = fields()
    fixed = [name for name in settings if name in known and not known[name].live]
    if fixed:
        live = ", ".join(name for name, field in known.items() if field.live)
        problem = f"{fixed[0]} cannot be changed during a run."
        raise InputError(problem, f"These can: {live}.", field=fixed[0])
    config = make_config(settings, old.written)
    plan = make_plan(config, old.task if config.task else None, old.shape)
    if plan.algorithm.trains_network != old.algorithm.trains_network:
        raise InputError(
            f"A run of {old.config.algorithm} cannot continue as {config.algorithm}: one trains a network, the other "
            "none.",
            "Start a new run.",
            field="algorithm",
        )
    return plan
