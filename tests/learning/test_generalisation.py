"""Held-out prompts during training: what is measured, when, and which policy early stopping keeps."""

from pathlib import Path
from statistics import median

import pytest
import torch

from pgplay.errors import InputError
from pgplay.learning.evaluation.greedy import greedy_texts
from pgplay.learning.evaluation.held_out import cross_entropies, held_out_evaluation, mean_cross_entropy
from pgplay.learning.objective.dense_credit import token_credit
from pgplay.learning.schedules.early_stop import EarlyStop
from pgplay.learning.warm_start import ABSOLUTE_TOLERANCE, EVALUATION_INTERVAL, RELATIVE_TOLERANCE, warm_up
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair, Task
from tests.learning.helpers import COPYING, same_state, same_weights, steps, trainer, weights

ONE_WAY = Task("a to b", (Pair("a", "b"), Pair("b", "b")), (Pair("c", "a"), Pair("ca", "b")))
"""A policy that memorises the first two writes b for anything, which gets half of the held-out prompts right."""


def test_both_sides_are_measured_alike_and_the_gap_is_their_difference() -> None:
    one = trainer(ONE_WAY)
    warm_up(one, 120)
    told = held_out_evaluation(one.policy, one.reward, ONE_WAY)
    assert greedy_texts(one.policy, ONE_WAY.pairs) == ["b"] * 4
    assert (told["training_reward"], told["training_exact_match"]) == (1.0, 1.0)
    assert (told["held_out_reward"], told["held_out_exact_match"]) == (0.5, 0.5)
    assert told["gap"] == 0.5
    assert told["held_out_cross_entropy"] == pytest.approx(mean_cross_entropy(one.policy, ONE_WAY.held_out))
    assert told["training_cross_entropy"] < told["held_out_cross_entropy"]


def test_it_is_measured_on_schedule_without_effect_on_training() -> None:
    measured, plain = trainer(COPYING, held_out_every=3), trainer(COPYING, held_out_every=1000)
    reports = [measured.step() for _ in range(7)]
    assert [report.step for report in reports if "held_out_reward" in report.metrics] == [3, 6]
    for _ in range(7):
        plain.step()
    assert same_weights(weights(measured), weights(plain))


def test_without_held_out_prompts_nothing_is_measured_or_waited_for() -> None:
    assert not any("held_out" in name for name in trainer(held_out_every=1).step().metrics)
    for settings in ({"patience": 3}, {"until": "held_out_reward>=0.5"}):
        with pytest.raises(InputError, match="needs prompts held out"):
            trainer(**settings)


def test_early_stopping_counts_evaluations_without_a_better_one() -> None:
    stop = EarlyStop()
    assert [stop.note(step, reward) for step, reward in enumerate((0.1, 0.3, 0.3, 0.2, 0.4))] == [
        *(True, True, False, False, True)
    ]
    assert (stop.best, stop.step, stop.waited) == (0.4, 4, 0)


def test_early_stopping_returns_the_best_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    held_out = iter((0.2, 0.7, 0.6, 0.5, 0.4))
    monkeypatch.setattr("pgplay.learning.trainer.held_out_evaluation", lambda *_: {"held_out_reward": next(held_out)})
    one = trainer(COPYING, held_out_every=1, patience=3)
    one.step()
    reports = [one.step()]
    best = weights(one)
    reports += [one.step() for _ in range(3)]
    assert [report.metrics["held_out_waited"] for report in reports] == [0.0, 1.0, 2.0, 3.0]
    assert not same_weights(weights(one), best)
    one.return_to_best()
    assert same_weights(weights(one), best)


def test_a_run_without_early_stopping_keeps_its_last_policy() -> None:
    one = trainer(COPYING, held_out_every=1)
    steps(one, 3)
    last = weights(one)
    one.return_to_best()
    assert same_weights(weights(one), last)


def test_a_paused_run_with_patience_resumes_as_if_it_had_never_paused() -> None:
    settings = {"held_out_every": 2, "patience": 50}
    whole, first, second = (trainer(COPYING, **settings) for _ in range(3))
    steps(first, 5)
    second.restore(first.state())
    assert steps(whole, 5)
    assert steps(second, 5) == steps(whole, 5)
    assert same_state(whole.state(), second.state())


def test_the_best_of_several_right_answers_counts() -> None:
    task = Task("either", (Pair("a", "ab", ("b",)),))
    one = trainer(task, until="solved", lr=0.02)
    reward = build_reward("exact")
    assert reward.score_pairs(["b", "ab", "a"], [task.training[0]] * 3).values == [1.0, 1.0, 0.0]
    for _ in range(300):
        if one.step().solved:
            break
    assert one.greedy_texts(task.training)[0] in ("ab", "b")


@pytest.mark.parametrize("reward", ["levenshtein", "hamming"])
def test_dense_credit_is_that_of_the_answer_with_the_highest_reward(reward: str) -> None:
    """A policy that writes only the second answer earns what it would earn if that were the only one."""
    either, alone = Pair("a", "cc", ("ab",)), Pair("a", "ab")
    one = trainer(Task("alone", (alone,)), until="solved", lr=0.02)
    assert any(one.step().solved for _ in range(300))
    rollout = one.policy.sampler.sample([one.policy.prefix("a")], one.density, one.generator, 1)
    credits = [token_credit(rollout, [pair], one.policy, build_reward(reward)) for pair in (either, alone)]
    assert torch.equal(credits[0], credits[1])


def test_without_a_target_only_the_reward_judges() -> None:
    one = trainer(target="", reward="distinct", max_length=5, lr=0.02)
    reports = [one.step() for _ in range(60)]
    assert not {"exact_match", "cross_entropy"} & reports[-1].metrics.keys()
    assert not any(report.solved for report in reports)
    assert reports[-1].metrics["reward_mean"] > reports[0].metrics["reward_mean"]
    with pytest.raises(InputError, match="The target is empty"):
        trainer(target="")
    with pytest.raises(InputError, match="learns only from targets"):
        trainer(target="", reward="distinct", algorithm="supervised")


def test_the_warm_start_ends_when_held_out_texts_become_no_more_likely_and_keeps_the_best() -> None:
    one = trainer(ONE_WAY, lr=0.05)
    heard: list[float | None] = []
    steps_made, reached = warm_up(one, 5000, lambda step, loss, aside: heard.append(aside))
    assert len(heard) < 5000
    looks = heard[EVALUATION_INTERVAL - 1 :: EVALUATION_INTERVAL]
    lowest = min(value for value in looks if value is not None)
    worse = max(lowest * (1 + RELATIVE_TOLERANCE), lowest + ABSOLUTE_TOLERANCE)
    assert reached is not None
    assert reached <= worse
    assert all(value is not None and value > worse for value in looks[steps_made // EVALUATION_INTERVAL :])
    assert median(cross_entropies(one.policy, ONE_WAY.held_out)) == pytest.approx(reached)
    assert steps_made < len(heard)


def test_unpredictable_texts_do_not_end_the_warm_start() -> None:
    odd = Pair("cb", "aba")
    one = trainer(Task("a to b", ONE_WAY.training, (Pair("c", "b"), Pair("ca", "b"), odd)), lr=0.05)
    heard: list[tuple[float | None, float]] = []
    ended = warm_up(one, 400, lambda step, loss, aside: heard.append((aside, mean_cross_entropy(one.policy, [odd]))))
    assert ended.steps > 300
    assert ended.cross_entropy is not None
    assert ended.cross_entropy < 0.01
    of_odd = [cost for _, cost in heard[::EVALUATION_INTERVAL]]
    assert min(of_odd) == min(of_odd[:8])
    assert of_odd[-1] > 1.5 * min(of_odd)


def test_the_warm_start_learns_a_text_by_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("abcab\n\nabc cab\n" * 20, encoding="utf-8")
    settings = {"target": "abcab", "alphabet": "abc ", "warm_start": "80", "warm_text": str(file), "lr": 0.02}
    one = trainer(**settings)
    assert one.plan.warm_lines == ("abcab", "abc cab") * 20
    before = mean_cross_entropy(one.policy, [Pair("", "abc cab")])
    warm_up(one, 80)
    assert mean_cross_entropy(one.policy, [Pair("", "abc cab")]) < 0.5 * before
    assert not any(tensor.any() for tensor in one.optimiser.state().values())
    with pytest.raises(InputError, match="warm_text without warm_start steps"):
        trainer(warm_text=str(file))
