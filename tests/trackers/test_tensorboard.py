"""A run exported to TensorBoard, read back by TensorBoard's own reader."""

from __future__ import annotations

import errno
import math
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.config.recipe import to_recipe
from pgplay.config.run_config import make_config
from pgplay.learning.reports.metrics import METRICS
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.runs.store import RunStore
from pgplay.trackers.metric_names import NAMES_IN_TRL, named_for_trackers
from tests.trackers.logs import read_back, scalars, texts

CONFIG = make_config({"target": "a|b", "algorithm": "rloo", "seed": 7})
STEPS = 30


def record(store: RunStore, step: int) -> None:
    metrics = {"reward_mean": step / STEPS, "stop_rate": 0.75, "greedy_reward": 0.5, "part:my/own": 0.25}
    if step % 2:
        metrics["kl_reference"] = 1 / step
    greedy = Sample("greedy", "", f"*{step}*\n", "a|b", 0.25, step, True, ("*",))
    store.record(StepReport(step, 1.5 * step, step * 64, metrics, (greedy,), False))


@pytest.fixture
def created() -> float:
    with RunStore.create(CONFIG, "mine") as store:
        for step in range(1, STEPS + 1):
            record(store, step)
        return datetime.fromisoformat(store.created).timestamp()


def test_every_step_comes_back_with_its_value_and_wall_time(created: float, tmp_path: Path) -> None:
    assert main(["runs", "export", "mine", "--to", f"tensorboard:{tmp_path / 'logs'}"]) == 0
    log = read_back(tmp_path / "logs" / "mine")
    assert [step for step, _ in scalars(log, "train/reward")] == list(range(1, STEPS + 1))
    for event in log.Scalars("train/reward"):
        assert event.value == pytest.approx(event.step / STEPS)
        assert event.wall_time == pytest.approx(created + 1.5 * event.step)
    assert scalars(log, "train/kl") == [(step, pytest.approx(1 / step)) for step in range(1, STEPS + 1, 2)]
    assert scalars(log, "train/completions/clipped_ratio") == [(step, 0.25) for step in range(1, STEPS + 1)]
    assert scalars(log, "train/rewards/my/own/mean")[0] == (1, 0.25)
    assert scalars(log, "pgplay/greedy_reward")[-1] == (STEPS, 0.5)


def test_the_recipe_and_the_samples_come_back_as_text_that_markdown_leaves_alone(
    created: float, tmp_path: Path
) -> None:
    main(["runs", "export", "mine", "--to", f"tensorboard:{tmp_path}"])
    log = read_back(tmp_path / "mine")
    ((recipe,),) = texts(log, "recipe").values()
    assert recipe.replace("\\", "") == to_recipe(CONFIG)
    ((command,),) = texts(log, "command").values()
    assert command.startswith("pgplay train")
    head, row = texts(log, "samples")[STEPS]
    assert head == ["sample", "reward", "prompt", "completion", "target"]
    assert row == ["greedy", "0\\.25", "", f"\\*{STEPS}\\*↵", "a\\|b"]


def test_a_run_that_is_exported_again_replaces_its_values(created: float, tmp_path: Path) -> None:
    words = ["runs", "export", "mine", "--to", f"tensorboard:{tmp_path}"]
    (tmp_path / "mine").mkdir()
    other = tmp_path / "mine" / "events.out.tfevents.0.other"
    other.touch()
    assert main(words) == 0
    with RunStore.open("mine") as store:
        store.rewind(10)
        record(store, 11)
    assert main(words) == 0
    log = read_back(tmp_path / "mine")
    assert [step for step, _ in scalars(log, "train/reward")] == list(range(1, 12))
    assert len(log.Tensors("recipe")) == 1
    assert other.exists()


def test_an_export_loads_neither_torch_nor_tensorflow(created: float, tmp_path: Path) -> None:
    program = (
        "import sys; from pgplay.cli import main\n"
        f"main(['runs', 'export', 'mine', '--to', {f'tensorboard:{tmp_path}'!r}])\n"
        "print([name for name in ('torch', 'tensorflow', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert list((tmp_path / "mine").iterdir())


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_wrong_trackers_and_places_are_refused_in_plain_lines(
    created: float, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(*words: str) -> str:
        assert main(["runs", "export", "mine", "--to", *words]) != 0
        return capsys.readouterr().err

    assert "Did you mean 'tensorboard'?" in refusal("tensorbord")
    file = tmp_path / "file"
    file.touch()
    assert str(file) in refusal(f"tensorboard:{file}")
    with monkeypatch.context() as disk:
        disk.setattr("pgplay.trackers.copying.copy_steps", full_disk)
        assert refusal(f"tensorboard:{tmp_path}").splitlines()[-1] == (
            "The tracker tensorboard refused to write: [Errno 28] No space left on device"
        )
    assert "Drop FILE" in refusal("tensorboard", "--format", "csv")
    assert len(refusal(f"tensorboard:{file}").splitlines()) <= 2
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refusal("tensorboard").splitlines() == [
        "The tracker tensorboard needs the package tensorboard, which is not installed.",
        "Install it: pip install tensorboard",
    ]


def test_every_translated_metric_exists_and_no_two_share_a_name() -> None:
    assert set(NAMES_IN_TRL) <= set(METRICS)
    named = named_for_trackers(dict.fromkeys(METRICS, 0.5))
    assert len(named) == len(METRICS) + 1
    assert all(math.isfinite(value) for value in named.values())
