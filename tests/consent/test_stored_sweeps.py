"""A sweep's file may be somebody else's: its Python runs only once the person has seen and allowed it."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from pgplay.cli import main
from pgplay.experiments.sweeps import Sweep, create_sweep, open_sweep
from pgplay.library.consents import allow
from pgplay.rewards.python.source import PythonSource
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.summaries import list_runs
from tests.experiments.made import entries
from tests.experiments.stored_sweeps import store_sweep

CODE = "def reward(text):\n    return 0.0\n"


def copied_sweep() -> Sweep:
    """Return a sweep as another person stored it, with their Python."""
    sweep = store_sweep(seeds=[0])
    rows = tuple(
        msgspec.structs.replace(
            row, settings={**row.settings, "reward": "theirs.py"}, python={"theirs.py": ("theirs.py", CODE)}
        )
        for row in sweep.plan.rows
    )
    return sweep.change(rows=rows)


def test_another_persons_sweep_is_shown_and_not_trained(capsys: pytest.CaptureFixture[str]) -> None:
    sweep = copied_sweep()
    assert main(["sweep", sweep.name]) == 2
    told = capsys.readouterr().err
    assert "The reward of the sweep" in told
    assert "def reward(text)" in told
    command = [sys.executable, "-m", "pgplay.experiments", sweep.name]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "The reward of the sweep" in done.stderr
    assert list_runs() == []


def test_allowed_python_and_ones_own_may_run() -> None:
    sweep = copied_sweep()
    assert not any(spec.may_run for entry in sweep.entries for spec in entry.rewards)
    allow(CODE)
    assert all(spec.may_run for entry in sweep.entries for spec in entry.rewards)
    own = RewardSpec("mine.py", PythonSource("mine.py", "", CODE + "# mine\n"))
    recipes = entries({"reward": "mine.py"}, {"reward": "mine.py", "lr": 0.1})
    rows = [entry._replace(rewards=(own,)) for entry in recipes]
    mine = open_sweep(create_sweep(rows, [[0]], "exact_match").name)
    assert all(spec.is_own for entry in mine.entries for spec in entry.rewards)
