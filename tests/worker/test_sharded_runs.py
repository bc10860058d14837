"""`pgplay train` on two processes that hold a part each of a pretrained model's layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pgplay.policies.ranks import is_gone
from pgplay.worker.session.session import Session
from tests.learning.helpers import trainer as make_trainer
from tests.pretrained.models import model_folder
from tests.worker.test_processes import follower_of, has_steps, train

SHARDED = "processes:2:sharded"
SETTINGS: dict[str, Any] = {
    "target": "The cat", "alphabet": "auto", "max_length": 6, "batch_size": 8, "until": "never", "device": "cpu",
    "threads": 1, "optimizer": "sgd", "lr": 0.1, "control_variate": "none",
}  # fmt: skip


def words(settings: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]


@pytest.mark.nightly
def test_a_sharded_run_has_the_numbers_of_one_process_which_resumes_it() -> None:
    settings = SETTINGS | {"model": model_folder("llama")}
    output, errors = train("--steps=2", "--json", *words(settings), engine=SHARDED).communicate()
    assert output, errors
    summary = json.loads(output)
    one = make_trainer(**settings)
    reports = [one.step() for _ in range(3)]
    assert summary["engine"] == SHARDED
    assert summary["reward_mean"] == pytest.approx(reports[1].metrics["reward_mean"], abs=1e-5)
    session = Session.resume(summary["run"])
    assert session.step().metrics["loss"] == pytest.approx(reports[2].metrics["loss"], abs=1e-5)
    session.close("paused")


@pytest.mark.nightly
def test_a_rank_that_dies_while_layers_are_gathered_is_named(home: Path) -> None:
    process = train(*words(SETTINGS | {"model": model_folder("llama")}), engine=SHARDED)
    follower = follower_of(process, has_steps(home))
    follower.kill()
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "Rank 1, one of the run's 2 processes, died" in errors
    assert "Traceback" not in errors
    assert is_gone(follower.pid)
