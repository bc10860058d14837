"""Training from Python: the command line's numbers, functions as rewards, and what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pgplay
from pgplay.cli import main
from pgplay.errors import InputError, RewardError
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.worker.session.session import Session

pytestmark = pytest.mark.usefixtures("without_pandas")

SMALL: dict[str, Any] = {"model": "gru-nano", "batch_size": 16, "seed": 3, "steps": 6, "threads": 1}
TIMES = ("seconds_sample", "seconds_score", "seconds_learn")


def matches(text: str, target: str) -> float:
    return sum(one == other for one, other in zip(text, target, strict=False)) / max(1, len(text), len(target))


def rows(run: str) -> list[tuple[int, dict[str, float]]]:
    """The metrics of each step of `run`, without the times."""
    with DatabaseReader.open(run) as reader:
        return [
            (step, {name: value for name, value in metrics.items() if name not in TIMES})
            for step, metrics in reader.rows()
        ]


def test_a_run_has_the_numbers_of_the_command_line(home: Path) -> None:
    run = pgplay.train("abc", **SMALL)
    words = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    assert main(["train", "--target", "abc", *words]) == 0
    (other,) = {folder.name for folder in (home / "runs").iterdir() if folder.is_dir()} - {run.name}
    assert rows(run.name) == rows(other)
    assert run.steps == 6
    assert run.state == "finished"
    assert not run.solved
    assert run.metrics["step"] == [1, 2, 3, 4, 5, 6]
    assert run.metrics["reward_mean"] == [metrics["reward_mean"] for _, metrics in rows(other)]


def test_a_function_trains_as_the_same_function_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "def reward(text, target):\n"
        "    return sum(a == b for a, b in zip(text, target)) / max(1, len(text), len(target))\n"
    )
    assert rows(pgplay.train("abc", reward=matches, **SMALL).name) == rows(
        pgplay.train("abc", reward=str(file), **SMALL).name
    )


def test_measures_may_be_functions_beside_formulas() -> None:
    run = pgplay.train("abc", measure=["exact", matches], **SMALL)
    measured = [name for name in run.metrics if name.startswith("measure:")]
    assert len(measured) == 2
    assert any("matches" in name for name in measured)


def test_each_step_is_reported() -> None:
    reports: list[StepReport] = []
    run = pgplay.train("abc", on_step=reports.append, **SMALL)
    assert [report.step for report in reports] == [1, 2, 3, 4, 5, 6]
    assert reports[-1].metrics["reward_mean"] == run.metrics["reward_mean"][-1]


def test_an_interrupted_run_is_returned_and_resumes_with_the_functions_source() -> None:
    def interrupt(report: StepReport) -> None:
        if report.step == 3:
            raise KeyboardInterrupt

    run = pgplay.train("abc", reward=matches, on_step=interrupt, **SMALL)
    assert (run.state, run.steps) == ("paused", 3)
    session = Session.resume(run.name)
    for _ in range(3):
        session.step()
    session.close("finished")
    assert rows(run.name) == rows(pgplay.train("abc", reward=matches, **SMALL).name)


def test_a_stop_within_the_function_is_the_persons() -> None:
    calls = []

    def stopped(text: str) -> float:
        calls.append(text)
        if len(calls) > 40:
            raise KeyboardInterrupt
        return 0.5

    run = pgplay.train("abc", reward=stopped, **SMALL)
    assert run.state == "paused"


def test_a_function_that_fails_ends_the_run_which_is_kept(home: Path) -> None:
    def fails(text: str) -> float:
        return 1 / 0

    with pytest.raises(RewardError, match=r"ZeroDivisionError.*1 / 0"):
        pgplay.train("abc", reward=fails, name="broken", **SMALL)
    assert pgplay.TrainedRun("broken").state == "failed"
    assert "1 / 0" in (home / "runs" / "broken" / "worker.log").read_text()


@pytest.mark.parametrize(
    ("reward", "problem"),
    [
        (lambda: 1.0, "cannot take a text"),
        (lambda text: "much", "much"),
        (lambda text: float("nan"), "nan"),
        (lambda text, solution: 1.0, "solution"),
        (lambda texts: [1.0], "1"),
    ],
)
def test_a_function_that_is_no_reward_is_refused_by_its_name(reward: Any, problem: str) -> None:
    with pytest.raises(RewardError, match=problem):
        pgplay.train("abc", reward=reward, **SMALL)


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="Two functions are called reward"):
        pgplay.train("abc", reward=lambda text: 1.0, measure=lambda text: 0.0, **SMALL)


def test_unknown_settings_are_refused_with_the_nearest(home: Path) -> None:
    with pytest.raises(InputError, match="batch_size"):
        pgplay.train("abc", batchsize=3)
    assert not (home / "runs").exists()


def test_python_that_came_with_a_preset_does_not_run_unasked(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text("def reward(text):\n    raise SystemExit\n")
    preset = tmp_path / "theirs.toml"
    preset.write_text('title = "T"\nteaches = "t"\n[settings]\ntarget = "abc"\nreward = "theirs.py"\n')
    with pytest.raises(InputError, match="was not allowed to run"):
        pgplay.train(preset=str(preset), **SMALL)


def test_a_preset_is_overridden_by_settings() -> None:
    run = pgplay.train(preset="hello", **SMALL)
    assert run.config.target != ""
    assert run.config.model == "gru-nano"
    assert "seed=3" in run.recipe


def test_a_run_is_drawn_and_exported(home: Path) -> None:
    run = pgplay.train("abc", **SMALL)
    assert run.plot("reward_mean").svg.startswith("<svg")
    assert run.plot()._repr_svg_() == run.plot().svg
    assert run.export(home / "run.csv").read_text().startswith("step,")
    with pytest.raises(InputError, match="metric"):
        run.plot("rewardmean")
    assert run.samples()


def test_a_reward_is_probed() -> None:
    probed = pgplay.probe(matches, "abc", model="gru-nano")
    assert probed.verdict.kind == "learnable"
    assert "matches" in str(probed)


@pytest.mark.exhaustive
def test_a_run_in_a_worker_has_the_same_numbers_and_a_saved_policy() -> None:
    reports: list[StepReport] = []
    there = pgplay.train(
        "abc", reward=matches, name="there", save="mine", in_worker=True, on_step=reports.append, **SMALL
    )
    here = pgplay.train("abc", reward=matches, **SMALL)
    assert there.name == "there"
    assert there.state == here.state == "finished"
    assert rows(there.name) == rows(here.name)
    assert reports[-1].step == 6
    assert pgplay.TextPolicy.load("mine").sample(n=3, seed=1) == here.policy.sample(n=3, seed=1)


@pytest.mark.exhaustive
def test_what_fails_in_a_worker_is_raised_here() -> None:
    with pytest.raises(InputError, match="is not known"):
        pgplay.train("abc", reward=eval("lambda text, target: 1.0"), in_worker=True, **SMALL)
    with pytest.raises(InputError) as refused:
        pgplay.train("abc", in_worker=True, save="spaces are/refused", **SMALL)
    assert "name" in str(refused.value)
    with pytest.raises(RewardError) as failed:
        pgplay.train("abc", reward=fails_later, in_worker=True, **SMALL)
    assert "too late" in str(failed.value)


def fails_later(text: str, target: str) -> float:
    fails_later.calls = getattr(fails_later, "calls", 0) + 1  # type: ignore[attr-defined]
    if fails_later.calls > 40:  # type: ignore[attr-defined]
        raise ValueError("too late")
    return 1.0


def test_a_resumed_run_goes_on_as_if_it_had_not_ended(home: Path) -> None:
    whole = pgplay.train("abc", **SMALL)
    run = pgplay.train("abc", **{**SMALL, "steps": 3})
    assert pgplay.resume(run.name, steps=6).name == run.name
    assert rows(run.name) == rows(whole.name)


def test_a_resumed_run_changes_what_may_change() -> None:
    run = pgplay.train("abc", **{**SMALL, "steps": 3})
    pgplay.resume(run.name, steps=5, reward=matches, save="mine")
    assert run.steps == 5
    assert pgplay.TextPolicy.load("mine").sample(n=2, seed=1) == run.policy.sample(n=2, seed=1)
    branch = pgplay.resume(run.name, at=5, steps=7)
    assert (branch.name != run.name, branch.steps, run.steps) == (True, 7, 5)
    with pytest.raises(InputError, match="cannot be changed"):
        pgplay.resume(run.name, model="gru-small")
    assert run.state == "finished"
