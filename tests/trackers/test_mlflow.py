"""A run exported to MLflow's SQLite store, read back by MLflow's own client; skipped where mlflow is not installed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pgplay.cli import main
from pgplay.config.run_config import make_config
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.runs.store import RunStore

STEPS = 40


def record(store: RunStore, step: int) -> None:
    metrics = {"reward_mean": step / STEPS, "measure:0.5*lcs": 0.25, **{f"part:{number}": 0.5 for number in range(50)}}
    greedy = Sample("greedy", "", f"text {step}", "hi", 0.25, step, True, ("*",))
    store.record(StepReport(step, 1.5 * step, step * 64, metrics, (greedy,), False))


def runs_of(client: Any) -> list[Any]:
    experiment = client.get_experiment_by_name("pgplay")
    return list(client.search_runs([experiment.experiment_id]))


@pytest.mark.filterwarnings("default")
def test_every_step_comes_back_once_also_after_a_second_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    place = f"sqlite:///{tmp_path / 'runs.db'}"
    with RunStore.create(make_config({"target": "hi", "lr": 0.02}), "mine") as store:
        created = datetime.fromisoformat(store.created).timestamp()
        for step in range(1, STEPS + 1):
            record(store, step)
        for _ in range(2):
            assert main(["runs", "export", "mine", "--to", f"mlflow:{place}"]) == 0
    client = mlflow.MlflowClient(tracking_uri=place)
    (run,) = runs_of(client)
    assert (run.info.run_name, run.info.status, run.data.params["lr"]) == ("mine", "FINISHED", "0.02")
    history = client.get_metric_history(run.info.run_id, "train/reward")
    assert [(metric.step, metric.value) for metric in history] == [(step, step / STEPS) for step in range(1, STEPS + 1)]
    assert history[-1].timestamp == pytest.approx(1000 * (created + 1.5 * STEPS), abs=1)
    assert len(client.get_metric_history(run.info.run_id, "pgplay/measure:0.5_lcs")) == STEPS
    lines = Path(client.download_artifacts(run.info.run_id, "samples.jsonl", str(tmp_path))).read_text().splitlines()
    assert [json.loads(line)["text"] for line in lines] == [f"text {step}" for step in range(1, STEPS + 1)]


def test_a_server_that_is_down_is_reported_before_training(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    assert main(["train", "--target", "hi", "--track", "mlflow:http://127.0.0.1:1"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The tracker mlflow at http://127.0.0.1:1 does not answer: ")
