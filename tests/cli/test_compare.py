"""`pgplay compare`: real workers that train two characters, and what is refused before any of them starts."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.config.recipe import from_recipe
from pgplay.config.run_config import make_config
from pgplay.experiments.recipes import read_seeds
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs


@pytest.mark.exhaustive
def test_each_recipe_is_trained_with_each_seed_and_stored(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "algorithm=rloo", "algorithm=rloo until=never steps=3", "--target", "hi", "--seeds", "4,5"]
    assert main([*words, "--json"]) == 0
    solving, ending = json.loads(capsys.readouterr().out)["recipes"]
    assert (solving["solved"], solving["seeds"], ending["solved"]) == (2, 2, 0)
    assert solving["differs"] == "steps=2000 until=solved"
    steps = [run["steps"] for run in solving["runs"]]
    assert solving["median_steps"] == sum(steps) / 2
    assert solving["median_completions"] == 64 * solving["median_steps"]
    assert ending["median_steps"] == 3
    assert [run["seed"] for run in solving["runs"]] == [4, 5]
    for recipe in (solving, ending):
        for run in recipe["runs"]:
            with RunStore.open(run["run"]) as store:
                assert store.state == run["state"]
                assert store.progress().steps == run["steps"]
                assert store.config == make_config({"seed": run["seed"]}, from_recipe(recipe["recipe"]))


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("5", [0, 1, 2, 3, 4]),
        ("1", [0]),
        ("0-4", [0, 1, 2, 3, 4]),
        ("7-7", [7]),
        ("0,3,7", [0, 3, 7]),
        (" 9, 2 - 4 ", [9, 2, 3, 4]),
    ],
)
def test_seeds_are_a_count_a_range_or_a_list(text: str, seeds: list[int]) -> None:
    assert read_seeds(text) == seeds


@pytest.mark.exhaustive
def test_the_same_seed_takes_the_same_steps_as_train_and_a_failing_reward_is_reported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["train", "--target", "hi", "--seed", "1", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    broken = tmp_path / "broken.py"
    broken.write_text("def reward(text, target, prompt):\n    raise ValueError('no good')\n")
    assert main(["compare", alone["run"], f"target=hi reward={broken}", "--seeds", "1-1"]) == 1
    printed = capsys.readouterr()
    row = next(line for line in printed.out.splitlines() if line.startswith(alone["run"]))
    assert row.split()[1:5] == ["1", "of", "1", str(alone["steps"])]
    assert "1 of 2 runs failed." in printed.out
    assert "no good" in printed.err


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to one process")
def test_an_interruption_keeps_every_run_and_only_ended_runs_count() -> None:
    words = ["compare", "until=never target=hi model=gru-nano", "--steps", "1000000", "--seeds", "0,1", "--jobs", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pgplay", *words, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    while not any(run.steps > 50 for run in list_runs()):  # by then the first runs have been reported
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    printed, told = process.communicate(timeout=60)
    assert process.returncode == 130
    record = json.loads(printed)
    assert f"pgplay sweep {record['name']}" in told
    (recipe,) = record["recipes"]
    assert (recipe["seeds"], recipe["median_steps"]) == (0, None)
    assert [run["state"] for run in recipe["runs"]] == ["interrupted", "not started"]
    (run,) = list_runs()
    assert (run.name, run.state) == (recipe["runs"][0]["run"], "paused")
    assert run.checkpoint_step == run.steps >= recipe["runs"][0]["steps"] > 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["algorithm=rloo", "algorithm=rloo"], "The recipes 1 and 2 describe the same run."),
        (["helo"], "There is no preset or run called 'helo'."),
        (["hello", "--seeds", "0,x"], "--seeds cannot be '0,x'."),
        (["hello", "--seeds", "1,1"], "--seeds names a seed twice: 1,1."),
        (["hello", "--seeds", "0-4,2"], "--seeds names a seed twice: 0-4,2."),
        (["hello", "--seeds", "4-0"], "--seeds cannot be '4-0'."),
        (["hello", "--seeds", "0"], "--seeds cannot be '0'."),
        (["hello", "--seeds", "2000000000"], "--seeds cannot be '2000000000'."),
        (["hello", "--seed", "1"], "--seed names one seed."),
        (["algorithm=grop"], "grop"),
        (["hello", "haiku", "--until", "told-apart", "--seeds", "7"], "Telling apart takes at least 8 seeds."),
        (["hello", "--jobs", "0"], "--jobs cannot be '0'."),
        (["hello", "haiku", "--seeds", "200"], "Train 400 runs? At about 5 s each,"),
        (["hello", "--rank-by", "lcss"], "There is no value to rank by called 'lcss'."),
        (["hello", "--out", "table.txt"], "--out cannot write a file that ends in 'txt'."),
    ],
)
def test_mistakes_are_reported_before_anything_starts(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *words]) == 2
    assert problem in capsys.readouterr().err
    assert list_runs() == []
