"""What an experiment says: its rows, its verdicts in words, its table and its JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgplay.errors import InputError
from pgplay.experiments.records import to_record
from pgplay.experiments.summary import Summary, summarise
from pgplay.experiments.table import table_of
from pgplay.experiments.verdicts import forecast_of, verdict_of
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.locale.catalog import text_of
from tests.experiments.made import entries, trial, trials

SLOW = [1000, 1300, 900, 1100, 1250, 950, 1040, 1150, 880, 1010]
FAST = [620, 700, 560, 640, 800, 500, 655, 690, 530, 600]
TWO = [{"algorithm": "grpo", "steps": 100}, {"algorithm": "rloo", "steps": 100}]


def summary(completions: list[list[int]], limit: int = 10**9, looks: int = 1, settings: Any = TWO) -> Summary:
    recipes = entries(*settings)
    return summarise(recipes, trials(recipes, completions, limit), choose_yardstick(recipes), looks)


def verdicts(found: Summary) -> list[str]:
    return [text_of(*verdict_of(found, comparison)) for comparison in found.comparisons]


def test_a_clear_difference_is_a_ratio_with_its_interval() -> None:
    found = summary([SLOW, FAST])
    (comparison,) = found.comparisons
    assert comparison.verdict == "better"
    assert comparison.p == pytest.approx(2 / 1024)
    assert verdicts(found) == [
        "algorithm=rloo needs 0.6 times the completions of algorithm=grpo (0.57 to 0.62, 10 seeds)."
    ]
    assert summary([FAST, SLOW]).comparisons[0].verdict == "worse"


def test_few_seeds_show_each_ratio_and_no_interval() -> None:
    found = summary([[1000, 1200, 900], [500, 900, 1800]], limit=1500)
    assert verdicts(found) == [
        "Few seeds: algorithm=rloo needs 0.83 times the completions of algorithm=grpo; on each seed 0.5, 0.75, >1.7 "
        "times."
    ]
    assert found.comparisons[0].p is None
    second, first = table_of(found).rows
    assert first[:4] == ("algorithm=grpo", "3 of 3", "15", "1,000 (few: 900, 1,000, 1,200)")
    assert second[3] == "900 (few: 500, 900, >1,500)"


def test_recipes_that_are_alike_are_not_told_apart_and_it_says_what_would_do() -> None:
    alike = [time + (60 if seed % 3 else -110) for seed, time in enumerate(SLOW)]
    found = summary([SLOW, alike])
    (text,) = verdicts(found)
    assert text.startswith("Not told apart: algorithm=rloo needs ")
    forecast = forecast_of(found, found.comparisons[0], jobs=2)
    assert forecast is not None
    assert forecast[1]["seeds"] > 0
    assert forecast[1]["seconds"] == pytest.approx(
        forecast[1]["seeds"] * sum(result.seconds for result in found.results) / 2
    )
    assert "more would do" in text_of(*forecast)
    assert forecast_of(summary([SLOW, FAST]), summary([SLOW, FAST]).comparisons[0], jobs=2) is None


def test_a_recipe_that_never_solves_needs_at_least_its_limit() -> None:
    found = summary([FAST, [10**6] * 10], limit=2000)
    assert verdicts(found) == [
        "algorithm=rloo needs at least 3.2 times the completions of algorithm=grpo (3.1 or more, 10 seeds)."
    ]
    never = summary([[10**6] * 10, [10**6] * 10], limit=2000)
    assert verdicts(never) == [
        "Not told apart: neither algorithm=rloo nor algorithm=grpo reaches its goal on any seed."
    ]


def test_every_recipe_is_compared_with_the_first_after_holms_correction() -> None:
    three = [*TWO, {"algorithm": "reinforce", "steps": 100}]
    found = summary([SLOW, FAST, [2 * time for time in SLOW]], settings=three)
    assert [(comparison.a, comparison.b) for comparison in found.comparisons] == [(0, 1), (0, 2)]
    assert [comparison.p for comparison in found.comparisons] == pytest.approx([4 / 1024, 4 / 1024])
    assert [result.entry.config.algorithm for result in found.ranked()] == ["rloo", "grpo", "reinforce"]


def test_several_looks_ask_for_more_and_widen_every_interval() -> None:
    once, often = summary([SLOW, FAST]), summary([SLOW, FAST], looks=4)
    assert often.comparisons[0].p == pytest.approx(4 * 2 / 1024)
    assert often.confidence == pytest.approx(0.9875)
    narrow, wide = once.comparisons[0].paired.interval, often.comparisons[0].paired.interval
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low
    assert narrow.high < wide.high


def test_different_rewards_are_ranked_by_a_measure_and_never_by_themselves() -> None:
    rewards = entries({"reward": "levenshtein", "measure": ["lcs"]}, {"reward": "prefix", "measure": ["lcs"]})
    assert choose_yardstick(rewards).metric == "measure:lcs"
    for name in ("reward_mean", "greedy_reward", "held_out_reward"):
        with pytest.raises(InputError, match="own scale"):
            choose_yardstick(rewards, name)
    goal = {"until": "reward>=0.9"}
    own_goals = entries({"reward": "levenshtein", **goal}, {"reward": "prefix", **goal})
    assert choose_yardstick(own_goals).name == "exact_match"
    with pytest.raises(InputError, match="different goals"):
        choose_yardstick(own_goals, "completions")
    assert choose_yardstick(entries({"lr": 0.01, **goal}, {"lr": 0.02, **goal})).name == "completions"


def test_a_measure_is_compared_by_its_difference_and_more_is_better() -> None:
    recipes = entries({"reward": "levenshtein", "measure": ["lcs"]}, {"reward": "prefix", "measure": ["lcs"]})
    runs = [
        trial(recipes[place], place, seed, 640, solved=False, **{"measure:lcs": 0.5 + seed / 100 + gain})
        for seed in range(10)
        for place, gain in enumerate((0.0, 0.1 + seed / 1000))
    ]
    found = summarise(recipes, runs, choose_yardstick(recipes))
    assert found.comparisons[0].verdict == "better"
    assert verdicts(found) == ["lcs differs by +0.1 (+0.1 to +0.11, 10 seeds): reward=prefix minus reward=levenshtein."]
    assert [result.entry.config.reward for result in found.ranked()] == ["prefix", "levenshtein"]


def test_held_out_columns_stand_beside_the_completions_where_prompts_are_held_out() -> None:
    split = {"task": "reverse:length=2-3,count=20", "held_out": 0.2}
    recipes = entries({"lr": 0.01, **split}, {"lr": 0.02, **split})
    runs = [
        trial(recipe, place, seed, 640, solved=True, held_out_reward=0.5 + place / 10, held_out_exact_match=0.25)
        for place, recipe in enumerate(recipes)
        for seed in range(2)
    ]
    found = summarise(recipes, runs, choose_yardstick(recipes))
    table = table_of(found)
    assert table.headers[5:7] == ("held_out_reward", "held_out_exact_match")
    assert [row[5:7] for row in table.rows] == [("0.500", "0.250"), ("0.600", "0.250")]
    assert to_record(found, [0, 1], interrupted=False)["rows"][1]["held_out_reward"] == pytest.approx(0.6)
    ranked = summarise(recipes, runs, choose_yardstick(recipes, "held_out_reward"))
    assert table_of(ranked).rows[0][0] == "lr=0.02"
    with pytest.raises(InputError, match="not every recipe holds prompts out"):
        choose_yardstick(entries({"lr": 0.01}, {"lr": 0.02}), "held_out_reward")


def test_the_json_has_rows_comparisons_and_runs_and_no_number_that_json_lacks() -> None:
    record = to_record(summary([FAST, [10**6] * 10], limit=2000), list(range(10)), interrupted=False)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    fast, slow = record["rows"]
    assert (fast["seeds"], fast["solved"], slow["solved"]) == (10, 10, 0)
    assert fast["completions_median"] == 630.0
    assert slow["completions_median"] is None
    assert slow["completions_interval"] == [2000.0, None]
    assert fast["runs"] == [f"run-0-{seed}" for seed in range(10)]
    assert record["runs"] == [*fast["runs"], *slow["runs"]]
    (comparison,) = record["comparisons"]
    assert (comparison["a"], comparison["b"]) == ("algorithm=grpo", "algorithm=rloo")
    assert (comparison["ratio"], comparison["verdict"]) == (None, "worse")
    # Up to a ratio of 2000/640, six seeds speak against it, the fewest whose signs can be significant.
    assert comparison["interval"] == [pytest.approx(2000 / 640), None]
    assert comparison["improvement"] == 0.0


def test_an_interrupted_run_does_not_count_and_a_failed_one_counts_as_unsolved() -> None:
    recipes = entries(*TWO)
    runs = trials(recipes, [SLOW, FAST])
    runs[0] = runs[0]._replace(outcome=None)
    failed = runs[10].outcome
    assert failed is not None
    runs[10] = runs[10]._replace(outcome=failed._replace(state="failed", report=None))
    first, second = summarise(recipes, runs, choose_yardstick(recipes)).results
    assert (len(first.ended), first.solved) == (9, 9)
    assert (len(second.ended), second.solved) == (10, 9)
