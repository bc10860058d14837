"""Metrics of real runs, one file each in tests/fixtures/metrics, to test findings with.

python -m tests.learning.recordings      trains them and writes the files
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config
from pgplay.learning.reports.peaks import MEASURE
from pgplay.learning.reports.signals import SIGNAL_METRICS
from tests.learning.helpers import begun

FOLDER = Path(__file__).parents[1] / "fixtures" / "metrics"
NEEDED = (*SIGNAL_METRICS, "reward_mean", "reward_min", "reward_max", "recoveries")
"""The metrics that findings use, besides measures."""

RUNS: dict[str, tuple[int, dict[str, Any]]] = {
    "no-entropy": (150, load_preset("no-entropy").settings),
    "hack-charset": (80, load_preset("hack-charset").settings),
    "subsequence-trap": (160, load_preset("subsequence-trap").settings),
    "reinforce": (150, load_preset("reinforce").settings),
    "hello": (60, {**load_preset("hello").settings, "until": "never"}),
    "exact": (150, {"target": "hello world", "reward": "exact"}),
    "contains": (150, {"target": "abc", "reward": "contains"}),
}
"""Steps and settings of each recorded run."""


def read_metrics(name: str) -> list[dict[str, float]]:
    """Return the metrics of the recorded run `name`, step by step."""
    columns = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    steps = max(len(values) for values in columns.values())
    return [
        {metric: values[step] for metric, values in columns.items() if values[step] is not None}
        for step in range(steps)
    ]


def record(name: str) -> None:
    """Train the run `name` and write its metrics, rounded to four digits, one metric per line."""
    steps, settings = RUNS[name]
    trainer = begun(make_config({**settings, "seed": 1}))
    rows = [trainer.step().metrics for _ in range(steps)]
    metrics = sorted({metric for row in rows for metric in row if metric in NEEDED or metric.startswith(MEASURE)})
    lines = (f"{json.dumps(metric)}: {json.dumps([_rounded(row.get(metric)) for row in rows])}" for metric in metrics)
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    for run in RUNS:
        record(run)
