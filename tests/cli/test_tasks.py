"""`pgplay tasks`: lists what there is, and reads tasks of other packages; train reads one by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.learning.plan import read_plan
from pgplay.runs.store import RunStore
from tests.tasks.packages import write_packages

SMALL = ("--model", "gru-nano", "--batch-size", "8", "--steps", "1", "--json")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(write_packages(tmp_path / "packages")))


def test_the_list_names_generators_and_shipped_data_sets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--json"]) == 0
    rows = {row["name"]: row["parameters"] for row in json.loads(capsys.readouterr().out)}
    assert rows["reverse"] == ["length", "alphabet", "count"]
    assert "assistant" in rows


@pytest.mark.exhaustive
def test_train_reads_a_task_once_and_its_run_names_the_pairs(
    packages: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "--task", "reasoning-gym:sums,count=8,most=8", *SMALL]
    assert main(words) == 0
    first = capsys.readouterr()
    assert "Reading reasoning-gym:sums,count=8,most=8, once…" in first.err
    assert "8 prompts; left out: 8 rows" in first.err
    recipe = json.loads(first.out)["recipe"]
    assert "sha256=" in recipe
    with RunStore.open(json.loads(first.out)["run"]) as store:
        assert f"task={store.config.task} " in recipe
        assert len(read_plan(store.config).task.training) == 8


def test_a_data_set_is_downloaded_only_after_a_yes(packages: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "add", "dataset:org/cached,prompt=question"]) == 0
    assert capsys.readouterr().out.startswith("dataset:org/cached,prompt=question,sha256=")
    assert main(["tasks", "add", "--local", "dataset:org/name,prompt=question"]) == 2
    assert "The data set org/name is not on this machine." in capsys.readouterr().err
    assert main(["tasks", "add", "reverse"]) == 2
    assert "'reverse' is no task of another package." in capsys.readouterr().err


def test_show_says_whether_a_task_was_read(packages: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "show", "reasoning-gym:sums", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "sums", "task": "reasoning-gym:sums", "here": False, "size": None,
    }  # fmt: skip
