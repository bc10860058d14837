"""Refuses what no run can do: a goal out of reach, texts that are missing, too long, or in no alphabet."""

from __future__ import annotations

from pgplay.config import goals
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, about
from pgplay.learning.defaults import Basis
from pgplay.policies.families.catalogue import MODELS
from pgplay.rewards.reward import RewardFacts, facts_of
from pgplay.tasks.load import has_own_scoring, text_field


def refuse_impossible(basis: Basis, max_length: int) -> None:
    """Raise InputError if no policy with completions of at most `max_length` tokens can do what the config asks."""
    _check_goal(basis)
    rewards = _reward_facts(basis.config)
    goals.check_reachable(basis.config.goal, rewards[0].range.high, basis.config.reward)
    if not has_own_scoring(basis.task):
        _check_own_scoring(rewards)
    if not basis.task.has_targets:
        _check_needs_no_target(basis, rewards)
    missing = basis.tokenizer.unwritable(basis.task.texts)
    if missing:
        raise InputError("plan.alphabet_lacks", field=text_field(basis.config), characters=missing)
    _check_length(basis, max_length)


def _check_goal(basis: Basis) -> None:
    """Refuse to end by a measurement on held-out prompts without any."""
    config = basis.config
    goal_is_held_out = config.goal.metric.startswith("held_out")
    by_held_out = "patience" if config.patience is not None else "until" if goal_is_held_out else ""
    if by_held_out and not basis.task.held_out:
        raise InputError("plan.nothing_held_out", field=by_held_out, name=by_held_out)


def _reward_facts(config: RunConfig) -> tuple[RewardFacts, ...]:
    """Return the specs of the reward and of the measures; raises InputError if one is not a reward."""
    with about("reward"):
        trained = facts_of(config.reward)
    with about("measure"):
        return trained, *map(facts_of, config.measure)


def _check_own_scoring(rewards: tuple[RewardFacts, ...]) -> None:
    """Refuse rewards with the scoring of a task that has none."""
    for place, facts in enumerate(rewards):
        if facts.uses_own_scoring:
            raise InputError("plan.no_own_scoring", field="measure" if place else "reward")


def _check_needs_no_target(basis: Basis, rewards: tuple[RewardFacts, ...]) -> None:
    """Refuse to learn by comparing with a target that is empty."""
    config, field = basis.config, text_field(basis.config)
    if basis.algorithm.kind == "cross-entropy":
        raise InputError("plan.learns_from_targets", field=field, algorithm=config.algorithm)
    for text, facts in zip((config.reward, *config.measure), rewards, strict=True):
        if facts.needs_target:
            raise InputError("plan.reward_needs_target", field=field, reward=text)


def _check_length(basis: Basis, max_length: int) -> None:
    """Refuse texts that are longer than a completion may be, or than the network reads."""
    longest, model, config = basis.longest, basis.model, basis.config
    if longest.answer >= max_length:
        unit = "unit.characters" if basis.tokenizer.one_token_per_character else "unit.tokens"
        least = longest.answer + 1
        raise InputError(
            "plan.target_too_long", field="max_length", longest=longest.answer, unit=unit, limit=max_length, least=least
        )
    needed = longest.prompt + max_length
    if needed > model.context_length:
        reads_more = any(other.context_length >= needed for other in MODELS.values())
        field = text_field(config) if config.max_length is None else "max_length"
        code = "plan.model_reads_less" if reads_more else "plan.no_model_reads_it"
        raise InputError(code, field=field, needed=needed, model=model.name, limit=model.context_length)
