"""hill-climb and random-search: what they propose and keep, and that they can be stopped, changed and resumed."""

import copy
import math
from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from pgplay.config.run_config import make_config
from pgplay.errors import RewardError
from pgplay.learning.factory import make_learner
from pgplay.learning.inputs import Inputs
from pgplay.learning.plan import make_plan, read_plan
from pgplay.learning.reports.diagnosis import WINDOW
from pgplay.learning.reports.metrics import METRICS
from pgplay.learning.search import Search, neighbours, random_texts
from pgplay.learning.trainer import Trainer
from pgplay.locale.catalog import finding_advice
from pgplay.rewards.reward import Reward, build_reward
from pgplay.tasks.task import Pair, Task
from tests.learning.helpers import COPYING, Unreliable, diagnose, numbers, same_state, steps
from tests.policies.helpers import generator

ALPHABET = "abcdefghijklmnopqrstuvwxyz "
SEARCHES = ("hill-climb", "random-search")
HELD_OUT = {name for name in METRICS if name.startswith(("held_out_", "training_"))} | {"gap"}
NETWORK_METRICS = {
    *("cross_entropy", "entropy", "entropy_weight", "kl_reference", "kl_weight", "kl_update", "kl_first_update"),
    *("gradient_norm", "signal_to_noise", "recoveries"),
    *("sampled_match", "stop_rate", "clip_share", "explained_variance", "foretold", "mismatch", "loss", "lr"),
}


def search(own_task: Task | None = None, own_reward: Reward | None = None, **own: Any) -> Search:
    config = make_config({"target": "abc", "alphabet": "abc", "batch_size": 8, "until": "never", **own})
    measures = {spec: build_reward(spec) for spec in config.measure}
    one = make_learner(make_plan(config, Inputs(own_task)), own_reward or build_reward(config.reward), measures)
    assert isinstance(one, Search)
    return one


def test_random_texts_have_every_length_and_every_character_equally_often() -> None:
    texts = random_texts(20_000, "abcd", 4, generator())
    assert max(map(len, texts)) == 4
    lengths = Counter(map(len, texts))
    assert all(abs(lengths[length] / 20_000 - 1 / 5) < 0.01 for length in range(5))
    letters = Counter("".join(texts))
    assert all(abs(letters[letter] / letters.total() - 1 / 4) < 0.01 for letter in "abcd")


@given(st.text("abc", max_size=6), st.sampled_from(["a", "abc"]), st.integers(0, 99))
def test_a_neighbour_is_one_edit_away_within_the_limit_and_the_alphabet(text: str, alphabet: str, seed: int) -> None:
    text = "".join(letter for letter in text if letter in alphabet)
    for one in neighbours(text, 20, alphabet, 6, generator(seed)):
        assert Levenshtein.distance(one, text) == 1
        assert len(one) <= 6
        assert set(one) <= set(alphabet)


def test_every_neighbour_can_be_reached() -> None:
    expected = {"b", "a", "bb", "ac", "aa", "cb", "abc"} | {
        "ab"[:place] + letter + "ab"[place:] for place in range(3) for letter in "abc"
    }
    assert set(neighbours("ab", 2_000, "abc", 3, generator())) == expected
    assert set(neighbours("", 200, "abc", 3, generator())) == {"a", "b", "c"}
    assert {len(one) for one in neighbours("abc", 200, "abc", 3, generator())} == {2, 3}


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_a_step_is_a_batch_of_rewards_without_metrics_of_a_network(algorithm: str) -> None:
    one = search(COPYING, Unreliable("levenshtein", 0), algorithm=algorithm, batch_size=24, measure=("exact",))
    asked: list[int] = []
    score = one.reward.score
    one.reward.score = lambda texts, *rest: (asked.append(len(texts)), score(texts, *rest))[1]  # type: ignore[method-assign]
    for step in range(1, 4):
        report = one.step()
        assert asked == [24] * step
        assert (report.step, report.completions) == (step, 24 * step)
        assert report.metrics.keys() - {"measure:exact"} == METRICS.keys() - NETWORK_METRICS - HELD_OUT
        assert all(math.isfinite(value) for value in report.metrics.values())
        assert report.metrics["characters"] == pytest.approx(24 * report.metrics["length"])
        assert 1.0 <= report.metrics["length"] <= one.plan.shape.max_length


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_the_kept_text_never_gets_worse_and_is_the_best_of_all_attempts(algorithm: str) -> None:
    one, best = search(algorithm=algorithm, target="abcabcab"), -1.0
    for _ in range(60):
        report = one.step()
        best = max(best, report.metrics["reward_max"])
        assert report.metrics["greedy_reward"] == best
        by_role = {sample.role: sample for sample in report.samples}
        assert by_role["greedy"].reward == by_role["best"].reward == best
        assert by_role["greedy"].text == one.counters.kept[""].text


def test_hill_climb_proposes_single_edits_of_the_kept_text() -> None:
    one = search(algorithm="hill-climb", target="abcabcab")
    before: str | None = None
    for _ in range(20):
        texts = [sample.text for sample in one.step().samples if sample.role not in ("greedy", "best")]
        if before is not None:
            assert {Levenshtein.distance(text, before) for text in texts} == {1}
        before = one.counters.kept[""].text


def test_hill_climb_moves_on_plateaus() -> None:
    """With a constant reward it still moves, one edit per step; on a slope it does not go down."""
    one = search(algorithm="hill-climb", reward="1")
    texts = [one.step().samples[0].text for _ in range(10)]
    assert len(set(texts)) > 3


@pytest.mark.parametrize("target", ["hello world", "the quick brown fox jumps over"])
def test_hill_climb_solves_levenshtein(target: str) -> None:
    """The remaining edits can be made in any order, so there is only one maximum."""
    one = search(algorithm="hill-climb", target=target, alphabet=ALPHABET, batch_size=64)
    for _ in range(400):
        report = one.step()
        if report.solved:
            break
    assert report.solved
    assert report.metrics["exact_match"] == 1.0
    assert report.samples[0].text == target


def test_random_search_finds_two_letters_and_not_twelve() -> None:
    short = search(algorithm="random-search", target="ab")
    assert any(short.step().solved for _ in range(60))
    long = search(algorithm="random-search", target="slow lantern", alphabet=ALPHABET)
    assert not any(long.step().solved for _ in range(60))


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_prompts_are_ordered_as_for_the_trainer_and_all_must_be_found(algorithm: str) -> None:
    task = Task("letters", tuple(Pair(letter, letter) for letter in "abcabcdef"[3:]))
    own = {"batch_size": 16, "group_size": 8, "alphabet": "abcdef", "seed": 5}
    one = search(task, algorithm=algorithm, **own)
    other = Trainer(make_plan(make_config({"model": "gru-nano", **own}), Inputs(task)), build_reward("levenshtein"))
    solved = []
    for _ in range(60):
        expected = {pair.prompt for pair in Trainer._next_pairs(other)}
        report = one.step()
        assert {sample.prompt for sample in report.samples if sample.role != "best"} <= expected
        found = one.greedy_texts(task.training) == [pair.target for pair in task.training]
        assert report.solved <= found
        solved.append(report.solved)
    assert solved[-1]
    assert not solved[0]


def test_a_prompt_that_has_not_come_up_yet_has_no_text() -> None:
    one = search(COPYING, algorithm="hill-climb")
    one.step()
    assert sum(pair.prompt not in one.counters.kept for pair in COPYING.training) == 2
    assert one.greedy_texts(COPYING.training).count("") >= 2


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_the_seed_fixes_every_number_and_another_gives_others(algorithm: str) -> None:
    torch.manual_seed(1)
    one = steps(search(COPYING, algorithm=algorithm, seed=3), 3)
    torch.manual_seed(2)
    assert steps(search(COPYING, algorithm=algorithm, seed=3), 3) == one
    assert steps(search(COPYING, algorithm=algorithm, seed=4), 3) != one


@settings(deadline=None, max_examples=10)
@given(before=st.integers(0, 4), after=st.integers(1, 4), seed=st.integers(0, 1000))
@pytest.mark.parametrize("algorithm", SEARCHES)
def test_a_restored_search_continues_bit_for_bit(algorithm: str, before: int, after: int, seed: int) -> None:
    task = COPYING if seed % 2 else None
    whole, first, second = (search(task, algorithm=algorithm, seed=seed) for _ in range(3))
    expected = steps(whole, before + after)
    begun = steps(first, before)
    state = first.state()
    kept = copy.deepcopy(state)
    steps(first, 1)
    assert same_state(state, kept)
    second.restore(state)
    assert begun + steps(second, after) == expected
    assert same_state(second.state(), whole.state())


@pytest.mark.parametrize("fails_at", [1, 3])
@pytest.mark.parametrize("algorithm", SEARCHES)
def test_a_reward_that_fails_costs_no_step(algorithm: str, fails_at: int) -> None:
    expected = steps(search(COPYING, algorithm=algorithm), 4)
    one = search(COPYING, Unreliable("levenshtein", fails_at), algorithm=algorithm)
    found = steps(one, fails_at - 1)
    before = one.state()
    with pytest.raises(RewardError):
        one.step()
    assert same_state(one.state(), before)
    assert found + steps(one, 5 - fails_at) == expected


def change(one: Search, **own: Any) -> None:
    plan = read_plan(make_config(own, one.plan.written), one.plan.shape)
    one.change(plan, build_reward(own["reward"]) if "reward" in own else None)


@pytest.mark.parametrize("own", [{"target": "cbacba"}, {"reward": "hamming"}])
def test_after_a_change_the_kept_text_is_scored_again_within_the_batch(own: dict[str, str]) -> None:
    one = search(algorithm="hill-climb", target="abcabc", batch_size=16)
    steps(one, 30)
    kept = one.counters.kept[""].text
    change(one, **own)
    assert one.greedy_texts(one.plan.task.training) == [kept]
    report = one.step()
    assert report.completions == 16 * 31
    (target,) = {sample.target for sample in report.samples}
    (anew,) = one.reward.score([kept], [target], [""]).values
    assert anew <= report.metrics["greedy_reward"] == report.metrics["reward_max"]
    assert Levenshtein.distance(report.samples[0].text, kept) <= 1
    assert {sample.step for sample in report.samples} == {31}


def test_a_fixed_reward_scores_the_kept_text_again() -> None:
    """Its name is the same, its Python is not: a score of the old one must not be kept."""

    class Generous(Unreliable):
        def score(self, texts: Any, targets: Any, prompts: Any, columns: Any = None) -> Any:
            scores = super().score(texts, targets, prompts)
            return scores._replace(values=[value + 10 for value in scores.values])

    generous = Generous("levenshtein", 0)
    generous.source = "def reward(): too much"
    one = search(algorithm="hill-climb", target="abcabc", own_reward=generous)
    assert one.step().metrics["greedy_reward"] > 9.0
    one.reward = build_reward("levenshtein")
    assert one.step().metrics["greedy_reward"] <= 1.0


def test_changing_a_limit_or_the_kind_of_search_keeps_the_best_text() -> None:
    one = search(algorithm="hill-climb", target="abcabc")
    steps(one, 10)
    kept = one.counters.kept[""]
    change(one, steps=99, algorithm="random-search")
    assert one.step().metrics["greedy_reward"] >= kept.reward


@pytest.mark.parametrize("algorithm", SEARCHES)
def test_a_reward_without_a_signal_is_reported_and_no_finding_is_about_a_network(algorithm: str) -> None:
    one = search(algorithm=algorithm, target="abcabcab", reward="exact")
    (finding,) = diagnose([one.step().metrics for _ in range(WINDOW)], "search")
    assert finding.kind == "no-signal"
    assert "warm" not in finding_advice(finding.kind, finding.numbers)
    climbing = search(algorithm=algorithm, target="abcabcabcabcabcabcabc")
    assert diagnose([climbing.step().metrics for _ in range(WINDOW)], "search") == ()


def test_numbers_leave_out_only_times() -> None:
    report = search(algorithm="hill-climb").step()
    assert len(report.metrics) - len(numbers(report)[2]) == 3  # type: ignore[arg-type]
