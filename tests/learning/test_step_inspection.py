"""A step recorded in full: its numbers are those that the step used, and recording changes nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from pgplay.learning.defaults import DEVIATION_FLOOR
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import StepReport
from pgplay.learning.reports.step_trace import reward_histogram, target_probabilities
from pgplay.learning.step_inspection import MOST_TOKENS, StepInspection, policy_map
from pgplay.learning.trainer import Trainer
from pgplay.policies.density import Density
from pgplay.tasks.task import Pair
from tests.learning.helpers import COPYING, ROWS, numbers, steps, trainer


def inspected_step(one: Trainer) -> tuple[StepReport, StepDetail]:
    inspection = StepInspection(one)
    return inspection.step(), inspection.detail


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", ROWS)
def test_recording_a_step_does_not_change_it(name: str) -> None:
    looked_at, plain = trainer(**ROWS[name]), trainer(**ROWS[name])
    for _ in range(2):
        report, detail = inspected_step(looked_at)
        expected = numbers(plain.step())
        found = numbers(report)
        extra = set(found[2]) - set(expected[2])  # type: ignore[call-overload]
        assert extra <= {"kl_update", "kl_first_update"}
        assert [found[2][key] for key in expected[2]] == list(expected[2].values())  # type: ignore[index, attr-defined]
        assert detail.step == report.step
    assert steps(looked_at, 2) == steps(plain, 2)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    "own",
    [
        {"algorithm": "grpo"},
        {"algorithm": "rloo", "reward": "0.5*levenshtein + 0.5*prefix", "measure": ("lcs",)},
        {"algorithm": "ppo"},
        {"credit": "dense"},
        {"algorithm": "dapo", "updates_per_step": 3, "lr": 0.05},
    ],
)
def test_every_token_is_reported_as_the_policy_computes_it(own: dict[str, Any]) -> None:
    one = trainer(target="abca", **own)
    steps(one, 3)
    before = {name: tensor.clone() for name, tensor in one.policy.module.state_dict().items()}
    report, detail = inspected_step(one)
    assert len(detail.samples) == detail.completions == 8
    assert [sample.reward for sample in detail.samples] == sorted((s.reward for s in detail.samples), reverse=True)
    assert sum(s.reward for s in detail.samples) / 8 == pytest.approx(report.metrics["reward_mean"])
    after = {name: tensor.clone() for name, tensor in one.policy.module.state_dict().items()}
    for sample in detail.samples:
        assert "".join(token.text for token in sample.tokens) == sample.text
        one.policy.load_state(before)
        assert [t.log_p for t in sample.tokens] == pytest.approx(log_p_of(one.policy, sample.text), abs=1e-5)
        one.policy.load_state(after)
        changed = [t.log_p_after for t in sample.tokens]
        assert changed == pytest.approx(log_p_of(one.policy, sample.text), abs=1e-5)
        for token in sample.tokens:
            likeliest = [p for _, p in token.alternatives]
            assert likeliest == sorted(likeliest, reverse=True)
            assert len(token.alternatives) == 4  # three letters and the stop token
            assert sum(likeliest) == pytest.approx(1, abs=1e-3)
            assert token.entropy == pytest.approx(-sum(p * math.log(p) for p in likeliest if p), abs=5e-3)
    if "reward" in own:
        assert set(detail.samples[0].parts) == {"part:levenshtein", "part:prefix", "measure:lcs"}
        parts = detail.samples[0].parts
        expected = 0.5 * parts["part:levenshtein"] + 0.5 * parts["part:prefix"]
        assert detail.samples[0].reward == pytest.approx(expected)


def log_p_of(policy: Any, text: str) -> list[float]:
    reading = policy.reading([Pair("", text)])
    with torch.no_grad():
        log_p = policy.log_probabilities(reading.inputs, Density())
    return log_p.gather(2, reading.actions[:, :, None])[0, :, 0][reading.mask[0]].tolist()


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", ["grpo", "rloo", "remax", "reinforce-baseline", "reinforce"])
def test_the_advantage_follows_from_reward_baseline_and_deviation(algorithm: str) -> None:
    one = trainer(target="abca", algorithm=algorithm, control_variate="none")
    steps(one, 2)
    _, detail = inspected_step(one)
    rewards = [sample.reward for sample in detail.samples]
    for sample in detail.samples:
        assert sample.baseline is not None
        by_hand = (sample.reward - sample.baseline) / (sample.deviation or 1.0)
        assert sample.advantage == pytest.approx(by_hand, abs=1e-5)
        if algorithm == "grpo":
            mean = sum(rewards) / 8
            deviation = math.sqrt(sum((reward - mean) ** 2 for reward in rewards) / 7)
            assert sample.baseline == pytest.approx(mean, abs=1e-6)
            assert sample.deviation == pytest.approx(max(DEVIATION_FLOOR, deviation), abs=1e-6)


def test_an_update_makes_good_completions_more_likely() -> None:
    one = trainer(target="abca", batch_size=64, entropy=0.0, lr=0.01)
    _, detail = inspected_step(one)
    best, worst = detail.samples[0], detail.samples[-1]
    assert best.log_p_after is not None
    assert worst.log_p_after is not None
    assert best.log_p_after > best.log_p
    assert best.log_p_after - best.log_p > worst.log_p_after - worst.log_p


@pytest.mark.exhaustive
def test_a_large_step_is_recorded_in_part_from_across_its_rewards() -> None:
    one = trainer(target="a" * 60, alphabet="ascii", max_length=100, batch_size=128)
    _, detail = inspected_step(one)
    assert detail.completions == 128
    assert len(detail.samples) < 128
    assert sum(len(sample.tokens) for sample in detail.samples) < 1.5 * MOST_TOKENS
    assert detail.samples[0].reward == max(sample.reward for sample in detail.samples)


def test_prompts_are_recorded_with_their_completions() -> None:
    one = trainer(COPYING, batch_size=24, group_size=8)
    _, detail = inspected_step(one)
    assert {(sample.prompt, sample.target) for sample in detail.samples} == {(letter, letter) for letter in "abc"}


def test_the_map_shows_what_the_policy_would_write() -> None:
    one = trainer(target="abca", lr=0.02)
    steps(one, 40)
    mapped = policy_map(one.policy, one.density, one.plan.task.training[0], 40)
    assert "".join(mapped.written) == one.greedy_texts(one.plan.task.training)[0]
    for position, token in enumerate(mapped.written):
        column = [row[position] for row in mapped.probabilities]
        assert mapped.rows[column.index(max(column))] == token
    surprise = -sum(math.log(p) for p in mapped.target_p) / len(mapped.target_p)
    assert surprise == pytest.approx(one.policy.cross_entropy(one.plan.task.training)[0], abs=2e-3)
    assert mapped.target == (*"abca", "")


def test_a_step_reports_the_probability_of_each_token_of_the_target() -> None:
    one = trainer(target="abca")
    mapped = policy_map(one.policy, one.density, one.plan.task.training[0], 0)
    trace = one.step().trace
    assert trace is not None
    assert trace.target == pytest.approx(mapped.target_p, abs=2e-4)
    assert sum(trace.rewards) == 8


def test_targets_of_several_lengths_are_reported_by_position() -> None:
    losses = torch.tensor([[0.0, 1.0, 2.0], [0.0, 3.0, 0.0]])
    mask = torch.tensor([[False, True, True], [False, True, False]])
    expected = ((math.exp(-1) + math.exp(-3)) / 2, math.exp(-2))
    assert target_probabilities(losses, mask) == pytest.approx(expected, abs=1e-4)


def test_a_histogram_counts_every_reward_however_large() -> None:
    assert reward_histogram([0.0, 0.49, 0.5, 1.0], 0.0, 1.0, 2) == (2, 2)
    assert sum(reward_histogram([-1e308, 0.0, 1e308], -1e308, 1e308)) == 3
