"""A step reports what METRICS defines, and every definition is reported by some run."""

import math

import pytest

from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.learning.reports.metrics import METRICS
from tests.learning.helpers import COPYING, trainer

HELD_OUT = {name for name in METRICS if name.startswith(("held_out_", "training_"))} | {"gap"}
SOMETIMES = {"kl_reference", "kl_weight", "explained_variance", "signal_to_noise", "kl_update", "foretold"}
SOMETIMES |= {"recoveries", "kl_first_update"}
ALWAYS = METRICS.keys() - SOMETIMES - HELD_OUT
RUNS = {
    **{name: {"algorithm": name} for name in ALGORITHMS},
    "supervised": {"algorithm": "supervised"},
    "kl": {"kl": 0.1},
    "dense": {"credit": "dense", "reward": "hamming"},
    "held out": {"held_out_every": 1, "patience": 5},
    "parts": {"reward": "0.5*levenshtein + 0.5*prefix", "measure": ("exact", "hamming")},
}


@pytest.mark.parametrize("run", RUNS)
def test_a_step_reports_documented_names_with_finite_numbers(run: str) -> None:
    one = trainer(COPYING, **RUNS[run])
    for _ in range(2):
        metrics = one.step().metrics
        further = {name for name in metrics if name.startswith(("part:", "measure:"))}
        assert metrics.keys() >= ALWAYS
        assert metrics.keys() - further <= METRICS.keys()
        assert all(math.isfinite(value) for value in metrics.values())


def test_every_documented_name_is_reported_by_some_run() -> None:
    reported: set[str] = set()
    for settings in RUNS.values():
        reported |= trainer(COPYING, **settings).step().metrics.keys()
    assert METRICS.keys() <= reported


def test_the_metrics_that_only_some_runs_have() -> None:
    plain, kl, critic = (trainer(**RUNS[run]).step().metrics for run in ("grpo", "kl", "a2c"))
    assert {"kl_reference", "kl_weight"} <= kl.keys() - plain.keys()
    assert "explained_variance" in critic.keys() - plain.keys()


def test_measures_and_parts_have_their_own_means() -> None:
    metrics = trainer(**RUNS["parts"]).step().metrics
    assert {name for name in metrics if ":" in name} == {
        "part:levenshtein", "part:prefix", "measure:exact", "measure:hamming"
    }  # fmt: skip
    mean = 0.5 * metrics["part:levenshtein"] + 0.5 * metrics["part:prefix"]
    assert metrics["reward_mean"] == pytest.approx(mean)


def test_measuring_does_not_change_training() -> None:
    plain, measured = trainer(COPYING), trainer(COPYING, measure=("exact", "hamming"))
    for _ in range(3):
        found = plain.step().metrics, measured.step().metrics
        names = [name for name in found[0] if not name.startswith("seconds")]
        assert [found[0][name] for name in names] == [found[1][name] for name in names]


def test_every_metric_has_a_title_and_a_meaning() -> None:
    titles = [metric.title for metric in METRICS.values()]
    assert all(metric.description and metric.title for metric in METRICS.values())
    assert len(set(titles)) == len(titles)


def test_numbers_stay_in_their_ranges() -> None:
    one = trainer(COPYING, algorithm="ppo", batch_size=16, group_size=8)
    for _ in range(4):
        metrics = one.step().metrics
        for name in ("exact_match", "stop_rate", "tied_groups", "clip_share"):
            assert 0.0 <= metrics[name] <= 1.0
        assert -1.0 <= metrics.get("signal_to_noise", 0.0) <= 1.0
        assert 0.0 <= metrics["entropy"] <= math.log(4) + 1e-6
        assert 1.0 <= metrics["length"] <= one.policy.max_length
        assert 1.0 <= metrics["unique_completions"] <= 16.0
        assert metrics["reward_min"] <= metrics["reward_mean"] <= metrics["reward_max"]
        assert metrics["explained_variance"] <= 1.0


@pytest.mark.parametrize("settings", [{"algorithm": "ppo", "credit": "terminal"}, {"algorithm": "reinforce"}])
def test_where_all_rewards_are_equal_nothing_is_explained(settings: dict[str, str]) -> None:
    one = trainer(COPYING, reward="0.7 + 0*exact", batch_size=16, group_size=8, **settings)
    for _ in range(4):
        metrics = one.step().metrics
        assert metrics["reward_min"] == metrics["reward_max"]
        assert [metrics[name] for name in ("foretold", "explained_variance") if name in metrics] in ([0], [0, 0])


def test_with_dense_credit_a_tie_within_a_prompts_completions_is_none() -> None:
    def told(credit: str) -> list[tuple[float, bool]]:
        one = trainer(COPYING, credit=credit, batch_size=6, group_size=2)
        metrics = [one.step().metrics for _ in range(5)]
        return [(step["tied_groups"], step["reward_min"] == step["reward_max"]) for step in metrics]

    assert any(tied > all_equal for tied, all_equal in told("terminal"))
    assert all(tied == all_equal for tied, all_equal in told("dense"))
