"""Tasks of other packages: read once by their own process, kept as a file of pairs, named by its hash from then on."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.plan import read_plan
from pgplay.rewards.reward import build_reward, facts_of
from pgplay.tasks.load import read_task
from pgplay.tasks.outside import GYM_ENTRY, OutsideTask, outside_task
from pgplay.tasks.outside_pairs import have_read
from pgplay.tasks.outside_reader import read_outside
from pgplay.tasks.task import Pair, Task
from tests.tasks.loading import load_task

SUMS = "reasoning-gym:sums,count=40"
MIXED = "0.9*task + 0.1*length"
HAS_GYM = importlib.util.find_spec("reasoning_gym") is not None
HAS_DATA_SETS = importlib.util.find_spec("datasets") is not None


def read(task: str, *, download: bool = False) -> Task:
    outside = outside_task(task)
    assert outside is not None
    os.environ["HF_HUB_OFFLINE"] = "0"
    try:
        read_outside(outside, download=download)
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in ("reasoning_gym", "datasets")]:
            del sys.modules[name]
    return load_task(make_config({"task": task}))


def test_a_task_is_read_by_its_own_process_and_kept(packages: Path, home: Path) -> None:
    outside = outside_task(SUMS)
    assert outside is not None
    with pytest.raises(InputError, match="has not been read on this machine yet") as caught:
        read_task(SUMS)
    assert caught.value.field == "task"
    assert have_read(outside, download=False) == (40, 0, 40), "another seed makes the same sums here"
    assert "reasoning_gym" not in sys.modules
    assert outside.kept.is_relative_to(home)
    task = load_task(make_config({"task": SUMS}))
    assert (task.name, len(task.training), task.held_out) == ("sums", 40, ())
    assert (task.training[3].prompt, task.training[3].target) == ("3 plus 1", "4")
    assert json.loads(dict(task.training[3].columns)[GYM_ENTRY])["index"] == 3


def test_held_out_prompts_are_of_another_seed_unless_it_makes_hardly_new_ones(packages: Path) -> None:
    read(f"{SUMS},most=100000")
    task = load_task(make_config({"task": f"{SUMS},most=100000", "held_out": 0.2}))
    assert len(task.training) == 40
    assert [pair.prompt for pair in task.held_out] == [f"{number} plus 1" for number in range(30_000, 30_008)]
    read(f"{SUMS},most=20")
    task = load_task(make_config({"task": f"{SUMS},most=20", "held_out": 0.2}))
    assert (len(task.training), len(task.held_out)) == (16, 4)


def test_the_setting_of_a_run_names_exactly_its_pairs(packages: Path) -> None:
    read(SUMS)
    written = read_plan(make_config({"task": SUMS, "reward": "task"})).written
    assert written.task.startswith(f"{SUMS},sha256=")
    assert read_plan(make_config({"task": written.task})).written.task == written.task
    with pytest.raises(InputError, match="has other pairs here") as caught:
        read_task(f"{SUMS},sha256=0123456789abcdef")
    assert caught.value.field == "task"


def test_options_are_numbers_texts_and_lists(packages: Path) -> None:
    task = read("reasoning-gym:sums,count=2,seed=1,words=minus|less,most=20000")
    assert [pair.prompt for pair in task.training] == ["10000 minus 1", "10001 minus 1"]


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("reasoning-gym:summs", "There is no task of reasoning-gym called 'summs'."),
        ("reasoning-gym:sums,mosst=3", "There is no parameter of sums called 'mosst'."),
        ("reasoning-gym:sums,most=-3", "most must be positive"),
        ("reasoning-gym:sums,most", "The option 'most' has no value."),
        ("reasoning-gym:sums,most=1,most=2", "gives most twice"),
        ("reasoning-gym:sums,count=0", "count cannot be '0'"),
        ("reasoning-gym:sums,sha256=xyz", "sha256 cannot be 'xyz'"),
        ("reasoning-gym:", "reasoning-gym is given without a name"),
        ("dataset:org/cached,promt=question", "There is no parameter of dataset called 'promt'."),
        ("dataset:org/cached", "There is no column of org/cached called 'prompt'."),
        ("dataset:org/cached,prompt=question,target=answers", "There is no column of org/cached called 'answers'."),
        ("dataset:org/cached,prompt=question,split=tests", "There is no split of org/cached called 'tests'."),
        ("dataset:org/cached,prompt=question,config=broken", "BuilderConfig 'broken' not found"),
        ("dataset:org/cached,prompt=level", "has no pairs of texts"),
        ("dataset:org/name,prompt=question", "The data set org/name is not on this machine."),
        ("dataset:./missing.parquet", "There is no file"),
    ],
)
def test_what_a_source_does_not_have_is_said(task: str, problem: str, packages: Path) -> None:
    if "level" in task:
        (packages / "datasets" / "__init__.py").write_text(
            (packages / "datasets" / "__init__.py").read_text().replace('"level": number', '"level": ""')
        )
    with pytest.raises(InputError) as caught:
        read(task)
    assert problem in caught.value.problem
    assert caught.value.field == "task"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("org/unknown", "There is no data set org/unknown"), ("org/unreachable", "The Hugging Face Hub cannot be")],
)
def test_a_download_that_fails_says_why(name: str, problem: str, packages: Path) -> None:
    with pytest.raises(InputError, match=problem):
        read(f"dataset:{name},prompt=question", download=True)


def test_a_data_set_keeps_the_first_row_of_each_prompt_all_answers_and_plain_columns(packages: Path) -> None:
    spec = "dataset:org/cached,prompt=question,target=answer.text,held_out_split=test,count=8"
    task = read(spec)
    assert [pair.prompt for pair in task.training] == ["q0", "q2", "q4", "q6"]
    assert task.training[0] == Pair("q0", "a0", ("yes",), (("level", 0), ("answer.text", '["a0", "yes"]')))
    held_out = load_task(make_config({"task": spec, "held_out": 0.9})).held_out
    assert [pair.prompt for pair in held_out] == ["tq0", "tq2", "tq4"]
    assert read("dataset:org/other,prompt=question", download=True).training[0] == Pair(
        "q0", "", (), (("level", 0),)
    ), "without targets only the reward judges"


def test_a_file_on_this_machine_is_read_again_once_it_has_changed(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.jsonl"
    file.write_text('{"prompt": "a", "target": "b"}\n')
    assert read("dataset:./mine.jsonl").training == (Pair("a", "b"),)
    file.write_text('{"prompt": "a", "target": "changed"}\n')
    with pytest.raises(InputError, match="has not been read"):
        read_task("dataset:./mine.jsonl")


def test_a_missing_package_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reasoning_gym.py").write_text("raise ImportError('no such package')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "reasoning_gym", raising=False)
    outside = outside_task(SUMS)
    assert isinstance(outside, OutsideTask)
    with pytest.raises(InputError) as caught:
        read_outside(outside, download=True)
    assert "reasoning-gym is needed" in caught.value.problem
    assert caught.value.remedy == "Install it: pip install reasoning-gym"


def test_the_reward_task_is_the_tasks_own_scoring(packages: Path) -> None:
    task = read(SUMS)
    scoring = importlib.import_module("pgplay.rewards.python.gym_scoring")
    try:
        (_, column) = next(value for value in task.training[3].columns if value[0] == GYM_ENTRY)
        scores = [scoring.own_score(text, "4", "3 plus 1", column) for text in ("4", "5", "four")]
        assert scores == [1.0, 0.25, 0.0], "an answer that the scoring cannot read is wrong"
        with pytest.raises(RuntimeError, match="not the version that read the task"):
            scoring.own_score("4", "4", "3 plus one", column)
    finally:
        del sys.modules["pgplay.rewards.python.gym_scoring"]


def test_only_a_task_with_its_own_scoring_has_the_reward_task(packages: Path) -> None:
    read(SUMS)
    assert ("note.own_scoring", {}) in read_plan(make_config({"task": SUMS})).notes
    assert ("note.own_scoring", {}) not in read_plan(make_config({"task": SUMS, "reward": "task"})).notes
    for settings in ({"task": "reverse:length=2"}, {"target": "abc"}):
        with pytest.raises(InputError, match="this one has none") as caught:
            read_plan(make_config({**settings, "reward": "task"}))
        assert caught.value.field == "reward"


@pytest.mark.parametrize("settings", [{"reward": MIXED}, {"measure": ["lcs", MIXED]}])
def test_only_such_a_task_has_it_in_a_formula_or_a_measure(settings: Mapping[str, Any], packages: Path) -> None:
    read(SUMS)
    assert ("note.own_scoring", {}) not in read_plan(make_config({"task": SUMS, **settings})).notes
    with pytest.raises(InputError, match="this one has none") as caught:
        read_plan(make_config({"task": "reverse:length=2", **settings}))
    assert caught.value.field == next(iter(settings))


def test_the_own_scoring_takes_no_arguments() -> None:
    assert facts_of(MIXED).range == (0.0, 1.0)
    for spec, problem in (("task(3)", "task"), ('task("a")', "task"), ("taks", "There is no reward called 'taks'")):
        with pytest.raises(InputError, match=re.escape(problem)):
            facts_of(spec)


@pytest.mark.skipif(not HAS_GYM, reason="needs reasoning-gym")
def test_the_real_reasoning_gym_makes_prompts_and_scores_answers() -> None:
    spec = "reasoning-gym:chain_sum,min_terms=2,max_terms=2,max_digits=3,count=30"
    outside = outside_task(spec)
    assert outside is not None
    assert have_read(outside, download=False).pairs > 25
    pair = load_task(make_config({"task": spec, "held_out": 0.2})).held_out[0]
    with build_reward("task") as reward, build_reward(MIXED) as mixed:
        assert reward.score_pairs([pair.target, "no number"], [pair, pair]).values == [1.0, 0.0]
        scores = mixed.score_pairs([pair.target, "no number"], [pair, pair])
        assert scores.values == pytest.approx([1.0, 0.1 * scores.parts["length"][1]])
        assert scores.parts["task"] == [1.0, 0.0]
        with pytest.raises(InputError, match="knows only that task's prompts"):
            mixed.score_alike([pair.target], pair.target, pair.prompt)


@pytest.mark.skipif(not HAS_DATA_SETS, reason="needs datasets")
def test_the_real_datasets_reads_a_file_of_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("question,answer,level\nq0,a0,1\nq1,a1,2\n")
    spec = f"dataset:{file},prompt=question,target=answer"
    outside = outside_task(spec)
    assert outside is not None
    assert have_read(outside, download=False) == (2, 0, 0)
    task = load_task(make_config({"task": spec}))
    assert [(pair.prompt, pair.target) for pair in task.training] == [("q0", "a0"), ("q1", "a1")]
    with pytest.raises(InputError, match="There is no column"):
        have_read(outside_task(f"dataset:{file},prompt=questions") or outside, download=False)
