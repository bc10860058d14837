"""`pgplay sweep`: real workers that train two characters, and what is refused before any of them starts."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.experiments.sweep_list import in_no_sweep, list_sweeps
from pgplay.experiments.sweep_view import SweepReader
from pgplay.runs.summaries import list_runs


@pytest.mark.exhaustive
def test_each_row_is_trained_with_each_seed_and_one_that_fails_keeps_the_rest(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def reward(text, target, prompt):\n    raise ValueError('no good')\n")
    file = tmp_path / "sweep.toml"
    file.write_text('seeds = "3-4"\n[settings]\ntarget = "hi"\n[grid]\nreward = ["levenshtein", "broken.py"]\n')
    assert main(["sweep", str(file), "--set", "lr=0.01,0.02", "--yes", "--json"]) == 1
    printed = capsys.readouterr()
    record = json.loads(printed.out)
    assert [row["label"].split()[-1] for row in record["rows"]] == ["lr=0.01", "lr=0.02"] * 2
    assert [row["solved"] for row in record["rows"]] == [2, 2, 0, 0]
    assert [row["seeds"] for row in record["rows"]] == [2] * 4
    assert record["seeds"] == [3, 4]
    assert {run.name for run in list_runs()} >= set(record["runs"])
    assert [comparison["b"] for comparison in record["comparisons"]] == [row["label"] for row in record["rows"][1:]]
    assert "no good" in printed.err


@pytest.mark.exhaustive
def test_a_sweep_and_a_comparison_of_the_same_recipes_find_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shared = ["--target", "hi", "--seeds", "2", "--json"]
    figure = tmp_path / "figure.svg"
    assert main(["sweep", "--algorithm", "grpo", "--algorithm", "rloo", *shared, "--out", str(figure)]) == 0
    assert "algorithm=rloo needs" in figure.read_text()
    swept = json.loads(capsys.readouterr().out)
    assert main(["compare", "algorithm=grpo", "algorithm=rloo", *shared]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert {sweep.name for sweep in list_sweeps(list_runs())} == {swept["name"], compared["name"]}
    assert in_no_sweep(list_runs(), list_sweeps(list_runs())) == []
    assert main(["sweep", compared["name"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == compared
    assert swept["comparisons"] == compared["comparisons"]
    for a, b in zip(swept["rows"], compared["rows"], strict=True):
        assert {**a, "runs": []} == {**b, "runs": []}


@pytest.mark.exhaustive
def test_runs_from_a_saved_policy_are_recognised_as_the_sweeps(capsys: pytest.CaptureFixture[str]) -> None:
    short = ["--target", "hi", "--steps", "1", "--json"]
    assert main(["train", "--model", "gru-nano", "--save", "base", *short]) == 0
    capsys.readouterr()
    assert main(["sweep", "--warm-start", "base", "--set", "lr=0.01,0.02", "--seeds", "1", *short]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [seed.run for seed in SweepReader(record["name"]).look().seed_runs] == record["runs"]
    assert len(record["runs"]) == 2


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to one process")
def test_an_interrupted_sweep_resumes_to_the_same_results(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "--set", "lr=0.01,0.02", "--target=hi", "--model=gru-nano", "--until=never", "--steps=40"]
    words += ["--seeds", "1", "--jobs", "1", "--measure", "lcs", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pgplay", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    )
    while not any(run.steps > 10 for run in list_runs() if run.state != "finished"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    before = {run.name: run for run in list_runs()}
    assert len(before) == 1
    assert main([*words, "--resume"]) == 0
    resumed = json.loads(capsys.readouterr().out)
    assert set(before) <= set(resumed["runs"])
    assert len(list_runs()) == 2
    assert main([*words, "--resume"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == resumed["runs"]
    assert len(list_runs()) == 2
    assert main(words) == 0
    anew = json.loads(capsys.readouterr().out)
    assert not set(anew["runs"]) & set(resumed["runs"])
    assert anew["comparisons"] == resumed["comparisons"]
    for a, b in zip(anew["rows"], resumed["rows"], strict=True):
        assert {**a, "runs": []} == {**b, "runs": []}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "There is nothing to sweep"),
        (["--algorithm", "rloo"], "There is nothing to sweep"),
        (["--set", "lr"], "--set cannot be 'lr'."),
        (["--set", "lr=a,b"], "--set cannot be 'lr=a,b'."),
        (["--set", "lrr=1,2"], "There is no setting called 'lrr'."),
        (["--set", "seed=1,2"], "The seed is no part of the grid"),
        (["--set", "lr=0.01,0.02", "--lr", "0.1"], "lr is given twice."),
        (["--set", "lr=0.01,0.02", "--set", "lr=0.1"], "lr is given twice."),
        (["--set", "lr=0.01,0.01"], "describe the same run."),
        (["--set", "lr=0.01,0.02", "--seed", "1"], "--seed names one seed."),
        (
            ["--algorithm", "grpo", "--algorithm", "reinforce", "--set", "clip_low=0.1,0.2"],
            "The row algorithm=reinforce clip_low=0.1 cannot be trained: clip_low without a ratio has no effect.",
        ),
        (["--set", "lr_target=0.01,0.02"], "lr_target has no effect while lr_schedule is \"constant\"."),
        (["--set", "lr=0.01,0.02", "--until", "told-apart", "--seeds", "7"], "Telling apart takes at least 8 seeds."),
        (["--set", "lr=0.01,0.02", "--seeds", "1000"], "Train 2,000 runs? At about 5 s each,"),
        (["--reward", "prefix", "--reward", "suffix", "--rank-by", "reward_mean"], "on each one's own scale."),
        (["--set", "lr=0.01,0.02", "--out", "table.txt"], "--out cannot write a file that ends in 'txt'."),
        (["--set", "lr=0.01,0.02", "--out", "no-such-folder/table.md"], "no-such-folder"),
        (["no-such-file.toml"], "There is no file no-such-file.toml."),
        (["--set", "lr=0.01,0.02", "--track", "tensorbord"], "There is no tracker called 'tensorbord'."),
    ],
)
def test_mistakes_are_reported_before_anything_starts(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", *words]) == 2
    assert problem in capsys.readouterr().err
    assert list_runs() == []
    assert list_sweeps([]) == []


@pytest.mark.parametrize("axis", ["", "--reward=prefix"])
def test_python_that_a_file_names_is_asked_for_and_python_on_the_line_is_ones_own(
    axis: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("theirs.py").write_text("def reward(text):\n    return 0.0\n")
    Path("sweep.toml").write_text('[settings]\nmeasure = ["theirs.py"]\n[grid]\nlr = [0.01, 0.02]\n')
    assert main(["sweep", "sweep.toml", *([axis] if axis else [])]) == 2
    told = capsys.readouterr().err
    assert "def reward(text)" in told
    assert "Confirm with --yes." in told
    assert main(["sweep", "--set", "reward=theirs.py,prefix", "--rank-by", "reward_mean"]) == 2
    assert "on each one's own scale." in capsys.readouterr().err
    assert main(["sweep", "--set", 'measure=["theirs.py"],["lcs"]', "--rank-by", "prefix"]) == 2
    assert "There is no value to rank by called 'prefix'." in capsys.readouterr().err
    assert list_runs() == []


def test_options_override_a_files_values(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text('until = "told-apart"\nseeds = 7\nrank_by = "nothing"\n[grid]\nlr = [0.01, 0.02]\n')
    for words, problem in (
        ([], "Telling apart takes at least 8 seeds."),
        (["--seeds", "8"], "There is no value to rank by called 'nothing'."),
        (["--until", "solved"], "There is no value to rank by called 'nothing'."),
        (["--until", "solved", "--rank-by", "lcs"], "There is no value to rank by called 'lcs'."),
        (["--lr", "0.3"], "There is nothing to sweep"),
        (["--set", "lr=0.1,0.1", "--seeds", "9"], "describe the same run."),
    ):
        assert main(["sweep", str(file), *words]) == 2
        assert problem in capsys.readouterr().err


def test_a_grid_beyond_all_reason_is_refused_without_spanning_it(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ",".join(str(size) for size in range(2, 1002))
    words = [f"--set={name}={sizes}" for name in ("batch_size", "group_size", "steps", "max_length")]
    assert main(["sweep", *words, "--yes"]) == 2
    assert "The grid has 10,000,000,000,000 runs." in capsys.readouterr().err
