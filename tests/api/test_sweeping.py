"""Sweeps from Python: rows over seeds in workers, functions among the rewards, and what is refused."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest

import pgplay
from pgplay.errors import InputError
from pgplay.experiments.trials import Trial

pytestmark = pytest.mark.usefixtures("without_pandas")

SMALL: dict[str, Any] = {"target": "ab", "model": "gru-nano", "batch_size": 16, "steps": 4, "threads": 1}


def equal_letters(text: str, target: str) -> float:
    return sum(one == other for one, other in zip(text, target)) / max(1, len(text), len(target))  # noqa: B905


def test_a_grid_of_rewards_is_trained_and_ranked_by_what_they_share(tmp_path: Path) -> None:
    ended: list[Trial] = []
    found = pgplay.sweep(
        {"reward": ["levenshtein", equal_letters]}, seeds=[3, 5], measure="exact", jobs=2, on_end=ended.append, **SMALL
    )
    assert [row["seeds"] for row in found.rows] == [2, 2]
    assert found.summary.yardstick.name == "exact"
    (comparison,) = found.comparisons
    assert comparison["verdict"] == "not told apart"
    assert sorted(run.config.seed for run in found.runs) == [3, 3, 5, 5]
    assert all(run.steps == 4 for run in found.runs)
    assert len(ended) == 4
    assert "levenshtein" in str(found)
    assert found._repr_markdown_().startswith("| recipe |")
    assert found.save(tmp_path / "found.csv").read_text().count("\n") == 3
    assert found.plot().svg.startswith("<svg")


@pytest.mark.exhaustive
def test_a_function_trains_in_a_worker_as_it_does_here() -> None:
    found = pgplay.sweep({"reward": [equal_letters, "exact"]}, seeds=1, jobs=2, rank_by="exact_match", **SMALL)
    (there, _), here = found.runs, pgplay.train(reward=equal_letters, seed=0, **SMALL)
    assert there.metrics["reward_mean"] == here.metrics["reward_mean"]


@pytest.mark.exhaustive
def test_an_interrupted_sweep_returns_what_ended() -> None:
    ended: list[Trial] = []

    def interrupt(trial: Trial) -> None:
        ended.append(trial)
        if len(ended) == 1:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    found = pgplay.sweep({"lr": [0.01, 0.02]}, seeds=4, jobs=1, on_end=interrupt, **SMALL)
    assert 1 <= sum(row["seeds"] for row in found.rows) < 8


@pytest.mark.exhaustive
def test_seeds_are_added_until_rows_are_told_apart() -> None:
    settings = SMALL | {"steps": 30}
    found = pgplay.sweep({"algorithm": ["grpo", "random-search"]}, seeds=16, until_told_apart=True, **settings)
    assert [row["seeds"] for row in found.rows] == [8, 8]
    assert [comparison["verdict"] for comparison in found.comparisons] == ["worse"]


@pytest.mark.parametrize(
    ("grid", "settings", "problem"),
    [
        ({}, {}, "sweep"),
        ({"lr": [0.01]}, {}, "sweep"),
        ({"lr": [0.01, 0.01]}, {}, "same run"),
        ({"learning_rate": [0.01, 0.02]}, {}, "learning_rate"),
        ({"seed": [1, 2]}, {}, "seed"),
        ({"clip_low": [0.1, 0.2]}, {"algorithm": "reinforce"}, "clip_low"),
        ({"reward": ["exact", lambda text: 1.0]}, {}, "not known"),
        ({"lr": [0.01, 0.02]}, {"rank_by": "loss"}, "loss"),
        ({"lr": [0.01, 0.02]}, {"until_told_apart": True}, "at least 8 seeds"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_training(
    grid: dict[str, Any], settings: dict[str, Any], problem: str, home: Path
) -> None:
    with pytest.raises(InputError, match=problem):
        pgplay.sweep(grid, seeds=2, **SMALL, **settings)
    assert not (home / "runs").exists()


@pytest.mark.parametrize("seeds", [0, -1, [], [1, 1], [-1]])
def test_impossible_seeds_are_refused_before_training(seeds: int | list[int], home: Path) -> None:
    with pytest.raises(InputError, match="seed"):
        pgplay.sweep({"lr": [0.01, 0.02]}, seeds=seeds, **SMALL)
    assert not (home / "runs").exists()
