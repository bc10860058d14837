"""What the presets promise, by training each of them."""

import pytest

from pgplay.learning.factory import make_learner
from pgplay.learning.learner import Learner
from pgplay.learning.plan import make_plan
from pgplay.rewards.scoring import build_reward
from pgplay.tasks.presets import Preset, preset_names

MOST_COMPLETIONS = 150_000


def train(preset: Preset) -> Learner:
    """Train `preset` as it stands until it is solved or at its limit."""
    config = preset.config()
    learner = make_learner(make_plan(config), build_reward(config.reward))
    steps = config.steps or MOST_COMPLETIONS // config.batch_size
    while learner.counters.steps < steps:
        if learner.step().solved:
            break
    return learner


def is_solved(learner: Learner) -> bool:
    pairs = learner.plan.task.training
    return learner.greedy_texts(pairs) == [pair.target for pair in pairs]


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


def test_the_comparators_have_the_preset_that_they_are_compared_with() -> None:
    presets = {one.name: one for one in preset_names()}
    for name in ("supervised", "hill-climb", "random-search"):
        settings = {key: value for key, value in presets[name].settings.items() if key not in ("algorithm", "steps")}
        assert settings == presets["hello"].settings
        assert presets[name].settings["algorithm"] == name
