"""`--track`: a process of its own follows the run's store, and its death or the trainer's touches nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from pgplay.cli import main
from pgplay.config.run_config import make_config
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.store import RunStore
from pgplay.trackers.following import follow_run
from tests.trackers.logs import read_back, scalars

PATIENCE = 120.0  # seconds, on a busy machine
TRAIN = ("train", "--target", "hi", "--batch-size", "8", "--until", "never")


def steps_in(folder: Path) -> list[int]:
    return [step for step, _ in scalars(read_back(folder), "train/reward")]


def tracker_of(trainer: subprocess.Popen[str], logs: Path) -> psutil.Process:
    """The process that follows the run of `trainer`, as soon as it has begun to write."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and trainer.poll() is None:
        for process in psutil.Process(trainer.pid).children():
            if "pgplay.trackers" in process.cmdline() and list(logs.glob("*/events*")):
                return process
        time.sleep(0.01)
    raise AssertionError("there is no tracker")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def trainer(logs: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "pgplay", *TRAIN, "--steps", "200", "--track", f"tensorboard:{logs}", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
        process.kill()


class Recorder:
    """A tracker that keeps the steps."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.sampled: list[int] = []

    def log(self, step: int, metrics: Mapping[str, float], seconds: float) -> None:
        self.steps.append(step)

    def show_samples(self, step: int, samples: Sequence[Sample], seconds: float) -> None:
        self.sampled.append(step)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_every_step_that_was_stored_before_the_end_is_written() -> None:
    recorder, ended = Recorder(), threading.Event()
    with RunStore.create(make_config({}), "mine") as store, DatabaseReader.open("mine") as reader:
        follower = threading.Thread(target=follow_run, args=(reader, recorder, ended))
        follower.start()
        for step in range(1, 3001):
            samples = (Sample("greedy", "", "hi", "hi", 1.0, step, True, ("h", "i")),)
            store.record(StepReport(step, 0.1 * step, step, {"reward_mean": 0.5}, samples, False))
        ended.set()
        follower.join(PATIENCE)
        assert recorder.steps == list(range(1, 3001))
        assert recorder.sampled == reader.sampled_steps()


@pytest.mark.exhaustive
def test_a_tracked_run_trains_to_its_end_and_all_its_steps_are_written(
    trainer: subprocess.Popen[str], logs: Path
) -> None:
    tracker = tracker_of(trainer, logs)
    printed, told = trainer.communicate(timeout=PATIENCE)
    assert trainer.returncode == 0, told
    assert f"To look at it: tensorboard --logdir {logs}" in told
    tracker.wait(PATIENCE)
    assert steps_in(logs / json.loads(printed)["run"]) == list(range(1, 201))


@pytest.mark.exhaustive
def test_a_killed_tracker_does_not_touch_training(trainer: subprocess.Popen[str], logs: Path) -> None:
    tracker_of(trainer, logs).kill()
    printed, told = trainer.communicate(timeout=PATIENCE)
    assert trainer.returncode == 0, told
    assert json.loads(printed)["steps"] == 200
    (failure,) = (line for line in told.splitlines() if line.startswith("The tracker failed: "))
    assert "SIGKILL" in failure
    assert failure.endswith(f"--to tensorboard:{logs}")


@pytest.mark.exhaustive
def test_a_killed_trainer_leaves_a_tracker_that_writes_the_rest_and_ends(
    trainer: subprocess.Popen[str], logs: Path, home: Path
) -> None:
    tracker = tracker_of(trainer, logs)
    trainer.kill()
    trainer.wait(PATIENCE)
    tracker.wait(PATIENCE)
    (folder,) = logs.iterdir()
    with DatabaseReader.open(folder.name) as run:
        stored = [step for step, _ in run.each_row()]
    log = read_back(folder)
    assert ([step for step, _ in scalars(log, "train/reward")] if stored else []) == stored
    assert log.Tensors("recipe")


@pytest.mark.exhaustive
def test_a_resumed_run_is_tracked_from_its_first_step(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TRAIN, "--steps", "3", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    command = ["train", "--resume", run, "--steps", "200", "--track", f"tensorboard:{logs}"]
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-m", "pgplay", *command], stdout=pipe, stderr=pipe, text=True) as trainer:
        tracker = tracker_of(trainer, logs)
        trainer.communicate(timeout=PATIENCE)
    tracker.wait(PATIENCE)
    assert steps_in(logs / run) == list(range(1, 201))


def test_what_cannot_be_tracked_is_refused_before_training(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*TRAIN, "--track", "tensorbord"]) == 2
    assert "Did you mean 'tensorboard'?" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert main([*TRAIN, "--track", f"tensorboard:{tmp_path / 'file'}"]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main([*TRAIN, "--track", "tensorboard"]) == 2
    assert "Install it: pip install tensorboard" in capsys.readouterr().err
    assert not list(home.glob("runs/*"))


@pytest.mark.exhaustive
def test_every_run_of_a_sweep_is_written(logs: Path) -> None:
    small = ("--target", "hi", "--batch-size", "8", "--steps", "4", "--until", "never", "--set", "lr=0.01,0.03")
    command = [sys.executable, "-m", "pgplay", "sweep", *small, "--seeds", "1", "--track", f"tensorboard:{logs}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [steps_in(folder) for folder in logs.iterdir()] == [[1, 2, 3, 4], [1, 2, 3, 4]]
