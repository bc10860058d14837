"""A run that is stored and restored, or changed while it trains."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.learning.inputs import Inputs
from pgplay.learning.plan import make_plan, read_plan
from pgplay.learning.trainer import Trainer
from pgplay.rewards.reward import build_reward
from tests.learning.helpers import COPYING, ROWS, same_state, same_weights, steps, trainer, weights
from tests.policies.helpers import FAMILIES, small_policy


@pytest.mark.matrix
@settings(deadline=None, max_examples=3)
@given(before=st.integers(0, 4), after=st.integers(1, 4), seed=st.integers(0, 1000))
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("model", FAMILIES)
def test_a_restored_run_continues_bit_for_bit(model: str, row: str, before: int, after: int, seed: int) -> None:
    own = {"model": model, "seed": seed, **ROWS[row]}
    task = COPYING if seed % 2 else None
    whole, first, second = (trainer(task, **own) for _ in range(3))
    expected = steps(whole, before + after)
    begun = steps(first, before)
    second.restore(first.state())
    assert begun + steps(second, after) == expected
    assert same_state(second.state(), whole.state())


def test_a_state_is_a_copy_that_later_steps_do_not_touch() -> None:
    one = trainer(COPYING, kl=0.1, replay=0.5)
    steps(one, 2)
    state = one.state()
    kept = copy.deepcopy(state)
    steps(one, 2)
    assert same_state(state, kept)
    assert not same_state(one.state(), kept)


def test_a_trainer_used_elsewhere_takes_over_a_state_whole() -> None:
    one, other = trainer(COPYING, algorithm="ppo"), trainer(COPYING, algorithm="ppo", seed=5)
    steps(one, 3)
    steps(other, 7)
    other.restore(one.state())
    assert steps(one, 2) == steps(other, 2)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
def test_a_reference_of_another_size_or_family_is_restored(model: str) -> None:
    def begin() -> Trainer:
        reference = small_policy("gru-small", "abc", 5, seed=9)
        plan = read_plan(make_config({"target": "ab", "alphabet": "abc", "batch_size": 8, "model": model, "kl": 0.1}))
        return Trainer(plan, build_reward("levenshtein"), reference=reference)

    one, other = begin(), begin()
    steps(one, 2)
    other.restore(one.state())
    assert steps(one, 2) == steps(other, 2)


def change(one: Trainer, **own: object) -> None:
    inputs = Inputs(one.plan.task if "target" not in own else None)
    one.change(make_plan(make_config(own, one.plan.written), inputs, one.policy.shape))


def test_a_change_takes_effect_at_the_next_step_and_keeps_the_policy() -> None:
    one = trainer()
    steps(one, 2)
    before = weights(one)
    change(one, lr=0.25, batch_size=16, temperature=0.5, algorithm="rloo")
    assert same_weights(weights(one), before)
    report = one.step()
    assert report.metrics["lr"] == 0.25
    assert (report.step, report.completions) == (3, 8 + 8 + 16)


def test_another_target_or_reward_drops_the_best_of_the_old_one() -> None:
    one = trainer(replay=0.1)
    steps(one, 2)
    assert one.counters.best is not None
    change(one, target="ca")
    assert one.counters.best is None
    assert one.counters.best_texts == {}
    assert {sample.target for sample in one.step().samples} == {"ca"}
    one.change(one.plan, build_reward("exact"))
    assert one.counters.best is None
    assert {sample.reward for sample in one.step().samples} <= {0.0, 1.0}


def test_a_kl_penalty_added_later_is_measured_from_the_policy_at_that_time() -> None:
    one = trainer()
    steps(one, 3)
    assert one.reference is None
    change(one, kl=0.1)
    assert one.step().metrics["kl_reference"] == 0.0
    assert one.step().metrics["kl_reference"] > 0.0
