"""Real processes on a real Ray, and what their runs left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil

from pgplay.config.run_config import RunConfig
from pgplay.runs.checkpoint_files import read_checkpoint
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.names import find_run
from pgplay.runs.summaries import RunSummary, list_runs

HANGING = 600.0
"""Seconds after which something hangs: on a busy machine Ray takes a minute to start, and as long to begin a run."""
MARK = "PGPLAY_TEST_MARK"
"""A variable of the environment that all processes of a test inherit."""

Process = subprocess.Popen[str]


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes that inherited `mark`, but for this one."""
    processes = []
    for process in psutil.process_iter():
        try:
            has_mark = process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if has_mark and process.pid != os.getpid():
            processes.append(process)
    return processes


def start(module: str, *words: str) -> Process:
    command = [sys.executable, "-m", module, *words]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )


def addresses_of(cluster: Process) -> list[str]:
    """Return the addresses of the `cluster` of `tests.cluster.two_nodes`, once it has started."""
    assert cluster.stdout is not None
    line = cluster.stdout.readline()
    assert line, cluster.communicate()
    return line.split()


def wait_until(is_true: Callable[[], object], process: Process) -> None:
    """Wait until `is_true`, while `process` runs."""
    give_up = time.monotonic() + HANGING
    while not is_true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up, "it hangs"
        time.sleep(0.02)


def finished(process: Process) -> tuple[dict[str, Any], str]:
    """Return the JSON and the errors that `process` prints until it ends."""
    out, errors = process.communicate(timeout=HANGING)
    return (json.loads(out) if out else {}), errors


def numbers(run: RunSummary) -> tuple[object, ...]:
    """Return all that the machine's speed does not change of a stored run."""
    folder = find_run(run.name)
    with DatabaseReader(folder) as store:
        rows = [
            (step, {name: value for name, value in metrics.items() if not name.startswith("seconds_")})
            for step, metrics in store.each_row()
        ]
        samples = [store.samples(step) for step in store.sampled_steps()]
        return rows, samples, read_checkpoint(folder, "last").tensors, store.state, store.message, store.scorers()


def all_numbers() -> dict[tuple[str, int], tuple[object, ...]]:
    """Return the numbers of every stored run, by its reward and its seed."""
    return {(reward_of(run), run.seed): numbers(run) for run in list_runs()}


def reward_of(run: RunSummary) -> str:
    return str(run.settings.get("reward", RunConfig().reward))
