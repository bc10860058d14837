"""Tasks of other packages are read where a run needs them: by sweeps, comparisons, probes, and from Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pgplay
from pgplay.cli import main
from pgplay.errors import InputError
from pgplay.experiments.sweep_view import SweepReader
from pgplay.tasks import outside_pairs
from pgplay.tasks.load import read_task

SUMS = "reasoning-gym:sums,count=40"
FAR = "dataset:org/far"
SHORT = ["--steps", "1", "--model", "gru-nano", "--batch-size", "8", "--group-size", "4"]


def is_read(task: str) -> bool:
    try:
        return read_task(task) is not None
    except InputError:
        return False


@pytest.mark.exhaustive
def test_a_sweep_reads_the_task_and_recognises_its_runs(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "--task", SUMS, "--set", "lr=0.01,0.02", "--seeds", "1", *SHORT, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert "sha256=" in record["rows"][0]["recipe"]
    view = SweepReader(record["name"]).look()
    assert [seed.run for seed in view.seed_runs] == record["runs"]
    assert view.ended == 2


@pytest.mark.parametrize("words", [["compare", "task={}"], ["sweep", "--task={}", "--set=lr=0.01,0.02"]])
def test_sweeps_and_comparisons_read_a_task_and_ask_before_a_download(
    words: list[str], packages: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*(word.format(SUMS) for word in words), "--rank-by", "nothing"]) == 2
    assert "to rank by" in capsys.readouterr().err
    assert is_read(SUMS)
    monkeypatch.setattr(outside_pairs, "data_set_size", lambda task: 12_000_000)
    assert main([word.format(FAR) for word in words]) == 2
    assert "12 MB" in capsys.readouterr().err
    assert not is_read(FAR)


def test_from_python_it_is_read_from_this_machine_and_a_download_is_left_to_its_command(packages: Path) -> None:
    run = pgplay.train(task=SUMS, steps=1, model="gru-nano", batch_size=8, group_size=4)
    assert is_read(SUMS)
    assert len(run.metrics["reward_mean"]) == 1
    for call in (pgplay.train, lambda **settings: pgplay.sweep({"lr": [0.01, 0.02]}, **settings)):
        with pytest.raises(InputError, match=f"pgplay tasks add '{FAR}'"):
            call(task=FAR, steps=1)
