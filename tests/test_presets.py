"""What the presets promise, by training each of them."""

import pytest

from pgplay.learning.plan import make_plan
from pgplay.learning.trainer import Trainer
from pgplay.policies.density import Density
from pgplay.rewards.scoring import build_reward
from pgplay.tasks.presets import Preset, preset_names

MOST_COMPLETIONS = 150_000


def train(preset: Preset) -> Trainer:
    """Train `preset` as it stands until it is solved or at its limit."""
    config = preset.config()
    trainer = Trainer(make_plan(config), build_reward(config.reward))
    steps = config.steps or MOST_COMPLETIONS // config.batch_size
    while trainer.counters.steps < steps:
        if trainer.step().solved:
            break
    return trainer


def greedy_texts(trainer: Trainer) -> list[str]:
    prompts = [pair.prompt for pair in trainer.plan.task.training]
    return [completion.text for completion in trainer.policy.write(prompts, Density(), trainer.generator, greedy=True)]


def is_solved(trainer: Trainer) -> bool:
    return greedy_texts(trainer) == [pair.target for pair in trainer.plan.task.training]


@pytest.mark.parametrize("preset", [one for one in preset_names() if one.solves], ids=lambda one: one.name)
def test_a_preset_that_claims_to_be_solved_is(preset: Preset) -> None:
    assert is_solved(train(preset))


@pytest.mark.parametrize("preset", [one for one in preset_names() if not one.solves], ids=lambda one: one.name)
def test_a_preset_that_shows_how_learning_fails_ends_unsolved(preset: Preset) -> None:
    assert preset.settings["steps"] > 0
    assert not is_solved(train(preset))


def test_the_trap_and_the_way_out_differ_in_how_the_reward_is_paid_alone() -> None:
    trap, avoided = ({one.name: one for one in preset_names()}[name] for name in ("subsequence-trap", "trap-avoided"))
    assert avoided.settings == trap.settings | {"credit": "dense"}
