"""Stored sweeps on the command line: one line in the list, shown, exported, renamed and deleted as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.runs.summaries import list_runs
from tests.experiments.stored_sweeps import store_seed, store_sweep

Captured = pytest.CaptureFixture[str]


def test_a_sweep_is_one_line_of_the_list_and_the_json_names_it_at_each_run(capsys: Captured) -> None:
    sweep = store_sweep()
    run = store_seed(sweep, 0, 0)
    assert main(["runs"]) == 0
    listed = capsys.readouterr().out
    assert sweep.name in listed
    assert "2 rows" in listed
    assert run not in listed
    assert main(["runs", "list", "--json"]) == 0
    assert [(each["name"], each["sweep"]) for each in json.loads(capsys.readouterr().out)] == [(run, sweep.name)]


def test_a_sweep_is_shown_and_exported_from_what_is_stored(capsys: Captured, tmp_path: Path) -> None:
    sweep = store_sweep()
    for row in (0, 1):
        store_seed(sweep, row, 0, steps=2 + 2 * row)
    assert main(["runs", "show", sweep.name]) == 0
    shown = capsys.readouterr().out
    assert "2 of 6" in shown
    assert "Few seeds: algorithm=rloo needs 2 times the completions of algorithm=grpo" in shown
    assert main(["runs", "show", sweep.name, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["name"], record["state"], len(record["rows"])) == (sweep.name, "interrupted", 2)
    figure = tmp_path / "figure.svg"
    assert main(["runs", "export", sweep.name, str(figure)]) == 0
    assert "algorithm=rloo" in figure.read_text()
    assert main(["runs", "export", sweep.name]) == 2
    assert "Give a FILE" in capsys.readouterr().err


def test_a_sweep_is_renamed_noted_and_deleted_with_its_runs(capsys: Captured) -> None:
    sweep = store_sweep()
    store_seed(sweep, 0, 0)
    assert main(["runs", "rename", sweep.name, "rewards"]) == 0
    assert main(["runs", "note", "rewards", "for the talk"]) == 0
    assert main(["runs"]) == 0
    assert "for the" in capsys.readouterr().out
    assert main(["runs", "delete", "rewards"]) == 2
    assert "Delete rewards with all data, of 1 run in a sweep too?" in capsys.readouterr().err
    assert main(["runs", "delete", "rewards", "--yes"]) == 0
    assert list_runs() == []


def test_a_stored_sweep_has_its_own_grid(capsys: Captured) -> None:
    sweep = store_sweep()
    for option in (["--set", "lr=0.1,0.2"], ["--algorithm", "grpo"], ["--lr", "0.1"], ["--preset", "hello"]):
        assert main(["sweep", sweep.name, *option]) == 2
        assert "has its own grid" in capsys.readouterr().err
    with sweep.claimed():
        assert main(["sweep", sweep.name]) == 2
    assert "is being trained" in capsys.readouterr().err


@pytest.mark.exhaustive
def test_its_name_continues_a_sweep(capsys: Captured) -> None:
    sweep = store_sweep(seeds=[0])
    run = store_seed(sweep, 0, 0)
    assert main(["sweep", sweep.name, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert run in record["runs"]
    assert len(record["runs"]) == 2
    assert {each.sweep for each in list_runs()} == {sweep.plan.identity}
