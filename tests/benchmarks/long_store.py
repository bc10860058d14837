"""A stored run of a million steps, made without training, and the cost of reading it.

    python -m tests.benchmarks.long_store [STEPS]

Prints seconds and peak memory of each export, each in a process of its own, in the folder PGPLAY_HOME.
"""

from __future__ import annotations

import math
import resource
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.export.formats import RUN_FORMATS
from pgplay.learning.reports.step_report import Sample, Trace
from pgplay.paths import runs_folder
from pgplay.runs.store import RunStore, keeps_samples

METRICS = ("reward_mean", "reward_min", "reward_max", "greedy_reward", "entropy", "cross_entropy", "gradient_norm",
           "kl_reference", *(f"measure:{number}" for number in range(22)))  # fmt: skip


def make_run(name: str, steps: int) -> None:
    """Store a run of `steps` steps with 30 metrics, as a worker would have left it."""
    with RunStore.create(RunConfig(), name) as store:
        store.finish("finished", ("ending.steps", {"steps": steps}))
        folder = store.folder
    database = sqlite3.connect(folder / "run.sqlite")
    database.execute("INSERT INTO names VALUES (1, ?)", (msgspec.json.encode(METRICS).decode(),))
    database.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, 1, ?, NULL)", _steps(steps))
    database.executemany("INSERT INTO samples VALUES (?, ?)", _samples(steps))
    database.executemany("INSERT INTO details VALUES (?, 'trace', ?)", _traces(steps))
    database.commit()
    database.close()


def _steps(count: int) -> Iterator[tuple[object, ...]]:
    pack = struct.Struct(f"<{len(METRICS)}d").pack
    for step in range(1, count + 1):
        reward = 1 - math.exp(-step / count * 5) + 0.1 * math.sin(step)
        rest = (reward / (place + 2) for place in range(len(METRICS) - 1))
        yield step, step / 50, step * 64, False, reward, pack(reward, *rest)


def _samples(count: int) -> Iterator[tuple[int, bytes]]:
    for step in filter(lambda step: keeps_samples(step, solved=False), range(1, count + 1)):
        text = f"text of step {step}"
        yield step, msgspec.json.encode((Sample("greedy", "", text, "hello world", 0.25, step, True, tuple(text)),))


def _traces(count: int) -> Iterator[tuple[int, bytes]]:
    for step in filter(lambda step: keeps_samples(step, solved=False), range(1, count + 1)):
        yield step, msgspec.json.encode(Trace((0.5,) * 12, 0.0, 1.0, (step % 7,) * 16))


def main() -> None:
    """Make the run if it is missing, and export it in every format."""
    name, steps = "long", int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if not (runs_folder() / name).exists():
        make_run(name, steps)
    with tempfile.TemporaryDirectory() as folder:
        for wanted in RUN_FORMATS:
            began = time.perf_counter()
            command = [sys.executable, "-m", "pgplay", "runs", "export", name, str(Path(folder) / f"run.{wanted}")]
            subprocess.run(command, check=True)
            seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            print(f"{wanted:5}  {seconds:6.1f} s  at most {peak / 1024:,.0f} MB so far")


if __name__ == "__main__":
    main()
