"""What a config names on a disk is read once, by value; checking and planning then open none of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.plan import make_plan
from pgplay.tasks.inputs import Inputs, read_inputs
from pgplay.tasks.task import Pair, Task


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    pairs, lines = tmp_path / "pairs.csv", tmp_path / "lines.txt"
    pairs.write_text("prompt,target\na,b\nc,d\n")
    lines.write_text("one line\n\nanother line\n")
    return str(pairs), str(lines)


def test_a_plan_is_made_of_its_inputs_alone(files: tuple[str, str]) -> None:
    task, warm_text = files
    config = make_config({"task": task, "warm_text": warm_text, "warm_start": "10"})
    inputs = read_inputs(task, warm_text)
    for file in files:
        os.remove(file)
    plan = make_plan(config, inputs)
    assert plan.task.training == (Pair("a", "b"), Pair("c", "d"))
    assert plan.warm_lines == ("one line", "another line")


@pytest.mark.parametrize("settings", [{"target": "hello"}, {"task": "reverse:length=3"}])
def test_a_target_and_a_generator_need_no_inputs(settings: dict[str, str]) -> None:
    assert read_inputs(settings.get("task", ""), "") == Inputs()
    assert make_plan(make_config(settings), Inputs()).task.training


def test_a_stored_runs_own_task_is_taken_as_it_is(files: tuple[str, str]) -> None:
    own = Task("pairs", (Pair("x", "y"),))
    assert make_plan(make_config({"task": files[0]}), Inputs(own)).task is own


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (lambda: read_inputs("missing.csv", ""), "task"),
        (lambda: read_inputs("revers", ""), "task"),
        (lambda: read_inputs("~nobody9/x.csv", ""), "task"),
        (lambda: read_inputs("", "missing.txt"), "warm_text"),
        (lambda: read_inputs("", "englsh"), "warm_text"),
    ],
)
def test_what_cannot_be_read_names_its_setting(read: Callable[[], Inputs], field: str) -> None:
    with pytest.raises(InputError) as caught:
        read()
    assert caught.value.field == field
