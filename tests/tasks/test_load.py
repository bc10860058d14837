from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.tasks.load import load_task
from pgplay.tasks.task import Pair


def test_without_a_task_the_target_is_the_task() -> None:
    task = load_task(make_config({"target": "good morning"}))
    assert task.training == (Pair("", "good morning"),)
    assert not task.has_prompts


def test_a_file_of_pairs_is_found_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "capitals.csv"
    path.write_text("prompt,target\nFrance,Paris\nJapan,Tokyo\n", encoding="utf-8")
    task = load_task(make_config({"task": str(path)}))
    assert task.name == "capitals"
    assert task.training == (Pair("France", "Paris"), Pair("Japan", "Tokyo"))


@given(st.integers(2, 64), st.floats(0.001, 0.999), st.integers(0, 100))
def test_held_out_prompts_are_never_trained_on(count: int, share: float, seed: int) -> None:
    settings = {"task": f"copy:length=3,count={count}", "seed": seed}
    whole = load_task(make_config(settings))
    task = load_task(make_config({**settings, "held_out": share}))
    assert task.training
    assert task.held_out
    assert abs(len(task.held_out) - share * count) <= 1
    assert sorted((*task.training, *task.held_out), key=lambda pair: pair.prompt) == sorted(
        whole.training, key=lambda pair: pair.prompt
    )
    assert task == load_task(make_config({**settings, "held_out": share}))


def test_one_prompt_cannot_be_split() -> None:
    with pytest.raises(InputError, match="held_out needs at least two prompts"):
        load_task(make_config({"held_out": 0.5}))


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("revers", "There is no task called 'revers'"),
        ("missing.csv", "There is no file missing.csv"),
        ("pairs.tsv", "There is no file pairs.tsv"),
    ],
)
def test_an_unknown_task_is_told(task: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        load_task(make_config({"task": task}))
    assert problem in caught.value.problem
