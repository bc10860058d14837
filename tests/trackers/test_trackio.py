"""A run exported to trackio's local store, read back from there; skipped where trackio is not installed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.config.run_config import make_config
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.runs.store import RunStore

STEPS = 40


def test_every_step_comes_back_once_also_after_a_second_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trackio")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with RunStore.create(make_config({"target": "hi"}), "mine") as store:
        for step in range(1, STEPS + 1):
            greedy = Sample("greedy", "", f"text|{step}", "hi", 0.25, step, True, ("*",))
            store.record(StepReport(step, 0.1 * step, step, {"reward_mean": step / STEPS}, (greedy,), False))
    for _ in range(2):
        command = [sys.executable, "-m", "pgplay", "runs", "export", "mine", "--to", "trackio:own"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    database = sqlite3.connect(tmp_path / "trackio" / "own.db")
    rows = [(step, json.loads(text)) for step, text in database.execute("SELECT step, metrics FROM metrics")]
    database.close()
    rewards = [(step, metrics["train/reward"]) for step, metrics in rows if "train/reward" in metrics]
    assert sorted(rewards) == [(step, step / STEPS) for step in range(1, STEPS + 1)]
    assert sum("text\\\\|7 " in json.dumps(metrics) for _, metrics in rows) == 1
