"""A step's report as the trainer makes it, and a disk that is soon full, for tests of what is kept."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pgplay.learning.reports.step_report import Sample, StepReport


@pytest.fixture
def make_report() -> Callable[..., StepReport]:
    def make(step: int, reward: float | None = 0.5, solved: bool = False) -> StepReport:
        metrics = {"reward_mean": reward, "entropy": 0.1 * step} if reward is not None else {"entropy": 0.1 * step}
        sample = Sample("greedy", "", f"text {step}", "hello world", 0.25, step, True, tuple(f"text {step}"))
        return StepReport(step, 0.1 * step, 64, metrics, (sample,), solved)

    return make


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets us mount no disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
