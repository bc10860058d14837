"""The textbook's first update: most completions move as their advantage says, and plain SGD follows its definition."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pgplay.app.help.source_code import function_names, source_of
from pgplay.config.presets import load_preset
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS, trains_network
from pgplay.learning.counterfactuals import Before
from pgplay.learning.objective import textbook
from pgplay.learning.objective.advantages import at_the_end
from pgplay.learning.objective.sgd import PlainDescent
from pgplay.policies.density import Density
from pgplay.policies.prefix_tree import Prefixes
from pgplay.policies.reading import token_losses
from tests.benchmarks.first_update import TEXTBOOK, share_of
from tests.learning.helpers import trainer, weights


def test_the_preset_moves_at_least_85_percent_in_the_right_direction_on_20_seeds() -> None:
    assert share_of(TEXTBOOK, 20).mean >= 0.85


@pytest.mark.exhaustive
@pytest.mark.parametrize("target", ["good morning", "abracadabra"])
def test_other_targets_do_too(target: str) -> None:
    assert share_of({**TEXTBOOK, "target": target}, 20).mean >= 0.8


def test_the_preset_is_the_plain_algorithm() -> None:
    config = trainer(**{**load_preset("first-step").settings, "batch_size": None}).plan.config
    assert (config.optimizer, config.control_variate, config.updates_per_step) == ("sgd", "none", 1)
    assert (config.entropy, config.weight_decay, config.batch_size, config.lr) == (0.0, 0.0, 8, 0.3)


def test_the_users_settings_override_the_algorithms_row() -> None:
    config = trainer(algorithm="plain-reinforce", optimizer="adam", batch_size=16).plan.config
    assert (config.optimizer, config.batch_size, config.entropy) == ("adam", 16, 0.0)
    assert config.lr == trainer(algorithm="rloo").plan.config.lr


def test_plain_descent_subtracts_the_gradient_and_leaves_parameters_without_one() -> None:
    moving, still = nn.Parameter(torch.tensor([1.0, 2.0])), nn.Parameter(torch.ones(1))
    optimiser = PlainDescent([moving, still])
    moving.grad = torch.tensor([0.5, -1.0])
    optimiser.update(0.1, 0.0, torch.tensor(False))
    assert moving.tolist() == [1.0, 2.0]
    optimiser.update(0.1, 0.0, torch.tensor(True))
    assert moving.tolist() == pytest.approx([0.95, 2.1])
    optimiser.update(0.1, 0.5)
    assert moving.tolist() == pytest.approx([0.8525, 2.095])
    assert still.tolist() == [1.0]


def test_a_run_with_sgd_resumes_bit_for_bit_and_may_change_to_adam() -> None:
    first = trainer(algorithm="plain-reinforce")
    first.step()
    second = trainer(algorithm="plain-reinforce")
    second.restore(first.state())
    first.step()
    second.step()
    assert all(torch.equal(tensor, weights(second)[name]) for name, tensor in weights(first).items())
    second.change(trainer(algorithm="plain-reinforce", optimizer="adam").plan)
    assert second.optimiser.state()
    second.step()


ROW_ALONE = {"optimizer": "sgd", "control_variate": "none", "entropy": 0.0, "weight_decay": 0.0, "clip_gradient": 0.0}
"""Settings that leave only the algorithm's row."""


@pytest.mark.parametrize("algorithm", [name for name in (*ALGORITHMS, *COMPARATORS) if trains_network(name)])
def test_the_short_code_of_an_algorithm_makes_the_same_update(algorithm: str) -> None:
    alone = {name: value for name, value in ROW_ALONE.items() if (algorithm, name) != ("supervised", "control_variate")}
    by_hand, real = (trainer(algorithm=algorithm, lr=0.3, **alone) for _ in range(2))
    for one in (by_hand, real):
        one.step()
    average = float(Before(real).carried.moving_average)
    batch = real.recorded_step()[1].update.batch
    policy, mask, rewards = by_hand.policy, batch.rollout.mask, batch.rewards
    parameters = policy.trainable_parameters()
    texts = batch.imitated if algorithm == "supervised" else batch.rollout

    def of_tokens() -> Tensor:
        prefixes = Prefixes.from_texts(texts.inputs)
        return -token_losses(policy.distribution_after(prefixes, Density()), prefixes.prefix_index, texts)

    def of_texts() -> Tensor:
        return of_tokens().sum(1)

    def values() -> Tensor:
        prefixes = Prefixes.from_texts(texts.inputs)
        return by_hand.critic(policy.features(prefixes))[prefixes.prefix_index][:, :, 0]

    before = weights(by_hand)
    with_critic = [*parameters, *by_hand.critic.parameters()]
    arguments: dict[str, tuple[Any, ...]] = {
        "reinforce": (of_texts, rewards.flatten(), parameters),
        "reinforce-baseline": (of_texts, rewards.flatten(), average, parameters),
        "plain-reinforce": (of_texts, rewards.flatten(), parameters),
        "rloo": (of_texts, rewards, parameters),
        "remax": (of_texts, rewards, batch.greedy_rewards, parameters),
        "dr-grpo": (of_tokens, mask, rewards, policy.max_length, parameters),
        "a2c": (of_tokens, values, mask, rewards.flatten(), with_critic),
        "ppo": (of_tokens, values, mask, at_the_end(rewards.flatten(), mask), with_critic),
        "supervised": (of_tokens, texts.mask, parameters),
    }
    in_few_lines = getattr(textbook, algorithm.replace("-", "_"))
    in_few_lines(*arguments.get(algorithm, (of_tokens, mask, rewards, parameters)), 0.3)
    assert algorithm != "reinforce-baseline" or average > 0
    for name, tensor in weights(by_hand).items():
        assert torch.allclose(tensor, weights(real)[name], atol=1e-6), name
    for own, theirs in zip(by_hand.critic.parameters(), real.critic.parameters(), strict=True):
        assert torch.allclose(own, theirs, atol=1e-6)
    assert any(not torch.allclose(tensor, before[name], atol=1e-5) for name, tensor in weights(by_hand).items())


def test_the_short_code_is_short() -> None:
    for name in function_names("learning/objective/textbook.py"):
        assert len(source_of(("learning/objective/textbook.py", name)).text.splitlines()) <= 15
