"""A training of TRL as a run of pgplay: what is recorded, what is refused, and that nothing here breaks a training."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pgplay.cli import main
from pgplay.config.run_config import make_config
from pgplay.experiments.stored import StoredRuns, run_key
from pgplay.learning.reports.step_report import Sample
from pgplay.runs.branches import branch_run
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.summaries import list_runs
from pgplay.trackers.metric_names import NAMES_IN_TRL, TRL_PREFIX, metrics_of_trl, named_for_trackers
from pgplay.trl.callback import TrlCallback
from tests.pretrained.models import model_folder
from tests.trl.fake_trainer import FakeTrainer, overlap


def states() -> dict[str, str]:
    return {run.name: run.state for run in list_runs()}


def rows_of(name: str) -> dict[int, dict[str, float]]:
    with DatabaseReader.open(name) as run:
        return dict(run.rows())


def samples_of(name: str, step: int) -> dict[str, Sample]:
    with DatabaseReader.open(name) as run:
        return {sample.role: sample for sample in run.samples(step)}


def test_names_of_metrics_lead_there_and_back() -> None:
    metrics = dict.fromkeys([*NAMES_IN_TRL, "stop_rate", "part:length", "trl:step_time"], 0.25)
    named = named_for_trackers(metrics)
    logged = {name.removeprefix(TRL_PREFIX): value for name, value in named.items() if name.startswith(TRL_PREFIX)}
    assert metrics_of_trl(logged) == metrics
    assert metrics_of_trl({"rewards/style/mean": 1, "text": "x", "nan": float("nan"), "yes": True}, {"style"}) == {
        "measure:style": 1.0
    }


def test_a_run_grows_while_trl_trains_and_ends_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    trainer = FakeTrainer()
    trainer.begin(TrlCallback(trainer, name="mine", start=">"), steps=2)
    trainer.step(reward=0.625, grad_norm=3.0, step_time=9.0)
    trainer.event("on_log", logs={"eval_reward": 0.75})
    assert (states(), rows_of("mine")) == ({"mine": "training"}, {})
    trainer.step(texts=None)
    assert states() == {"mine": "training"}
    first = rows_of("mine")[1]
    assert first.items() >= {
        "reward_mean": 0.625, "reward_max": 1.0, "reward_min": 0.0, "tied_groups": 0.0, "kl_reference": 0.25,
        "lr": 1e-3, "entropy": 2.0, "gradient_norm": 3.0, "loss": 0.5, "stop_rate": 0.5, "characters": 24.0,
        "length": 6.0, "unique_completions": 4.0, "trl:step_time": 9.0, "trl:eval_reward": 0.75,
    }.items()  # fmt: skip
    trainer.event("on_log", logs={"train_runtime": 3.0, "total_flos": 1.0})
    trainer.event("on_train_end")
    assert trainer.reward_funcs == [overlap]
    second = rows_of("mine")[2]
    assert (second["reward_mean"], second["reward_max"]) == (0.625, 1.0)  # of the completions that it trains on
    assert not {"characters", "trl:train_runtime"} & second.keys()
    samples = samples_of("mine", 1)
    top, middle = samples["top"], samples["middle"]
    assert (samples["best"].text, top.prompt, top.target, top.columns) == ("abc", "a", "abc", (("level", 1),))
    assert (top.finished, samples["bottom"].finished, middle.step) == (True, False, 1)
    (run,) = list_runs()
    assert (run.state, run.message, run.trainer[:3], run.steps) == ("finished", "2 steps done", "TRL", 2)
    settings = {"algorithm": "dapo", "batch_size": 4, "group_size": 2, "kl": 0.1, "model": "org/small", "seed": 5}
    assert run.settings.items() >= settings.items()
    told = capsys.readouterr().err
    assert "pgplay watch mine" in told
    assert told.count("\n") == 1


def test_weights_missing_scores_and_async_functions_count_as_in_trl() -> None:
    async def style(completions: Sequence[str], **_: Any) -> list[float | None]:
        return [None if text.startswith("q") else 1.0 for text in completions]

    def seen(completions: Sequence[str], **_: Any) -> list[float]:
        return [5.0] * len(completions)

    trainer = FakeTrainer([overlap, style, seen], reward_weights=[2.0, 0.5, 0.0])
    trainer.train(TrlCallback(trainer, name="mine"), 1, **{"rewards/seen/mean": 5.0, "rewards/style/mean": 1.0})
    row = rows_of("mine")[1]
    assert (row["reward_max"], row["reward_min"]) == (2.5, 0.0)
    assert (row["measure:seen"], row["part:style"]) == (5.0, 1.0)
    assert trainer.returned[1] == [1.0, 1.0, 1.0, None]
    with DatabaseReader.open("mine") as run:
        assert run.config.reward == "2*overlap + 0.5*style"


def test_completions_of_an_evaluation_are_not_those_of_a_step() -> None:
    trainer = FakeTrainer()
    trainer.begin(TrlCallback(trainer, name="mine"), steps=1)
    trainer.model.training = False
    trainer.score(["abc"] * 4)
    trainer.model.training = True
    trainer.step()
    trainer.event("on_train_end")
    assert rows_of("mine")[1]["unique_completions"] == 4


def test_a_finding_is_stored_when_it_appears(capsys: pytest.CaptureFixture[str]) -> None:
    trainer = FakeTrainer([lambda completions, **_: [0.5] * len(completions)])
    trainer.train(TrlCallback(trainer, name="mine"), 65, **{"sampling/sampling_logp_difference/mean": 0.1})
    with DatabaseReader.open("mine") as run:
        assert [(event.step, event.kind) for event in run.events()] == [(60, "finding")]
        assert run.events()[0].words.startswith("No signal")
    assert main(["runs", "show", "mine"]) == 0
    assert "No signal" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        *(("train", "--resume", "mine"), ("train", "--resume", "mine", "--at", "1")),
        *(("trl", "export", "mine", "out"), ("compare", "mine", "hello", "--seeds", "2")),
    ],
    ids=" ".join,
)
def test_pgplay_neither_resumes_nor_branches_it(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    trainer = FakeTrainer()
    trainer.train(TrlCallback(trainer, name="mine"), 1)
    assert main(list(command)) == 2
    assert "is trained by TRL" in capsys.readouterr().err


def test_a_run_that_trl_trains_now_is_refused_by_name_of_its_trainer(capsys: pytest.CaptureFixture[str]) -> None:
    trainer = FakeTrainer()
    trainer.begin(TrlCallback(trainer, name="mine"), steps=1)
    assert main(["train", "--resume", "mine"]) == 2
    assert "is trained by TRL" in capsys.readouterr().err
    assert main(["runs", "delete", "mine", "--yes"]) == 2


def test_it_is_no_run_of_an_experiment() -> None:
    trainer = FakeTrainer()
    trainer.train(TrlCallback(trainer, name="mine"), 1)
    (run,) = list_runs()
    assert StoredRuns([run], "", takes_others=True).run_of(run_key(run.settings), has_python=False) is None
    with pytest.raises(Exception, match="is trained by TRL"):
        branch_run("mine", 1)


def test_lists_and_exports_say_whose_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = FakeTrainer()
    trainer.train(TrlCallback(trainer, name="mine"), 3, reward=0.5)
    assert main(["runs"]) == 0
    assert "trained by TRL" in capsys.readouterr().out
    assert main(["runs", "show", "mine"]) == 0
    shown = capsys.readouterr().out
    assert "pgplay train" not in shown
    assert "trainer" in shown
    page = tmp_path / "mine.html"
    assert main(["runs", "export", "mine", str(page)]) == 0
    assert "trained by" in page.read_text()
    assert "pgplay train" not in page.read_text()


def test_a_training_goes_on_where_nothing_can_be_recorded(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = FakeTrainer()
    trainer.begin(TrlCallback(trainer, name="mine"), steps=3)
    trainer.step()
    shutil.rmtree(home / "runs/mine")
    for _ in range(3):
        trainer.step()
    trainer.event("on_train_end")
    assert trainer.returned == [overlap(["abc", "abq", "xyz.....", "q......."], ["abc"] * 2 + ["xyz"] * 2)] * 4
    told = capsys.readouterr().err.splitlines()[1:]
    assert len(told) == 1
    assert "the training goes on" in told[0]
    assert "is gone" in told[0]


def test_a_taken_name_is_told_and_the_run_gets_another(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("mine", "mine", "mine", "a/b"):
        trainer = FakeTrainer()
        trainer.train(TrlCallback(trainer, name=name), 1)
    assert {"mine", "mine-2", "mine-3"} < states().keys()
    assert len(states()) == 4
    assert "called 'mine'" in capsys.readouterr().err


def test_a_run_that_was_killed_is_interrupted_and_goes_on_where_trl_resumes() -> None:
    killed = FakeTrainer()
    callback = TrlCallback(killed, name="mine")
    killed.begin(callback, steps=9)
    for _ in range(4):
        killed.step()
    assert callback._recorder is not None
    callback._recorder.store.close()  # as the system does with the process
    assert states() == {"mine": "interrupted"}
    trainer = FakeTrainer()
    trainer.begin(TrlCallback(trainer, name="mine"), steps=9, first=2)
    trainer.step(texts=None)
    trainer.event("on_train_end")
    assert list(rows_of("mine")) == [1, 2, 3]
    assert states() == {"mine": "finished"}


def test_only_the_first_process_records_and_a_rare_log_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    other = FakeTrainer(logging_steps=10)
    other.state.is_world_process_zero = False
    other.train(TrlCallback(other), 1)
    assert states() == {}
    trainer = FakeTrainer(logging_steps=10)
    trainer.train(TrlCallback(trainer, name="mine"), 1)
    assert "logs every 10 steps" in capsys.readouterr().err


def test_without_its_trainer_and_with_a_reward_model_there_are_metrics_only(capsys: pytest.CaptureFixture[str]) -> None:
    class RewardModel:
        def parameters(self) -> list[object]:
            return []

        def __call__(self, **_: Any) -> list[float]:
            return [1.0] * 4

    trainer = FakeTrainer([overlap, RewardModel()])
    trainer.train(TrlCallback(name="without"), 1, reward=0.5)
    trainer.train(TrlCallback(trainer, name="model"), 1, reward=0.5)
    for name in ("without", "model"):
        assert rows_of(name)[1]["reward_mean"] == 0.5
        assert not samples_of(name, 1)
    assert "a reward is a model" in capsys.readouterr().err


def test_settings_that_pgplay_lacks_are_left_out() -> None:
    trainer = FakeTrainer(learning_rate=7.0, num_generations=3, max_completion_length=None, loss_type="bnpo")
    trainer.train(TrlCallback(trainer, name="mine"), 1)
    with DatabaseReader.open("mine") as run:
        assert run.config.lr is None
        assert run.config.algorithm == make_config({}).algorithm
        assert (run.config.max_length, run.config.temperature) == (None, 0.7)


SCRIPT = """
import pgplay, sys
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer
config = GRPOConfig(output_dir=sys.argv[2], max_steps=2, per_device_train_batch_size=4, num_generations=2, use_cpu=True,
    max_completion_length=4, logging_steps=1, bf16=False, gradient_checkpointing=False, report_to="none")
rows = [{"prompt": letter, "target": letter} for letter in "abcd"]
reward = pgplay.TrlReward("levenshtein")
trainer = GRPOTrainer(sys.argv[1], [reward], config, Dataset.from_list(rows))
trainer.add_callback(pgplay.TrlCallback(trainer, name="mine"))
trainer.train()
"""


@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="trl is not installed")
def test_a_real_trainer_is_recorded(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, model_folder("llama"), str(tmp_path / "out")]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert states() == {"mine": "finished"}
    rows = rows_of("mine")
    assert list(rows) == [1, 2]
    assert rows[2].keys() >= {"reward_mean", "reward_max", "entropy", "loss", "lr", "gradient_norm", "stop_rate"}
    assert samples_of("mine", 2)["top"].target
