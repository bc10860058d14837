import copy
import itertools
from collections import Counter
from typing import Any

import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError, RewardError
from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.learning.evaluation.greedy import all_exact
from pgplay.learning.inputs import Inputs
from pgplay.learning.plan import make_plan, read_plan
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.policies.density import Density
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair, Task
from tests.learning.helpers import COPYING, ROWS, Unreliable, numbers, same_state, same_weights, steps, trainer, weights
from tests.policies.helpers import FAMILIES, generator, rollout_of, small_policy


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
def test_the_seed_fixes_every_number_and_another_gives_others(model: str) -> None:
    torch.manual_seed(1)
    one = steps(trainer(COPYING, model=model, seed=3), 3)
    torch.manual_seed(2)
    assert steps(trainer(COPYING, model=model, seed=3), 3) == one
    other = steps(trainer(COPYING, model=model, seed=4), 3)
    assert all(a != b for a, b in zip(one, other, strict=True))


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("fails_at", [1, 3])
@pytest.mark.parametrize("row", ["grpo", "ppo", "remax", "replay", "dropout", "dense"])
def test_a_reward_that_fails_costs_no_step(row: str, fails_at: int) -> None:
    expected = steps(trainer(COPYING, **ROWS[row]), 4)
    one = trainer(COPYING, Unreliable("levenshtein", fails_at), **ROWS[row])
    found = steps(one, fails_at - 1)
    before = one.state()
    with pytest.raises(RewardError):
        one.step()
    assert same_state(one.state(), before)
    assert found + steps(one, 5 - fails_at) == expected


def test_a_measure_that_fails_costs_no_step() -> None:
    expected = steps(trainer(measure=("hamming",)), 3)
    one = trainer(measure=("hamming",))
    one.measures["hamming"] = Unreliable("hamming", 2)
    found = steps(one, 1)
    with pytest.raises(RewardError):
        one.step()
    assert found + steps(one, 2) == expected


def test_a_reward_that_fails_on_half_a_text_costs_no_step() -> None:
    own = {"credit": "dense", "reward": "hamming", "replay": 0.5}
    expected = steps(trainer(COPYING, **own), 3)
    one = trainer(COPYING, Unreliable("hamming", 2), **own)
    with pytest.raises(RewardError):
        one.step()
    assert steps(one, 3) == expected


def until_solved(one: Trainer, most: int = 200) -> None:
    """Step until the next step would find the task solved; the trainer is left before that step."""
    for _ in range(most):
        before = one.state()
        if one.step().solved:
            one.restore(before)
            return
    raise AssertionError("not solved")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
def test_a_step_that_finds_the_task_solved_makes_no_update(model: str) -> None:
    one = trainer(model=model, until="solved")
    until_solved(one)
    before = weights(one)
    report = one.step()
    assert report.solved
    assert report.metrics["exact_match"] == 1.0
    assert not {"loss", "gradient_norm", "kl_update"} & report.metrics.keys()
    assert same_weights(weights(one), before)
    (greedy,) = one.policy.write([""], Density(), generator(), greedy=True)
    assert (greedy.text, greedy.finished) == ("ab", True)
    assert report.samples[0].text == "ab"


def test_a_run_without_an_end_keeps_learning_once_solved() -> None:
    one = trainer(until="never")
    until_solved(one)
    before = weights(one)
    report = one.step()
    assert report.solved
    assert "loss" in report.metrics
    assert not same_weights(weights(one), before)


def test_many_prompts_are_solved_only_when_each_is_written() -> None:
    task = Task("one letter", tuple(Pair(a + b, "a") for a, b in itertools.product("abc", repeat=2)))
    one = trainer(task, until="solved", batch_size=32, lr=0.02)
    until_solved(one)
    assert len(task.training) > 8
    assert all_exact(one.policy, task.training)
    assert all_exact(one.policy, task.training, rows=2)


def test_prompts_that_a_step_did_not_measure_count_too() -> None:
    """Nine prompts are answered right, the tenth is not: a step that measures one of the nine proves nothing."""
    own = {"alphabet": "abcdefghij", "until": "solved", "lr": 0.01, "group_size": 8}
    easy = trainer(Task("all the same", tuple(Pair(letter, "a") for letter in "abcdefghij")), **own)
    warm_up(easy, 80)
    task = Task("one differs", tuple(Pair(letter, "b" if letter == "j" else "a") for letter in "abcdefghij"))
    one = trainer(task, **own | {"lr": 1e-9})
    one.policy.load_state(easy.policy.saved_state())
    reports = [one.step() for _ in range(20)]
    assert sum(report.metrics["exact_match"] == 1.0 for report in reports) == 18
    assert sum(map(Pair.matches, task.training, one.greedy_texts(task.training))) == 9
    assert not any(report.solved for report in reports)


def test_the_moving_average_follows_the_mean_reward_slowly() -> None:
    one = trainer(algorithm="reinforce-baseline")
    means = [one.step().metrics["reward_mean"] for _ in range(6)]
    expected = means[0]
    for mean in means[1:]:
        expected = 0.9 * expected + 0.1 * mean
    assert one.counters.moving_average == pytest.approx(expected)


def test_the_imitated_text_is_the_best_completion_of_each_prompt_so_far() -> None:
    one, best = trainer(COPYING, replay=0.1, group_size=8), {}
    for _ in range(8):
        report = one.step()
        prompt = report.samples[0].prompt
        best[prompt] = max(best.get(prompt, -1.0), report.metrics["reward_max"])
        assert {key: reward for key, (reward, _) in one.counters.best_texts.items()} == best
    assert len(best) == 3
    for pair in COPYING.training:
        reward, text = one.counters.best_texts[pair.prompt]
        assert one.reward.score([text], [pair.target], [pair.prompt]).values == [reward]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_non_finite_gradient_ends_the_run_and_keeps_the_policy(algorithm: str) -> None:
    one = trainer(algorithm=algorithm)
    steps(one, 1)
    with torch.no_grad():
        one.policy.module.lm_head.weight.sign_().mul_(3e38)
    before = weights(one)
    with pytest.raises(PgplayError, match=r"(?s)diverged.*lower lr"):
        one.step()
    after = weights(one)
    assert same_weights(after, before)
    assert all(tensor.isfinite().all() for tensor in after.values())


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("row", ["grpo", "ppo", "dropout", "filters and penalties", "dense"])
def test_sampling_and_training_use_the_same_distribution_at_every_step(row: str, model: str) -> None:
    one = trainer(COPYING, model=model, **ROWS[row])
    mismatches = [one.step().metrics["mismatch"] for _ in range(8)]
    assert max(mismatches) < 2e-6


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
def test_greedy_completions_use_no_dropout(model: str) -> None:
    one = trainer(COPYING, model=model, dropout=0.5, seed=2, group_size=8)
    for _ in range(6):
        (prompt,) = {pair.prompt for pair in Trainer._next_pairs(copy.deepcopy(one))}
        (greedy,) = one.policy.write([prompt], Density(), generator(), greedy=True)
        shown = one.step().samples[0]
        assert (shown.prompt, shown.text) == (prompt, greedy.text)


def divergence(one: Trainer, start: dict[str, torch.Tensor]) -> float:
    """Return the policy's exact KL to its first weights, over completions of 3 tokens."""
    policy, first = (small_policy("gru-nano", "abc", 5) for _ in range(2))
    policy.load_state(one.policy.saved_state())
    first.load_state(start)
    completions = [[*letters, 0] for length in range(4) for letters in itertools.product((1, 2, 3), repeat=length)]
    log_p, log_q = (rollout_of(each, completions).log_probabilities.sum(1) for each in (policy, first))
    return (log_p.exp() * (log_p - log_q)).sum().item()


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("place", ["loss", "reward"])
def test_a_kl_penalty_keeps_the_policy_near_its_reference(place: str, seed: int) -> None:
    found = []
    for weight in (0.0, 0.5, 5.0):
        one = trainer(kl=weight, kl_in=place, seed=seed, algorithm="rloo", batch_size=32, entropy=0.0)
        start = weights(one)
        steps(one, 12)
        found.append(divergence(one, start))
    free, light, heavy = found
    assert heavy < light < free
    assert heavy < 0.3 * free


def test_the_reported_kl_is_zero_before_the_first_update_and_positive_after_it() -> None:
    told = [
        trainer_step.metrics["kl_reference"] for one in [trainer(kl=0.1)] for trainer_step in (one.step(), one.step())
    ]
    assert told[0] == 0.0
    assert told[1] > 1e-5


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("prompts", "wanted"), [(4, 2), (5, 1), (6, 6)])
def test_every_prompt_comes_up_once_before_any_comes_up_again(prompts: int, wanted: int) -> None:
    task = Task("letters", tuple(Pair(letter, "a") for letter in "abcdef"[:prompts]))
    one = trainer(task, batch_size=8 * wanted, group_size=8)
    drawn = [pair.prompt for _ in range(3 * prompts // wanted) for pair in one._next_pairs()]
    for start in range(0, len(drawn), prompts):
        assert sorted(drawn[start : start + prompts]) == sorted("abcdef"[:prompts])
    assert drawn[:prompts] != drawn[prompts : 2 * prompts] or wanted == prompts


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("prompts", "wanted"), [(5, 2), (5, 3), (5, 4), (7, 3)])
def test_prompts_that_do_not_fill_whole_steps_come_up_equally_often(prompts: int, wanted: int) -> None:
    task = Task("letters", tuple(Pair(letter, "a") for letter in "abcdefg"[:prompts]))
    one = trainer(task, batch_size=8 * wanted, group_size=8)
    drawn = Counter({pair.prompt: 0 for pair in task.training})
    for _ in range(50):
        pairs = [pair.prompt for pair in one._next_pairs()]
        assert len(set(pairs)) == wanted
        drawn.update(pairs)
        assert max(drawn.values()) - min(drawn.values()) <= 2


def test_the_warm_start_learns_the_targets_and_reports_progress() -> None:
    one, heard = trainer(COPYING), []
    warm_up(one, 60, lambda step, loss, held_out: heard.append((step, loss)))
    assert [step for step, _ in heard] == list(range(1, 61))
    assert heard[-1][1] < 0.3 * heard[0][1]
    assert max(one.policy.cross_entropy(COPYING.training)) < 0.3
    assert one.counters.steps == 0
    assert not any(tensor.any() for tensor in one.optimiser.state().values())


def test_imitating_the_best_makes_it_more_likely() -> None:
    """With a constant reward, only imitation moves the policy, towards its first completions."""
    one = trainer(replay=5.0, reward="1", entropy=0.0, algorithm="reinforce-baseline", baseline="batch-mean")
    one.step()
    (_, best), *_ = one.counters.best_texts.values()
    before = one.policy.cross_entropy([Pair("", best)])
    steps(one, 15)
    assert one.counters.best_texts[""][1] == best
    assert one.policy.cross_entropy([Pair("", best)])[0] < 0.5 * before[0]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(("penalty", "weight"), [("l1", 1e-2), ("l2", 1.0), ("weight_decay", 1.0)])
def test_penalties_make_the_parameters_smaller(penalty: str, weight: float) -> None:
    def length(**own: float) -> float:
        one = trainer(clip_gradient=0.0, lr=0.01, **own)
        steps(one, 10)
        return sum(tensor.square().sum().item() for tensor in one.policy.saved_state().values())

    assert length(**{penalty: weight}) < 0.9 * length()


def test_samples_show_the_greedy_the_best_and_the_spread_of_this_step() -> None:
    one, best = trainer(batch_size=16), -1.0
    for _ in range(6):
        report = one.step()
        by_role = {sample.role: sample for sample in report.samples}
        assert [sample.role for sample in report.samples] == [
            "greedy", "best", "top", "upper", "middle", "lower", "bottom"
        ]  # fmt: skip
        best = max(best, report.metrics["reward_max"])
        assert by_role["best"].reward == best
        assert by_role["top"].reward == pytest.approx(report.metrics["reward_max"])
        assert by_role["bottom"].reward == pytest.approx(report.metrics["reward_min"])
        assert by_role["greedy"].reward == report.metrics["greedy_reward"]
        for sample in report.samples:
            assert "".join(sample.tokens) == sample.text
            assert sample.step == report.step or sample.role == "best"


def test_reported_rewards_are_those_of_samples_and_not_of_greedy_rows() -> None:
    one = trainer(COPYING, batch_size=16, group_size=8)
    report = one.step()
    assert report.completions == 16
    assert report.metrics["unique_completions"] <= 16
    assert report.metrics["characters"] == pytest.approx(16 * report.metrics["length"])


def test_a_policy_on_an_unavailable_device_is_refused() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="cuda"):
            trainer(device="cuda")


def test_numbers_leave_out_only_times() -> None:
    report = trainer().step()
    assert {name for name in report.metrics if name not in numbers(report)[2]} == {
        "seconds_sample", "seconds_score", "seconds_learn"
    }  # fmt: skip


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("settings", [{"credit": "dense"}, {"task": "reverse:length=3", "held_out": 0.2}])
def test_changing_a_limit_changes_no_number(settings: dict[str, Any]) -> None:
    config = make_config({"model": "gru-nano", "target": "abcab", "batch_size": 16, "until": "never", **settings})
    moved, left = (Trainer(read_plan(config), build_reward(config.reward)) for _ in range(2))
    for one in (moved, left):
        one.step()
        one.step()
    moved.change(make_plan(make_config({"steps": 99}, config), Inputs(moved.plan.task), moved.plan.shape))
    assert [moved.step().metrics["loss"] for _ in range(3)] == [left.step().metrics["loss"] for _ in range(3)]
